/**
 * Schedules in the format of cron: `5 4 * * sun`, `@daily`, `@every 1h`. Messages are those of the library that upstream uses.
 * Source: github.com/robfig/cron/v3, parser.go.
 */

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

const descriptors = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const every = '@every ';

class CronError extends Error {}

/** Why that is no schedule; undefined when it is one. */
export function cronError(schedule: string): string | undefined {
  try {
    checkSchedule(schedule);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

function checkSchedule(schedule: string): void {
  const spec = withoutTimeZone(schedule);
  if (spec.startsWith('@')) {
    checkDescriptor(spec);
    return;
  }
  const fields = spec.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== bounds.length) {
    throw new CronError(`expected exactly ${bounds.length} fields, found ${fields.length}: [${fields.join(' ')}]`);
  }
  bounds.forEach((bound, index) => {
    for (const range of (fields[index] ?? '').split(',')) if (range !== '') checkRange(range, bound);
  });
}

function withoutTimeZone(schedule: string): string {
  if (!/^(?:CRON_)?TZ=/.test(schedule)) return schedule;
  const space = schedule.indexOf(' ');
  const start = schedule.indexOf('=') + 1;
  if (space === -1) throw new CronError(`invalid schedule format: runtime error: slice bounds out of range [${start}:-1]`);
  return schedule.slice(space).trim();
}

function checkDescriptor(descriptor: string): void {
  if (descriptors.includes(descriptor)) return;
  if (!descriptor.startsWith(every)) throw new CronError(`unrecognized descriptor: ${descriptor}`);
  const text = descriptor.slice(every.length);
  const why = durationError(text);
  if (why !== undefined) throw new CronError(`failed to parse duration ${text}: ${why}`);
}

/** Source: Go's time.ParseDuration. */
function durationError(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return undefined;
  if (!/^(?:\d+\.?\d*|\.\d+)/.test(rest)) return `time: invalid duration ${quoted}`;
  let left = rest;
  while (left !== '') {
    const [number] = /^(?:\d+\.?\d*|\.\d+)/.exec(left) ?? [''];
    if (number === '') return `time: invalid duration ${quoted}`;
    const [unit] = /^[^.\d]*/.exec(left.slice(number.length)) ?? [''];
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (!['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'].includes(unit))
      return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    left = left.slice(number.length + unit.length);
  }
  return undefined;
}

/** `*`, `5`, `1-5`, `0-30/5`, `mon-fri`. */
function checkRange(text: string, { min, max, names = [] }: Bounds): void {
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
