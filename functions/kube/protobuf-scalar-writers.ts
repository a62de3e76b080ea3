/**
 * JSON values on the wire: scalars, and messages that have a form of their own in JSON.
 * Source: apimachinery, generated.proto and the Marshal methods of resource.Quantity, intstr, metav1.Time, runtime.
 */
import { parseDuration } from './duration.ts';
import type { Json } from './object.ts';
import type { ProtobufWriter, WireType } from './protobuf-writer.ts';
import { parseTime } from './time.ts';

/** Writes a value. What has a length gets it, and each value its tag, from the caller. */
export interface ValueWriter {
  readonly wireType: WireType;
  write(value: Json, writer: ProtobufWriter): void;
}

/** Objects that were read have the types of their schema; anything else counts as the zero of its type. */
const numberOf = (value: Json): number => (typeof value === 'number' ? value : 0);
const textOf = (value: Json): string => (typeof value === 'string' ? value : '');

const integer: ValueWriter = { wireType: 0, write: (value, writer) => writer.varint(Math.trunc(numberOf(value))) };

export const scalarWriters: ReadonlyMap<string, ValueWriter> = new Map<string, ValueWriter>([
  ['string', { wireType: 2, write: (value, writer) => writer.text(textOf(value)) }],
  ['bytes', { wireType: 2, write: (value, writer) => writer.bytes(Buffer.from(textOf(value), 'base64')) }],
  ['bool', { wireType: 0, write: (value, writer) => writer.varint(value === true ? 1 : 0) }],
  ['int32', integer],
  ['int64', integer],
  ['double', { wireType: 1, write: (value, writer) => writer.double(numberOf(value)) }],
]);

function varintField(writer: ProtobufWriter, number: number, value: number): void {
  writer.varint(value);
  writer.tag(number, 0);
}

function textField(writer: ProtobufWriter, number: number, text: string): void {
  const before = writer.length;
  writer.text(text);
  writer.varint(writer.length - before);
  writer.tag(number, 2);
}

function writeTime(value: Json, writer: ProtobufWriter): void {
  const text = textOf(value);
  if (text === '') return;
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  varintField(writer, 2, Number(fraction.padEnd(9, '0')));
  varintField(writer, 1, Math.floor(parseTime(text) / 1000));
}

function writeIntOrString(value: Json, writer: ProtobufWriter): void {
  textField(writer, 3, textOf(value));
  varintField(writer, 2, numberOf(value));
  varintField(writer, 1, typeof value === 'number' ? 0 : 1);
}

/** JSON inside bytes, as typed parts (`raw`) carry it. */
const writeEmbeddedJson: ValueWriter['write'] = (value, writer) => textField(writer, 1, JSON.stringify(value));

function writeTexts(value: Json, writer: ProtobufWriter): void {
  if (Array.isArray(value)) for (const text of value.toReversed()) textField(writer, 1, textOf(text));
}

const message = (write: ValueWriter['write']): ValueWriter => ({ wireType: 2, write });

export const messageWriters: ReadonlyMap<string, ValueWriter> = new Map<string, ValueWriter>([
  [
    'k8s.io.apimachinery.pkg.api.resource.Quantity',
    message((value, writer) => textField(writer, 1, typeof value === 'string' ? value : JSON.stringify(value))),
  ],
  ['k8s.io.apimachinery.pkg.util.intstr.IntOrString', message(writeIntOrString)],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.Time', message(writeTime)],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime', message(writeTime)],
  [
    'k8s.io.apimachinery.pkg.apis.meta.v1.Duration',
    message((value, writer) => varintField(writer, 1, Math.round(parseDuration(textOf(value)) * 1e6))),
  ],
  ['k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1', message(writeEmbeddedJson)],
  ['k8s.io.apimachinery.pkg.runtime.RawExtension', message(writeEmbeddedJson)],
  ['k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON', message(writeEmbeddedJson)],
  // Lists that are types of their own in Go, and messages on the wire.
  ['k8s.io.apimachinery.pkg.apis.meta.v1.Verbs', message(writeTexts)],
  ['k8s.io.api.authentication.v1.ExtraValue', message(writeTexts)],
  ['k8s.io.api.authorization.v1.ExtraValue', message(writeTexts)],
  ['k8s.io.api.certificates.v1.ExtraValue', message(writeTexts)],
]);
