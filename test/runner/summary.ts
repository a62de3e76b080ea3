/** What a run came to: a table of its stages, and one closing line that programs can read. */
import { sumOfCounts } from './report.ts';
import type { StageResult } from './run-stages.ts';

export function tableOf(results: readonly StageResult[]): string {
  const rows = [
    ['STAGE', 'RESULT', 'SECONDS', 'COUNTS'],
    ...results.map(({ name, ok, seconds, shown }) => [name, ok ? 'passed' : 'FAILED', seconds.toFixed(0), shown]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = ([name = '', result = '', seconds = '', shown = '']: readonly string[]): string =>
    `${name.padEnd(widths[0] ?? 0)}  ${result.padEnd(widths[1] ?? 0)}  ${seconds.padStart(widths[2] ?? 0)}  ${shown}`.trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** Programs that are no test files count as one test each. */
export function closingLine(results: readonly StageResult[]): string {
  const { passed, failed } = sumOfCounts(results);
  return `${passed} passed, ${failed} failed\n`;
}

/** Prints both, and returns the exit code. */
export function conclude(results: readonly StageResult[]): number {
  process.stdout.write(`\n${tableOf(results)}\n${closingLine(results)}`);
  return results.every(({ ok }) => ok) ? 0 : 1;
}
