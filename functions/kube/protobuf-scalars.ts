/**
 * Protobuf values as JSON: the scalars of the wire, and messages that have a form of their own in JSON.
 * Source: apimachinery, generated.proto and the Marshal methods of resource.Quantity, intstr, metav1.Time, runtime.
 */
import { boundedJson } from './bounded-json.ts';
import { formatDuration } from './duration.ts';
import type { Json } from './object.ts';
import type { WireField } from './protobuf-reader.ts';
import { ProtobufError, fieldsOf } from './protobuf-reader.ts';
import { microTimestamp, timestamp } from './time.ts';

type WireValue = WireField['value'];

/** Undefined: Go's zero value, which JSON leaves out. */
export type ValueReader = (value: WireValue) => Json | undefined;

function integer(value: WireValue): bigint {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value);
  throw new ProtobufError('proto: wrong wireType for an integer');
}

export function bytesOf(value: WireValue): Uint8Array {
  if (typeof value !== 'bigint') return value;
  throw new ProtobufError('proto: wrong wireType for bytes');
}

const utf8 = new TextDecoder();
export const textOf = (value: WireValue): string => utf8.decode(bytesOf(value));

function doubleOf(value: WireValue): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, integer(value)));
  return view.getFloat64(0);
}

export const scalarReaders: ReadonlyMap<string, ValueReader> = new Map<string, ValueReader>([
  ['string', textOf],
  ['bytes', (value) => Buffer.from(bytesOf(value)).toString('base64')],
  ['bool', (value) => integer(value) !== 0n],
  ['int32', (value) => Number(BigInt.asIntN(32, integer(value)))],
  ['int64', (value) => Number(integer(value))],
  ['double', doubleOf],
]);

/** The last value of each field; these messages repeat none. */
function byNumber(value: WireValue): ReadonlyMap<number, WireValue> {
  return new Map(Array.from(fieldsOf(bytesOf(value)), (field): [number, WireValue] => [field.number, field.value]));
}

const numberAt = (fields: ReadonlyMap<number, WireValue>, number: number): number => Number(integer(fields.get(number) ?? 0n));

/** The end of the year 9999, after which RFC 3339 has no text. */
const secondsMax = 253_402_300_799;

/** Seconds and nanoseconds; the zero time is no time. */
function readMs(value: WireValue): number | undefined {
  const fields = byNumber(value);
  const [seconds, nanos] = [numberAt(fields, 1), numberAt(fields, 2)];
  if (Math.abs(seconds) > secondsMax) throw new ProtobufError('proto: time out of range');
  return seconds === 0 && nanos === 0 ? undefined : seconds * 1000 + nanos / 1e6;
}

function readTime(value: WireValue): string | undefined {
  const ms = readMs(value);
  return ms === undefined ? undefined : timestamp(ms);
}

function readMicroTime(value: WireValue): string | undefined {
  const fields = byNumber(value);
  const ms = readMs(value);
  // From the integers: a double of milliseconds has no room for all microseconds of our age.
  const micros = String(Math.floor(numberAt(fields, 2) / 1000)).padStart(6, '0');
  return ms === undefined ? undefined : `${microTimestamp(ms).slice(0, 20)}${micros}Z`;
}

function readIntOrString(value: WireValue): Json {
  const fields = byNumber(value);
  return numberAt(fields, 1) === 0 ? numberAt(fields, 2) : textOf(fields.get(3) ?? new Uint8Array());
}

/** JSON inside bytes, as typed parts (`raw`) carry it. */
function readEmbeddedJson(value: WireValue): Json | undefined {
  const text = textOf(byNumber(value).get(1) ?? new Uint8Array());
  if (text === '' || text === 'null') return undefined;
  try {
    return boundedJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ProtobufError('proto: an embedded object is not JSON', { cause: error });
  }
}

const readTexts: ValueReader = (value) => Array.from(fieldsOf(bytesOf(value)), (field) => textOf(field.value));

export const messageReaders: ReadonlyMap<string, ValueReader> = new Map<string, ValueReader>([
  ['k8s.io.apimachinery.pkg.api.resource.Quantity', (value) => textOf(byNumber(value).get(1) ?? new Uint8Array()) || '0'],
  ['k8s.io.apimachinery.pkg.util.intstr.IntOrString', readIntOrString],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.Time', readTime],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime', readMicroTime],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.Duration', (value) => formatDuration(numberAt(byNumber(value), 1) / 1e6)],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1', readEmbeddedJson],
  ['k8s.io.apimachinery.pkg.runtime.RawExtension', readEmbeddedJson],
  ['k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON', readEmbeddedJson],
  // Lists that are types of their own in Go, and messages on the wire.
  ['k8s.io.apimachinery.pkg.apis.meta.v1.Verbs', readTexts],
  ['k8s.io.api.authentication.v1.ExtraValue', readTexts],
  ['k8s.io.api.authorization.v1.ExtraValue', readTexts],
  ['k8s.io.api.certificates.v1.ExtraValue', readTexts],
]);
