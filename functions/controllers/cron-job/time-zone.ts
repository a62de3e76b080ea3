/** Offsets of time zones from UTC, from the time zones of this process. */

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zones that are kept; there are about 600. */
const formatsMax = 1_000;
const dayMs = 24 * 3_600_000;
/** Between two changes of a zone's clock lie some weeks. */
const sampleDays = 20;
const samples = 19;

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  if (formats.size >= formatsMax) formats.clear();
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, format);
  return format;
}

/** What the zone's clock is ahead of UTC at that time. Throws a RangeError for a zone that does not exist. */
export function offsetMs(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0;
  const name = formatOf(zone)
    .formatToParts(atMs)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /^GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(name ?? '') ?? [];
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -ms : ms;
}

/** All offsets of the zone within a year from then. */
export function offsetsMs(zone: string, atMs: number): number[] {
  if (zone === 'UTC') return [0];
  return [...new Set(Array.from({ length: samples }, (_, index) => offsetMs(zone, atMs + index * sampleDays * dayMs)))];
}

/** The time as RFC 3339 writes it in the zone. */
export function timeInZone(zone: string, atMs: number): string {
  const offset = offsetMs(zone, atMs);
  const wall = new Date(atMs + offset).toISOString().slice(0, 19);
  if (offset === 0) return `${wall}Z`;
  const minutes = Math.abs(offset) / 60_000;
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
  return `${wall}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
