/** A stage of a run, as data: a program, or files for Node's test runner. */
interface Named {
  readonly name: string;
  /** The stage is ended, and has failed, after so many minutes. Default: an hour. */
  readonly minutesMax?: number;
}

export interface ProgramStage extends Named {
  /** `node` and the programs in node_modules/.bin are found; paths are relative to the project's root. */
  readonly command: readonly string[];
  /** What the table shows of its output: what it counted. */
  readonly shows?: (output: string) => string;
}

export interface TestStage extends Named {
  /** Patterns of test files. */
  readonly files: readonly string[];
  /** No test may take longer. It ends a test that hangs; no test is expected to come near. */
  readonly timeoutMs: number;
  /** Test files at a time. All of them in one process, one after the other: 'together'. */
  readonly atOnce: number | 'together';
}

export type Stage = ProgramStage | TestStage;

/** The last text that the pattern finds. */
export const lastOf =
  (pattern: RegExp) =>
  (output: string): string =>
    [...output.matchAll(pattern)].at(-1)?.[0] ?? '';

/** The sum of what the pattern's first group finds, and a word for it. */
export const sumOf =
  (pattern: RegExp, unit: string) =>
  (output: string): string =>
    `${[...output.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0)} ${unit}`;
