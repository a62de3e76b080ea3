/** The files of the matrix: what the last runs found, what cannot be tried, and the README that shows both. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs } from './all.ts';
import { matrixOf, readmeWith, type Absent, type Result } from './matrix.ts';

const readmeFile = join(import.meta.dirname, '../../README.md');
const resultsFile = join(import.meta.dirname, 'results.json');
const absentFile = join(import.meta.dirname, 'absent.json');

export const readResults = (): readonly Result[] => JSON.parse(readFileSync(resultsFile, 'utf8'));
const readAbsent = (): readonly Absent[] => JSON.parse(readFileSync(absentFile, 'utf8'));

export const readme = (): string => readFileSync(readmeFile, 'utf8');
export const readmeOf = (results: readonly Result[]): string => readmeWith(readme(), matrixOf(programs, results, readAbsent()));

export function writeMatrix(results: readonly Result[]): void {
  // As the formatter would have it.
  const quoted = (texts: readonly string[]): string => texts.map((text) => JSON.stringify(text)).join(', ');
  const lines = results.map(({ name, versions }) => `  { "name": ${quoted([name])}, "versions": [${quoted(versions)}] }`);
  writeFileSync(resultsFile, lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`);
  writeFileSync(readmeFile, readmeOf(results));
}
