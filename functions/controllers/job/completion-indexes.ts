/** Indexes of an indexed Job as ordered intervals, and as the text of its status: `0,2-5`. Source: pkg/controller/job/indexed_job_utils.go. */
import type { Pod } from '../../kube/generated/types.ts';
import { annotationsOf } from '../../kube/object.ts';

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

export interface Interval {
  readonly first: number;
  readonly last: number;
}

export type Indexes = readonly Interval[];

/** What is no number is left out; indexes that the Job no longer has are cut off. */
export function parseIndexes(text: string, completions: number): Indexes {
  const intervals = text.split(',').flatMap((part): Interval[] => {
    const [first = NaN, last = first] = part.split('-').map((limit) => (/^\d+$/.test(limit) ? Number(limit) : NaN));
    if (Number.isNaN(first) || Number.isNaN(last) || first >= completions) return [];
    return [{ first, last: Math.min(last, completions - 1) }];
  });
  return merged(intervals, []);
}

export function merged(some: Indexes, others: Indexes): Indexes {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of [...some, ...others].sort((a, b) => a.first - b.first)) {
    const previous = result.at(-1);
    if (previous === undefined || first > previous.last + 1) result.push({ first, last });
    else previous.last = Math.max(previous.last, last);
  }
  return result;
}

export const intervalsOf = (indexes: Iterable<number>): Indexes =>
  merged(
    [...indexes].map((index) => ({ first: index, last: index })),
    [],
  );

export const indexCount = (indexes: Indexes): number => indexes.reduce((sum, { first, last }) => sum + last - first + 1, 0);

export const hasIndex = (indexes: Indexes, index: number): boolean => indexes.some(({ first, last }) => first <= index && index <= last);

/** Two neighbours are written as two numbers, more as a range. */
export const indexesText = (indexes: Indexes): string =>
  indexes.map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`)).join(',');

/** The lowest `count` indexes below `completions` that are not in `taken`. */
export function firstFreeIndexes(taken: Indexes, count: number, completions: number): number[] {
  const result: number[] = [];
  let candidate = 0;
  for (const { first, last } of [...taken, { first: completions, last: completions }]) {
    for (; candidate < Math.min(first, completions) && result.length < count; candidate += 1) result.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  return result;
}

/** How many of `wanted` are in `indexes`. */
export function countOfBoth(wanted: Indexes, indexes: Indexes): number {
  let count = 0;
  for (const a of wanted) for (const b of indexes) count += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
  return count;
}

/** undefined: the pod has no index, or none that is a number. */
export function completionIndexOf(pod: Pod): number | undefined {
  const text = annotationsOf(pod)[indexAnnotation];
  return text !== undefined && /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

export const completionIndexesOf = (pods: readonly Pod[]): Indexes =>
  intervalsOf(pods.map(completionIndexOf).filter((index) => index !== undefined));
