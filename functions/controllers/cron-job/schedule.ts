/**
 * The times of a schedule. A time is one whose clock on the wall, in the schedule's zone, fits: what the spring skips is left
 * out, and what the autumn repeats comes twice. Source: github.com/robfig/cron/v3, spec.go and constantdelay.go.
 */
import { Cron as Calendar } from 'croner';
import { parseCron } from '../../kube/cron.ts';
import { offsetMs, offsetsMs } from './time-zone.ts';

export interface Schedule {
  /** The first time after that; undefined when there is none. */
  nextMs(afterMs: number): number | undefined;
}

/** Wall times that are tried: more than a zone skips or repeats of a schedule of one time each minute. */
const wallTimesMax = 20_000;

/** Throws an Error when the text is no schedule. */
export function scheduleOf(text: string, timeZone: string | undefined): Schedule {
  const cron = parseCron(text);
  if (cron.kind === 'every') {
    return { nextMs: (afterMs) => Math.floor(afterMs / 1000) * 1000 + cron.everyMs };
  }
  const pattern = cron.fields.map((values) => values?.join(',') ?? '*').join(' ');
  const calendar = new Calendar(pattern, { paused: true, timezone: 'UTC' });
  const nextWallMs = (wallMs: number): number => calendar.nextRun(new Date(wallMs))?.getTime() ?? Infinity;
  const zone = cron.timeZone ?? timeZone ?? 'UTC';
  return { nextMs: (afterMs) => nextInZone(nextWallMs, zone, afterMs) };
}

/** Each offset of the zone has wall times of its own; a time is one if its own offset is in force then. */
function nextInZone(nextWallMs: (wallMs: number) => number, zone: string, afterMs: number): number | undefined {
  const candidates = offsetsMs(zone, afterMs).map((offset) => ({ offset, atMs: nextWallMs(afterMs + offset) - offset }));
  for (let tried = 0; tried < wallTimesMax; tried += 1) {
    const [first] = candidates.sort((a, b) => a.atMs - b.atMs);
    if (first === undefined || first.atMs === Infinity) return undefined;
    if (offsetMs(zone, first.atMs) === first.offset) return first.atMs;
    first.atMs = nextWallMs(first.atMs + first.offset) - first.offset;
  }
  return undefined;
}
