/**
 * Objects as `application/vnd.kubernetes.protobuf`: from what they are in JSON, by the table of all messages. Fields that
 * JSON leaves out are left out here: Go reads both as the zero of their type.
 * Source: apimachinery, pkg/runtime/serializer/protobuf/protobuf.go.
 */
import { type Json, type JsonObject, isJsonObject } from './object.ts';
import {
  extensionsPackage,
  magic,
  type MessageField,
  messageFields,
  messageOfKind,
  type MessageType,
  messageTypeOf,
} from './protobuf-messages.ts';
import { messageWriters, scalarWriters, type ValueWriter } from './protobuf-scalar-writers.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** Undefined where there is no message of the object's kind. */
export function encodeProtobuf(object: JsonObject): Uint8Array<ArrayBuffer> | undefined {
  const { apiVersion, kind } = typeOf(object);
  const type = messageOfKind(apiVersion, kind);
  if (type === undefined) return undefined;
  const writer = new ProtobufWriter();
  envelope(writer, { apiVersion, kind }, () => writeMessage(type, object, writer));
  return writer.finish();
}

/** A list of built-in kinds, whose items come one by one: they are not all parsed at once. */
export function encodeProtobufList(head: JsonObject, items: readonly (() => JsonObject)[]): Uint8Array<ArrayBuffer> | undefined {
  const { apiVersion, kind } = typeOf(head);
  const type = messageOfKind(apiVersion, kind);
  const field = type === undefined ? undefined : messageFields(type).find(({ name }) => name === 'items');
  if (type === undefined || field === undefined) return undefined;
  const writer = new ProtobufWriter();
  const itemWriter = messageWriter(messageTypeOf(field.type));
  envelope(writer, { apiVersion, kind }, () => {
    for (const item of items.toReversed()) writeField(field.number, itemWriter, item(), writer);
    writeMessage(type, head, writer);
  });
  return writer.finish();
}

/** An event of a watch: its length in four bytes, then the event. Source: apimachinery, pkg/util/framer/framer.go. */
export function encodeProtobufEvent(type: string, object: JsonObject): Uint8Array<ArrayBuffer> | undefined {
  const encoded = encodeProtobuf(object);
  if (encoded === undefined) return undefined;
  const writer = new ProtobufWriter();
  delimited(writer, 2, () => delimited(writer, 1, () => writer.bytes(encoded)));
  delimited(writer, 1, () => writer.text(type));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(writer.length);
  writer.bytes(length);
  return writer.finish();
}

const typeOf = ({ apiVersion, kind }: JsonObject): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
  kind: typeof kind === 'string' ? kind : '',
});

/** The message `Unknown`, with the type of what is in it. */
function envelope(writer: ProtobufWriter, { apiVersion, kind }: { apiVersion: string; kind: string }, content: () => void): void {
  for (const empty of [4, 3]) delimited(writer, empty, () => {});
  delimited(writer, 2, content);
  delimited(writer, 1, () => {
    delimited(writer, 2, () => writer.text(kind));
    delimited(writer, 1, () => writer.text(apiVersion));
  });
  writer.bytes(Uint8Array.from(magic));
}

/** What `content` writes, with its length and tag before it. */
function delimited(writer: ProtobufWriter, number: number, content: () => void): void {
  const before = writer.length;
  content();
  writer.varint(writer.length - before);
  writer.tag(number, 2);
}

function writeField(number: number, { wireType, write }: ValueWriter, value: Json, writer: ProtobufWriter): void {
  if (wireType === 2) {
    delimited(writer, number, () => write(value, writer));
    return;
  }
  write(value, writer);
  writer.tag(number, wireType);
}

/** Writes the field of this object, if the object has it. */
type FieldWriter = (object: JsonObject, writer: ProtobufWriter) => void;

const compiled = new Map<string, readonly FieldWriter[]>();

/** The writers of a message's fields, those of the largest numbers first. */
function fieldWriters(type: MessageType): readonly FieldWriter[] {
  const key = `${type.message} ${type.schemaName}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const writers = messageFields(type)
    .sort((a, b) => b.number - a.number)
    .map((field) => fieldWriter(field, type));
  compiled.set(key, writers);
  return writers;
}

function writeMessage(type: MessageType, object: JsonObject, writer: ProtobufWriter): void {
  for (const write of fieldWriters(type)) write(object, writer);
}

const messageWriter = (type: MessageType): ValueWriter => ({
  wireType: 2,
  write: (value, writer) => writeMessage(type, isJsonObject(value) ? value : {}, writer),
});

function fieldWriter({ number, name, shape, type }: MessageField, { schemaName }: MessageType): FieldWriter {
  if (name === undefined) {
    const inlined = messageWriter({ message: type, schemaName });
    return (object, writer) => writeField(number, inlined, object, writer);
  }
  const value = valueWriter(type);
  const write = shape === 'map' ? mapWriter(number, value) : shape === 'list' ? listWriter(number, value) : singleWriter(number, value);
  return (object, writer) => {
    const present = Object.hasOwn(object, name) ? object[name] : undefined;
    if (present !== undefined && present !== null) write(present, writer);
  };
}

type PresentWriter = (value: Json, writer: ProtobufWriter) => void;

const singleWriter =
  (number: number, value: ValueWriter): PresentWriter =>
  (present, writer) =>
    writeField(number, value, present, writer);

function listWriter(number: number, value: ValueWriter): PresentWriter {
  return (list, writer) => {
    if (Array.isArray(list)) for (const item of list.toReversed()) writeField(number, value, item, writer);
  };
}

/** Each entry is a message of its own: the key is field 1, the value field 2. */
function mapWriter(number: number, value: ValueWriter): PresentWriter {
  return (map, writer) => {
    if (!isJsonObject(map)) return;
    for (const key of Object.keys(map).sort().reverse()) {
      delimited(writer, number, () => {
        writeField(2, value, map[key] ?? null, writer);
        delimited(writer, 1, () => writer.text(key));
      });
    }
  };
}

function valueWriter(type: string): ValueWriter {
  const known = scalarWriters.get(type) ?? messageWriters.get(type) ?? unionWriter(type);
  return known ?? messageWriter(messageTypeOf(type));
}

const schemaWriter = messageWriter(messageTypeOf(`${extensionsPackage}.JSONSchemaProps`));

/** Parts of a JSON Schema that are a schema or something else. Source: apiextensions, v1/marshal.go */
const unions: Readonly<Record<string, ValueWriter['write']>> = {
  JSONSchemaPropsOrBool(value, writer) {
    if (isJsonObject(value)) writeField(2, schemaWriter, value, writer);
    writer.varint(value === false ? 0 : 1);
    writer.tag(1, 0);
  },
  JSONSchemaPropsOrStringArray(value, writer) {
    if (isJsonObject(value)) writeField(1, schemaWriter, value, writer);
    else listWriter(2, valueWriter('string'))(value, writer);
  },
  JSONSchemaPropsOrArray(value, writer) {
    if (isJsonObject(value)) writeField(1, schemaWriter, value, writer);
    else listWriter(2, schemaWriter)(value, writer);
  },
};

function unionWriter(message: string): ValueWriter | undefined {
  const write = message.startsWith(`${extensionsPackage}.`) ? unions[message.slice(extensionsPackage.length + 1)] : undefined;
  return write === undefined ? undefined : { wireType: 2, write };
}
