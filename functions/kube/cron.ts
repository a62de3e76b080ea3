/**
 * Schedules in the format of cron: `5 4 * * sun`, `@daily`, `@every 1h`. Messages are those of the library that upstream uses.
 * Source: github.com/robfig/cron/v3, parser.go.
 */
import { parseDuration } from './duration.ts';

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const every = '@every ';

class CronError extends Error {}

/** A schedule that was parsed. */
export type Cron =
  /** Times have this distance. */
  | { readonly kind: 'every'; readonly everyMs: number }
  /** The values of minute, hour, day of the month, month, and day of the week. A star is undefined. */
  | { readonly kind: 'fields'; readonly fields: readonly (readonly number[] | undefined)[]; readonly timeZone?: string };

/** Why that is no schedule; undefined when it is one. */
export function cronError(schedule: string): string | undefined {
  try {
    parseCron(schedule);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

/** Throws an Error when it is no schedule. */
export function parseCron(schedule: string): Cron {
  const spec = withoutTimeZone(schedule);
  if (spec.startsWith(every)) return { kind: 'every', everyMs: everyMs(spec) };
  const text = spec.startsWith('@') ? fieldsOfDescriptor(spec) : spec;
  const fields = text.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== bounds.length) {
    throw new CronError(`expected exactly ${bounds.length} fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  const timeZone = /^(?:CRON_)?TZ=(\S*)/.exec(schedule)?.[1];
  return {
    kind: 'fields',
    fields: bounds.map((bound, index) => valuesOf(fields[index] ?? '', bound)),
    ...(timeZone !== undefined && { timeZone }),
  };
}

function withoutTimeZone(schedule: string): string {
  if (!/^(?:CRON_)?TZ=/.test(schedule)) return schedule;
  const space = schedule.indexOf(' ');
  const start = schedule.indexOf('=') + 1;
  if (space === -1) throw new CronError(`invalid schedule format: runtime error: slice bounds out of range [${start}:-1]`);
  return schedule.slice(space).trim();
}

function fieldsOfDescriptor(descriptor: string): string {
  const fields = descriptors[descriptor];
  if (fields === undefined) throw new CronError(`unrecognized descriptor: ${descriptor}`);
  return fields;
}

/** Whole seconds, one at least. */
function everyMs(descriptor: string): number {
  const text = descriptor.slice(every.length);
  try {
    return Math.max(1, Math.floor(parseDuration(text) / 1000)) * 1000;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new CronError(`failed to parse duration ${text}: ${error.message}`);
  }
}

/** undefined where a star leaves the field open. */
function valuesOf(field: string, bound: Bounds): readonly number[] | undefined {
  const ranges = field.split(',').filter((range) => range !== '');
  const values = ranges.flatMap((range) => valuesOfRange(range, bound));
  const isOpen = ranges.some((range) => /^[*?](?:-[^/]*)?(?:\/\+?0*1)?$/.test(range));
  return isOpen ? undefined : [...new Set(values)].sort((a, b) => a - b);
}

/** `*`, `5`, `1-5`, `0-30/5`, `mon-fri`. */
function valuesOfRange(text: string, { min, max, names = [] }: Bounds): number[] {
  const [range = '', ...steps] = text.split('/');
  const limits = range.split('-');
  const [low = '', high = low] = limits;
  const isStar = low === '*' || low === '?';
  const first = isStar ? min : numberOf(low, names, min);
  let last = isStar ? max : first;
  if (!isStar && limits.length > 1) {
    if (limits.length > 2) throw new CronError(`too many hyphens: ${text}`);
    last = numberOf(high, names, min);
  }
  if (steps.length > 1) throw new CronError(`too many slashes: ${text}`);
  const step = steps[0] === undefined ? 1 : numberOf(steps[0], [], 0);
  if (steps.length === 1 && limits.length === 1) last = max;
  if (first < min) throw new CronError(`beginning of range (${first}) below minimum (${min}): ${text}`);
  if (last > max) throw new CronError(`end of range (${last}) above maximum (${max}): ${text}`);
  if (first > last) throw new CronError(`beginning of range (${first}) beyond end of range (${last}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function numberOf(text: string, names: readonly string[], base: number): number {
  const named = names.indexOf(text.toLowerCase());
  if (named !== -1) return named + base;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const number = Number(text);
  if (number < 0) throw new CronError(`negative number (${number}) not allowed: ${text}`);
  return number;
}
