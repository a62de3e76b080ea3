/** How long which moments of the past can be seen. */
import type { Level } from './catalog.ts';

/** From an age on, runs of one level become runs of a coarser one. */
export interface ArchivedSpan {
  readonly from: Level;
  readonly to: Level;
  readonly olderThanMs: number;
  /** The last state of each bucket of time is kept. */
  readonly bucketMs: number;
  /** Coarser runs are made when one of these is old enough as a whole. */
  readonly periodMs: number;
}

export interface Retention {
  /** The spans in the order of age. */
  readonly spans: readonly ArchivedSpan[];
  /** How long the past is kept; what is older is forgotten. */
  readonly keptMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export interface RetentionDays {
  /** Every revision. */
  readonly revisions: number;
  /** The end of each minute. */
  readonly minutes: number;
  /** The end of each hour; then nothing. */
  readonly hours: number;
}

export const usualDays: RetentionDays = { revisions: 1, minutes: 7, hours: 30 };

export const retentionOf = ({ revisions, minutes, hours }: RetentionDays): Retention => ({
  spans: [
    { from: 'changes', to: 'minutes', olderThanMs: revisions * dayMs, bucketMs: minuteMs, periodMs: hourMs },
    { from: 'minutes', to: 'hours', olderThanMs: minutes * dayMs, bucketMs: hourMs, periodMs: dayMs },
  ],
  keptMs: hours * dayMs,
});
