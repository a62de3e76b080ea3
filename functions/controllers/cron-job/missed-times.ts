/**
 * Which time of a schedule is to be served now, and when to come back. Pure. Source: pkg/controller/cronjob/utils.go,
 * mostRecentScheduleTime, nextScheduleTime and nextScheduleTimeDuration.
 */
import type { CronJob } from '../../kube/generated/types.ts';
import { parseTime } from '../../kube/time.ts';
import type { Schedule } from './schedule.ts';

/** More missed times than these are worth a warning. */
const missedMax = 100;
/** Clocks differ a little: a Job is never made before its time. */
const paddingMs = 100;
/** A schedule that has no second time. */
export const noSchedule = 'time difference between two schedules is less than 1 second';

interface Missed {
  readonly earliestMs: number;
  /** The last time that has passed and was not served. */
  readonly dueMs?: number;
  readonly missed: 'none' | 'few' | 'many';
  readonly error?: string;
}

export function missedTimes({ metadata, spec, status }: CronJob, schedule: Schedule, nowMs: number, withDeadline = true): Missed {
  const sinceMs = parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '');
  const deadlineMs = withDeadline && spec.startingDeadlineSeconds !== undefined ? nowMs - spec.startingDeadlineSeconds * 1000 : -Infinity;
  const earliestMs = Math.max(sinceMs, deadlineMs);
  const firstMs = schedule.nextMs(earliestMs);
  const secondMs = firstMs === undefined ? undefined : schedule.nextMs(firstMs);
  if (firstMs === undefined || secondMs === undefined) return { earliestMs, missed: 'none', error: noSchedule };
  if (nowMs < firstMs) return { earliestMs, missed: 'none' };
  if (nowMs < secondMs) return { earliestMs, dueMs: firstMs, missed: 'none' };
  const distanceMs = secondMs - firstMs;
  const count = Math.floor((nowMs - firstMs) / distanceMs) + 1;
  const dueMs = lastBefore(schedule, firstMs + (count - 2) * distanceMs, nowMs);
  return { earliestMs, missed: count > missedMax ? 'many' : 'few', ...(dueMs !== undefined && { dueMs }) };
}

/** Distances vary, so that the guess may be early. */
function lastBefore(schedule: Schedule, guessMs: number, nowMs: number): number | undefined {
  let last: number | undefined;
  for (let atMs = schedule.nextMs(guessMs); atMs !== undefined && atMs <= nowMs; atMs = schedule.nextMs(atMs)) last = atMs;
  return last;
}

/** undefined: never. */
export function nextTimeInMs(cronJob: CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const { earliestMs, dueMs, missed, error } = missedTimes(cronJob, schedule, nowMs, false);
  const fallbackMs = error === undefined && missed === 'none' ? earliestMs : nowMs;
  const nextMs = schedule.nextMs(dueMs ?? fallbackMs);
  return nextMs === undefined ? undefined : nextMs + paddingMs - nowMs;
}
