/** What `npm run bench` prints: one row a figure, with the goal that it has. */
import type { Measured } from './closed-loop.ts';
import { ratioOf, type Row } from './interleaved.ts';

export interface Figure {
  readonly key: string;
  /** Ours beside theirs, greater is better. */
  readonly ratio: number;
  readonly ours: string;
  readonly theirs: string;
  readonly goal: number;
  /** The least and the greatest ratio of a round. */
  readonly spread?: readonly [number, number];
}

/** As many digits as are significant. */
export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3));

const units: Readonly<Record<keyof Measured, string>> = { perSecond: '/s', p50Ms: ' ms', p99Ms: ' ms', cpuMsEach: ' ms' };
const names: Readonly<Record<keyof Measured, string>> = { perSecond: '', p50Ms: '', p99Ms: ', p99', cpuMsEach: ', CPU' };

function figure(group: string, row: Row, field: keyof Measured, goal: number): Figure {
  const shown = (value: Measured): string => `${digits(value[field])}${units[field]}`;
  return {
    key: `${group}: ${row.key}${field === row.ratioOf ? '' : names[field]}`,
    ratio: ratioOf(field, row),
    ours: shown(row.ours),
    theirs: shown(row.theirs),
    goal,
    ...(field === row.ratioOf ? { spread: row.spread } : {}),
  };
}

/** The row's own figure, its slowest hundredth, and the server's processor time. */
export function figuresOf(group: string, row: Row, goal: number): readonly Figure[] {
  const fields = [...new Set<keyof Measured>([row.ratioOf, 'p99Ms', 'cpuMsEach'])];
  return fields.map((field) => figure(group, row, field, field === row.ratioOf ? goal : 1));
}

export const tableHeading = ['figure', 'ratio', 'goal', 'rounds', 'ours', 'theirs'];

export function tableRow({ key, ratio, ours, theirs, goal, spread }: Figure): readonly string[] {
  const rounds = spread === undefined ? '' : spread.map((value) => value.toFixed(2)).join(' … ');
  return [key, `${ratio.toFixed(2)}${ratio < goal ? '' : ' ✓'}`, `≥ ${goal}`, rounds, ours, theirs];
}

/** By figure, with two digits after the point. */
export const ratiosOf = (figures: readonly Figure[]): Readonly<Record<string, number>> =>
  Object.fromEntries(figures.map(({ key, ratio }) => [key, Number(ratio.toFixed(2))]));
