/**
 * Types with a form of their own in JSON: each reader accepts what upstream accepts and answers with the canonical form.
 * Source: apimachinery, UnmarshalJSON of resource.Quantity, intstr.IntOrString, metav1.Time, MicroTime and Duration.
 */
import { parseDuration, formatDuration } from './duration.ts';
import type { Json } from './object.ts';
import { canonicalQuantity } from './quantity.ts';
import { DecodeError, valueError } from './schema-walk.ts';
import { microTimestamp, parseTime, timestamp } from './time.ts';

type ScalarReader = (value: Json) => Json;

/** Errors of the parsers become what the decoder says. */
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

const readQuantity: ScalarReader = (value) => {
  // Anything but a string is read as the text of its JSON.
  const text = typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value);
  return reading(() => canonicalQuantity(text));
};

const readTime: ScalarReader = (value) => {
  if (typeof value !== 'string') throw valueError(value, 'string');
  return isCanonicalTime(value) ? value : reading(() => timestamp(parseTime(value)));
};

const readMicroTime: ScalarReader = (value) => {
  if (typeof value !== 'string') throw valueError(value, 'string');
  const fraction = /\.(\d+)/.exec(value)?.[1] ?? '';
  const wholeMs = reading(() => parseTime(value.replace(/\.\d+/, '')));
  return `${microTimestamp(wholeMs).slice(0, 20)}${fraction.slice(0, 6).padEnd(6, '0')}Z`;
};

const readDuration: ScalarReader = (value) => {
  if (typeof value !== 'string') throw valueError(value, 'string');
  return reading(() => formatDuration(parseDuration(value)));
};

const readIntOrString: ScalarReader = (value) => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fffffff) return value;
  throw valueError(value, 'int32');
};

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
