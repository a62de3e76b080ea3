/**
 * Types with a form of their own in JSON: each reader accepts what upstream accepts and answers with the canonical form.
 * Source: apimachinery, UnmarshalJSON of resource.Quantity, intstr.IntOrString, metav1.Time, MicroTime and Duration.
 */
import { parseDuration, formatDuration } from './duration.ts';
import type { Json } from './object.ts';
import { canonicalQuantity } from './quantity.ts';
import { DecodeError } from './schema-walk.ts';
import { canonicalMicroTime, parseTime, timestamp } from './time.ts';

/** Where the value stands. */
export interface ScalarPlace {
  /** The number as the client wrote it. */
  numberText(value: number): string;
  wrongType(goType: string): DecodeError;
}

type ScalarReader = (value: Json, place: ScalarPlace) => Json;

/** Errors of the parsers become errors of the decoder. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError || !(error instanceof Error)) throw error;
    throw new DecodeError(error.message, { cause: error });
  }
}

const isCanonicalTime = (text: string): boolean =>
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:[01]\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.test(text);

const readQuantity: ScalarReader = (value, place) => {
  // Anything but a string is read as the text of its JSON.
  const other = typeof value === 'number' ? place.numberText(value) : JSON.stringify(value);
  const text = typeof value === 'string' ? value : other;
  return reading(() => canonicalQuantity(text));
};

const readTime: ScalarReader = (value, place) => {
  if (typeof value !== 'string') throw place.wrongType('string');
  return isCanonicalTime(value) ? value : reading(() => timestamp(parseTime(value)));
};

const readMicroTime: ScalarReader = (value, place) => {
  if (typeof value !== 'string') throw place.wrongType('string');
  return reading(() => canonicalMicroTime(value));
};

const readDuration: ScalarReader = (value, place) => {
  if (typeof value !== 'string') throw place.wrongType('string');
  return reading(() => formatDuration(parseDuration(value)));
};

const readIntOrString: ScalarReader = (value, place) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && isInteger(place.numberText(value), 'int32')) return value;
  throw place.wrongType('int32');
};

const bitsOf = new Map([
  ['int32', 31n],
  ['int64', 63n],
]);

/** Whether Go reads the text as an integer of that size: digits only, be the rest zero or not. */
export function isInteger(text: string, format: string): boolean {
  if (!/^-?\d+$/.test(text)) return false;
  const limit = 1n << (bitsOf.get(format) ?? 63n);
  const value = BigInt(text);
  return value >= -limit && value < limit;
}

/** By the short name of the definition. */
export const scalarReaders: ReadonlyMap<string, ScalarReader> = new Map([
  ['Quantity', readQuantity],
  ['IntOrString', readIntOrString],
  ['Time', readTime],
  ['MicroTime', readMicroTime],
  ['Duration', readDuration],
]);

/** Base64 text that Go decodes; it skips line breaks, so the canonical form has none. */
export function readBytes(value: string): string {
  const text = value.replace(/[\r\n]/g, '');
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return text;
  const valid = /^[A-Za-z0-9+/]*/.exec(value)?.[0].length ?? 0;
  throw new DecodeError(`illegal base64 data at input byte ${valid === value.length ? Math.floor(valid / 4) * 4 : valid}`);
}
