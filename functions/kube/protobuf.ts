/**
 * Request bodies in `application/vnd.kubernetes.protobuf`, which clients of 1.32 and later send: decoded by the table
 * of all messages into what the same object would be in JSON. Source: apimachinery, pkg/runtime/serializer/protobuf/protobuf.go.
 */
import { depthMax } from './bounded-json.ts';
import { DocumentError } from './document-error.ts';
import { isJsonObject, type Json, type JsonObject } from './object.ts';
import { ownField, setOwn } from './own-field.ts';
import {
  extensionsPackage,
  magic,
  type MessageField,
  messageFields,
  messageOfKind,
  type MessageType,
  messageTypeOf,
} from './protobuf-messages.ts';
import { ProtobufError, fieldsOf, packedVarints, type WireField } from './protobuf-reader.ts';
import type { ValueReader } from './protobuf-scalars.ts';
import { bytesOf, messageReaders, scalarReaders, textOf } from './protobuf-scalars.ts';
import { badRequest } from './status-error.ts';
import { isZero, omitsZero } from './zero-values.ts';

const unknownMessage: MessageType = { message: 'k8s.io.apimachinery.pkg.runtime.Unknown', schemaName: '' };

export interface ProtobufObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object with its `apiVersion` and `kind`. */
  readonly object: JsonObject;
}

/** Throws 400 when the message of a known kind cannot be read, and a DocumentError when its envelope cannot. */
export function decodeProtobuf(bytes: Uint8Array): ProtobufObject {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new DocumentError(`provided data does not appear to be a protobuf message, expected prefix [${magic.join(' ')}]`);
  }
  try {
    return decodeUnknown(bytes.subarray(magic.length));
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw new DocumentError(error.message, { cause: error });
  }
}

/** What a watch sends, without the length before it. */
export function decodeProtobufEvent(bytes: Uint8Array): { readonly type: string; readonly object: JsonObject } {
  const fields = [...fieldsOf(bytes)];
  const [type] = allOf(fields, 1);
  const [wrapped] = allOf(fields, 2).flatMap((extension) => allOf([...fieldsOf(bytesOf(extension))], 1));
  if (type === undefined || wrapped === undefined) throw new ProtobufError('a watch event lacks its type or its object');
  return { type: textOf(type), object: decodeProtobuf(bytesOf(wrapped)).object };
}

/** The envelope: what is inside, and the bytes of it. */
function decodeUnknown(bytes: Uint8Array): ProtobufObject {
  const { typeMeta, raw, contentEncoding = '' } = readMessage(unknownMessage, bytes);
  const { apiVersion, kind } = isJsonObject(typeMeta) ? typeMeta : {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    throw new ProtobufError("Object 'Kind' is missing in the protobuf envelope");
  if (contentEncoding !== '') throw new ProtobufError(`unsupported content encoding ${JSON.stringify(contentEncoding)}`);
  const type = messageOfKind(apiVersion, kind);
  if (type === undefined) {
    throw new ProtobufError(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  const content = Buffer.from(typeof raw === 'string' ? raw : '', 'base64');
  return { apiVersion, kind, object: { apiVersion, kind, ...contentOf(type, content, { apiVersion, kind }) } };
}

function contentOf(type: MessageType, content: Uint8Array, { apiVersion, kind }: Pick<ProtobufObject, 'apiVersion' | 'kind'>): JsonObject {
  try {
    return readMessage(type, content);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    const version = JSON.stringify(apiVersion.split('/').at(-1));
    throw badRequest(`${kind} in version ${version} cannot be handled as a ${kind}: ${error.message}`);
  }
}

interface Field {
  /** Name in JSON. */
  readonly name: string;
  readonly read: (value: bigint | Uint8Array, target: JsonObject) => void;
}

type MessageFields = ReadonlyMap<number, Field>;

const compiled = new Map<string, MessageFields>();

function fieldsByNumber(type: MessageType): MessageFields {
  const key = `${type.message} ${type.schemaName}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const fields = new Map(messageFields(type).map((field) => [field.number, fieldOf(field, type.schemaName)]));
  compiled.set(key, fields);
  return fields;
}

/** How many messages within one another are being read. */
let depth = 0;

function readMessage(type: MessageType, bytes: Uint8Array): JsonObject {
  const result: JsonObject = {};
  if (depth >= depthMax) throw new ProtobufError('proto: exceeded max recursion depth');
  depth += 1;
  try {
    readInto(result, fieldsByNumber(type), bytes);
  } finally {
    depth -= 1;
  }
  return result;
}

function readInto(target: JsonObject, fields: MessageFields, bytes: Uint8Array): void {
  // Fields that we do not know are from a newer client, and dropped.
  for (const { number, value } of fieldsOf(bytes)) fields.get(number)?.read(value, target);
}

function fieldOf({ name, shape, type }: MessageField, schemaName: string): Field {
  if (name === undefined) return inlinedField({ message: type, schemaName });
  if (shape === 'map') return mapField(name, readerOf(type));
  if (shape === 'list') return listField(name, type);
  return singleField(name, readerOf(type), omitsZero(schemaName, name));
}

function inlinedField(type: MessageType): Field {
  return { name: '', read: (value, target) => readInto(target, fieldsByNumber(type), bytesOf(value)) };
}

function singleField(name: string, reader: ValueReader, omits: boolean): Field {
  const read: Field['read'] = (value, target) => {
    const json = reader(value);
    if (json !== undefined && !(omits && isZero(json))) target[name] = json;
  };
  return { name, read };
}

function listField(name: string, type: string): Field {
  const reader = readerOf(type);
  const isNumber = type === 'int32' || type === 'int64' || type === 'bool';
  const read: Field['read'] = (value, target) => {
    const items = isNumber && typeof value !== 'bigint' ? packedVarints(value) : [value];
    const current = ownField(target, name);
    const list: Json[] = Array.isArray(current) ? current : [];
    list.push(...items.map((item) => reader(item) ?? null));
    target[name] = list;
  };
  return { name, read };
}

/** Each entry is a message of its own: the key is field 1, the value field 2. */
function mapField(name: string, reader: ValueReader): Field {
  const read: Field['read'] = (value, target) => {
    let key = '';
    let entry: bigint | Uint8Array = new Uint8Array();
    for (const part of fieldsOf(bytesOf(value))) {
      if (part.number === 1) key = textOf(part.value);
      else entry = part.value;
    }
    const current = ownField(target, name);
    const map: JsonObject = isJsonObject(current) ? current : {};
    setOwn(map, key, reader(entry) ?? null);
    target[name] = map;
  };
  return { name, read };
}

function readerOf(type: string): ValueReader {
  const known = scalarReaders.get(type) ?? messageReaders.get(type) ?? unionReader(type);
  if (known !== undefined) return known;
  const message = messageTypeOf(type);
  return (value) => readMessage(message, bytesOf(value));
}

interface Union {
  /** Number of the field that holds a schema. */
  readonly schema: number;
  readonly other: (fields: readonly WireField[]) => Json | undefined;
}

const allOf = (fields: readonly WireField[], number: number): WireField['value'][] =>
  fields.filter((field) => field.number === number).map(({ value }) => value);

/** Parts of a JSON Schema that are a schema or something else. Source: apiextensions, v1/marshal.go */
const unions: Readonly<Record<string, Union>> = {
  JSONSchemaPropsOrBool: { schema: 2, other: (fields) => allOf(fields, 1).at(-1) === 1n },
  JSONSchemaPropsOrStringArray: { schema: 1, other: (fields) => allOf(fields, 2).map(textOf) },
  JSONSchemaPropsOrArray: { schema: 1, other: (fields) => allOf(fields, 2).map(schemaReader) },
};

const schemaMessage = messageTypeOf(`${extensionsPackage}.JSONSchemaProps`);

const schemaReader = (value: WireField['value']): JsonObject => readMessage(schemaMessage, bytesOf(value));

function unionReader(message: string): ValueReader | undefined {
  const union = message.startsWith(`${extensionsPackage}.`) ? unions[message.slice(extensionsPackage.length + 1)] : undefined;
  if (union === undefined) return undefined;
  return (value) => {
    const fields = [...fieldsOf(bytesOf(value))];
    const schema = allOf(fields, union.schema).at(-1);
    return schema === undefined ? union.other(fields) : schemaReader(schema);
  };
}
