/** The README's matrix: made of what the last runs found, never by hand. */
import { markdownTable, withBlock } from '../support/markdown.ts';
import type { Program } from './program.ts';

/** A program that was installed, used and removed. One that failed, or was not run, has none. */
export interface Result {
  readonly name: string;
  readonly versions: readonly string[];
}

/** What cannot be had or built here, and what was tried. */
export interface Absent {
  readonly name: string;
  readonly tried: string;
}

type Facts = Pick<Program, 'name' | 'versions' | 'proves' | 'controllers'>;

const isSameRun = (program: Facts, result: Result): boolean =>
  result.name === program.name && result.versions.join() === program.versions.join();

/** The results after a run: those of programs that it tried are replaced. In the order of the programs. */
export function mergedResults(
  programs: readonly Facts[],
  before: readonly Result[],
  run: { readonly tried: readonly string[]; readonly passed: readonly Result[] },
): readonly Result[] {
  const kept = before.filter(({ name }) => !run.tried.includes(name));
  return programs.flatMap((program) => [...kept, ...run.passed].filter((result) => isSameRun(program, result)));
}

function row({ name, versions, proves, controllers }: Facts): readonly string[] {
  const upgrade = versions.length > 1 ? versions.slice(0, -1).join(', ') : '';
  const without = controllers.length > 0 ? 'fails' : 'has none';
  return [`[${name}](test/programs/${name})`, versions.at(-1) ?? '', upgrade, proves, without];
}

const heading = ['program', 'version', 'upgraded from', 'what it did', 'without its controller'];

/** The lines between the markers. */
export function matrixOf(programs: readonly Facts[], results: readonly Result[], absent: readonly Absent[]): readonly string[] {
  const rows = programs.filter((program) => results.some((result) => isSameRun(program, result))).map(row);
  const missing = absent.map(({ name, tried }) => `- ${name}: ${tried}`);
  return [...markdownTable([heading, ...rows]), ...(missing.length > 0 ? ['', 'Not tried here:', '', ...missing] : [])];
}

/** The README with this matrix between its markers. */
export const readmeWith = (readme: string, matrix: readonly string[]): string =>
  withBlock(readme, ['npm run programs', 'end of programs'], matrix);
