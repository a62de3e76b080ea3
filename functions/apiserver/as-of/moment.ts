/** The moment in a path: `/as-of/2026-11-29T10:00:00Z/…`, `/as-of/-2h/…`, and `@10x` behind it for how fast a watch replays. */

export interface AskedMoment {
  readonly timeMs: number;
  /** How fast the past is replayed; 1: as it happened. */
  readonly speed: number;
}

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const speedMax = 1_000_000;

/** Milliseconds since the epoch; undefined for a text that is neither a time nor a distance from now. */
export function timeOf(text: string, nowMs: number): number | undefined {
  if (text === 'now') return nowMs;
  const distance = /^-(\d{1,9})([smhdw])$/.exec(text);
  if (distance !== null) return nowMs - Number(distance[1]) * (unitsMs[distance[2] ?? ''] ?? 0);
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Undefined for what is no moment, or lies in the future. */
export function momentOf(text: string, nowMs: number): AskedMoment | undefined {
  const [time = '', speedText, ...rest] = text.split('@');
  const timeMs = timeOf(time, nowMs);
  const speed = speedText === undefined ? 1 : speedOf(speedText);
  if (timeMs === undefined || speed === undefined || rest.length > 0 || timeMs > nowMs) return undefined;
  return { timeMs, speed };
}

function speedOf(text: string): number | undefined {
  const match = /^(\d{1,7}(?:\.\d{1,3})?)x$/.exec(text);
  const speed = Number(match?.[1]);
  return speed > 0 && speed <= speedMax ? speed : undefined;
}
