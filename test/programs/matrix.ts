/** The README's matrix: made of what the last runs found, never by hand. */
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

const [opening, closing] = ['<!-- npm run programs -->', '<!-- end of programs -->'];

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

/** The part between the markers. */
export function matrixOf(programs: readonly Facts[], results: readonly Result[], absent: readonly Absent[]): string {
  const rows = programs.filter((program) => results.some((result) => isSameRun(program, result))).map(row);
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const missing = absent.map(({ name, tried }) => `- ${name}: ${tried}`);
  const text = [line(heading), rule, ...rows.map(line), ...(missing.length > 0 ? ['', 'Not tried here:', '', ...missing] : [])];
  return `\n\n${text.join('\n')}\n\n`;
}

/** The README with this matrix between its markers. */
export function readmeWith(readme: string, matrix: string): string {
  const [start, end] = [readme.indexOf(opening), readme.indexOf(closing)];
  if (start < 0 || end < start) throw new Error(`README.md has no ${opening} … ${closing}`);
  return readme.slice(0, start + opening.length) + matrix + readme.slice(end);
}
