/** From one type to another. Source: cel-go, common/types. */
import { durationText, isInt64, parseDuration, parseTimestamp, timestampText } from '../values/time.ts';
import { typeOfValue } from '../values/type-of.ts';
import { type CelValue, Duration, Failure, isList, isMap, type Result, Timestamp, TypeValue, Uint } from '../values/value.ts';
import { networkText } from './networks.ts';
import type { Library } from './functions.ts';

const uintMax = 2n ** 64n - 1n;
const nanosPerSecond = 1_000_000_000n;

/** As Go prints a floating point number with `%g`. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponentText = '0'] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 21)
    return exponent < 0 ? value.toFixed(Math.max(digits.replace(/[-.]/gu, '').length - 1 - exponent, 0)) : plainText(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const plainText = (value: number): string => (Number.isInteger(value) ? BigInt(value).toString() : String(value));

function toInt(value: CelValue): Result | undefined {
  if (typeof value === 'bigint') return value;
  if (value instanceof Uint) return isInt64(value.value) ? value.value : new Failure('integer overflow');
  if (typeof value === 'number') {
    return Number.isFinite(value) && Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : new Failure('integer overflow');
  }
  if (value instanceof Timestamp)
    return (value.nanos - (((value.nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond)) / nanosPerSecond;
  if (value instanceof Duration) return value.nanos;
  return typeof value === 'string' ? parsedInt(value) : undefined;
}

const unreadable = (type: string): Failure => new Failure(`type conversion error from 'string' to '${type}'`);

function parsedInt(text: string): Result {
  if (!/^[+-]?\d+$/u.test(text)) return unreadable('int');
  const value = BigInt(text.replace('+', ''));
  return isInt64(value) ? value : unreadable('int');
}

function toUint(value: CelValue): Result | undefined {
  if (value instanceof Uint) return value;
  const overflow = new Failure('unsigned integer overflow');
  if (typeof value === 'bigint') return value < 0n ? overflow : new Uint(value);
  if (typeof value === 'number') return value >= 0 && value < 2 ** 64 ? new Uint(BigInt(Math.trunc(value))) : overflow;
  if (typeof value !== 'string') return undefined;
  if (!/^\d+$/u.test(value)) return unreadable('uint');
  const parsed = BigInt(value);
  return parsed > uintMax ? unreadable('uint') : new Uint(parsed);
}

const named: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
]);

function toDouble(value: CelValue): Result | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value !== 'string') return undefined;
  const known = named.get(value.toLowerCase());
  if (known !== undefined) return known;
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u.test(value)) {
    return unreadable('double');
  }
  return Number(value);
}

export function toText(value: CelValue): Result | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return doubleText(value);
  return typeof value === 'object' ? textOfObject(value) : String(value);
}

function textOfObject(value: CelValue): Result | undefined {
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof TypeValue) return value.type.name;
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(value);
    } catch (error) {
      if (error instanceof TypeError) return new Failure('invalid UTF-8 in bytes, cannot convert to string');
      throw error;
    }
  }
  return networkText(value);
}

const timestampSecondsMin = -62_135_596_800n;
const timestampSecondsMax = 253_402_300_799n;

function toTimestamp(value: CelValue): Result | undefined {
  if (value instanceof Timestamp) return value;
  if (typeof value === 'bigint') {
    const isInRange = value >= timestampSecondsMin && value <= timestampSecondsMax;
    return isInRange ? new Timestamp(value * nanosPerSecond) : new Failure('timestamp overflow');
  }
  if (typeof value !== 'string') return undefined;
  const read = parseTimestamp(value);
  return read instanceof Failure ? unreadable('google.protobuf.Timestamp') : read;
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

function toBool(value: CelValue): Result | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  return truths.get(value) ?? unreadable('bool');
}

/** Types of lists and maps show no elements. */
function bareType(value: CelValue): TypeValue {
  const type = typeOfValue(value);
  return new TypeValue(isList(value) || isMap(value) ? { ...type } : type);
}

export const conversions: Library = {
  bool: ([value = null]) => toBool(value),
  bytes: ([value]) => {
    if (typeof value === 'string') return new TextEncoder().encode(value);
    return value instanceof Uint8Array ? value : undefined;
  },
  double: ([value = null]) => toDouble(value),
  duration: ([value]) => {
    if (value instanceof Duration) return value;
    if (typeof value !== 'string') return undefined;
    const read = parseDuration(value);
    return read instanceof Failure ? unreadable('google.protobuf.Duration') : read;
  },
  dyn: ([value = null]) => value,
  int: ([value = null]) => toInt(value),
  string: ([value = null]) => toText(value),
  timestamp: ([value = null]) => toTimestamp(value),
  type: ([value = null]) => bareType(value),
  uint: ([value = null]) => toUint(value),
};
