/** What a stage of test files reported, and whether all of them did: a file whose process ended early counts as failed. */
import type { ReportLine } from './count-reporter.ts';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface Report extends Counts {
  /** Files of which no test was reported. */
  readonly missing: readonly string[];
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

export const sumOfCounts = (all: readonly Counts[]): Counts =>
  all.reduce(
    (sum, { passed, failed, skipped }) => ({ passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped }),
    noCounts,
  );

const linesOf = (text: string): readonly ReportLine[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReportLine);

/** The tests that have begun and not ended, as `file: name`. The last line of `text` may be cut off. */
export function runningTests(text: string): readonly string[] {
  const running = new Map<string, number>();
  for (const { file = '', began, ended } of linesOf(text.slice(0, text.lastIndexOf('\n') + 1))) {
    const change = began === undefined ? -1 : 1;
    const key = `${file}: ${began ?? ended}`;
    if (began !== undefined || ended !== undefined) running.set(key, (running.get(key) ?? 0) + change);
  }
  return [...running].filter(([, count]) => count > 0).map(([key]) => key);
}

/**
 * `text`: what count-reporter.ts wrote. `files`: those that were to run, as absolute paths. `definers`: the files whose tests a
 * file runs, besides its own; where files share a process, only a test's own place is reported.
 */
export function reportOf(text: string, files: readonly string[], definers: (file: string) => readonly string[] = () => []): Report {
  const lines = linesOf(text);
  const whole = lines.findLast(({ file, summary }) => summary !== undefined && file === undefined)?.summary;
  const reported = new Set(lines.filter(({ began, ended }) => began === undefined && ended === undefined).map(({ file }) => file));
  const missing = whole === undefined ? files : files.filter((file) => ![file, ...definers(file)].some((definer) => reported.has(definer)));
  if (whole === undefined) return { ...noCounts, missing };
  const { tests, passed, skipped, todo } = whole;
  // What was cancelled has failed.
  return { passed, failed: tests - passed - skipped - todo, skipped: skipped + todo, missing };
}
