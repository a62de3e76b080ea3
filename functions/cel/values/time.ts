/** Timestamps and durations: their texts, and their parts. Source: cel-go, common/types/{timestamp,duration}.go; Go's time.ParseDuration. */
import { withoutTrailing } from '../../kube/trailing.ts';
import { Duration, Failure, Timestamp } from './value.ts';

const nanosPerSecond = 1_000_000_000n;
const nanosPerMs = 1_000_000n;

const unitNanos: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: nanosPerMs,
  s: nanosPerSecond,
  m: 60n * nanosPerSecond,
  h: 3600n * nanosPerSecond,
};

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);
export const isInt64 = (value: bigint): boolean => value >= int64Min && value <= int64Max;

const digitsOfFractionMax = 18;

/** `1h30m`, `1.5s`, `-3ms` */
export function parseDuration(text: string): Duration | Failure {
  const refused = new Failure(`time: invalid duration ${JSON.stringify(text)}`);
  const sign = /^[+-]/u.exec(text)?.[0] ?? '';
  const rest = text.slice(sign.length);
  if (rest === '0') return new Duration(0n);
  const parts = durationParts(rest);
  if (parts === undefined) return refused;
  let nanos = 0n;
  for (const { whole, fraction, unit } of parts) {
    const scale = unitNanos[unit] ?? 0n;
    const digits = fraction.slice(0, digitsOfFractionMax);
    nanos += BigInt(whole || '0') * scale + (BigInt(digits || '0') * scale) / 10n ** BigInt(digits.length);
  }
  const signed = sign === '-' ? -nanos : nanos;
  return isInt64(signed) ? new Duration(signed) : refused;
}

interface DurationPart {
  readonly whole: string;
  readonly fraction: string;
  readonly unit: string;
}

const part = /(?:(\d+)(?:\.(\d*))?|\.(\d+))(ns|us|µs|μs|ms|s|m|h)/uy;

/** Undefined when the text is not made of such parts alone. */
function durationParts(text: string): DurationPart[] | undefined {
  const parts: DurationPart[] = [];
  part.lastIndex = 0;
  for (let at = 0; at < text.length; at = part.lastIndex) {
    const match = part.exec(text);
    if (match === null) return undefined;
    const [, whole = '', digits, fraction, unit = ''] = match;
    parts.push({ whole, fraction: digits ?? fraction ?? '', unit });
  }
  return parts.length === 0 ? undefined : parts;
}

/** Seconds, with as many decimals as it takes. */
export function durationText({ nanos }: Duration): string {
  const [sign, size] = nanos < 0n ? ['-', -nanos] : ['', nanos];
  const fraction = withoutTrailing(String(size % nanosPerSecond).padStart(9, '0'), '0');
  return `${sign}${size / nanosPerSecond}${fraction === '' ? '' : `.${fraction}`}s`;
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/u;

export function parseTimestamp(text: string): Timestamp | Failure {
  const refused = new Failure(
    `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`,
  );
  const match = rfc3339.exec(text);
  if (match === null) return refused;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms) || new Date(ms).getUTCDate() !== Number(day)) return refused;
  const offsetMs = offsetOf(zone) ?? 0;
  const nanos = BigInt(ms - offsetMs) * nanosPerMs + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return new Timestamp(nanos);
}

export function timestampText({ nanos }: Timestamp): string {
  const fraction = ((nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  const ms = Number((nanos - fraction) / nanosPerMs);
  const decimals = withoutTrailing(String(fraction).padStart(9, '0'), '0');
  return `${new Date(ms).toISOString().slice(0, 19)}${decimals === '' ? '' : `.${decimals}`}Z`;
}

const minuteMs = 60_000;

/** `+01:30`, `-8:00`, `Z` */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const match = /^([+-]?)(\d{1,2}):(\d\d)$/u.exec(zone);
  if (match === null) return undefined;
  const [, sign, hours, minutes] = match;
  return (Number(hours) * 60 + Number(minutes)) * minuteMs * (sign === '-' ? -1 : 1);
}

/** The same moment as its zone's clock shows it. */
export function inZone({ nanos }: Timestamp, zone: string | undefined): Date | Failure {
  const ms = Number(nanos / nanosPerMs);
  if (zone === undefined || zone === '' || zone === 'UTC') return new Date(ms);
  const offset = offsetOf(zone);
  if (offset !== undefined) return new Date(ms + offset);
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(ms);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value.replace('GMT', '') ?? '';
    return new Date(ms + (offsetOf(name === '' ? 'Z' : name) ?? 0));
  } catch (error) {
    if (error instanceof RangeError) return new Failure(`unknown time zone ${zone}`);
    throw error;
  }
}
