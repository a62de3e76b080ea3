/**
 * Request bodies in `application/vnd.kubernetes.protobuf`, which clients of 1.32 and later send: decoded by the table
 * of all messages into what the same object would be in JSON. We never answer in protobuf: every client that sends it
 * also takes JSON. Source: apimachinery, pkg/runtime/serializer/protobuf/protobuf.go.
 */
import { DocumentError } from './document-error.ts';
import { generatedTable } from './generated-table.ts';
import type { Json, JsonObject } from './object.ts';
import { ownField, setOwn } from './own-field.ts';
import { ProtobufError, fieldsOf, packedVarints, type WireField } from './protobuf-reader.ts';
import type { ValueReader } from './protobuf-scalars.ts';
import { bytesOf, messageReaders, scalarReaders, textOf } from './protobuf-scalars.ts';
import { definitionOf, schemaFor } from './schema-definitions.ts';
import { badRequest } from './status-error.ts';
import { isZero, omitsZero } from './zero-values.ts';

type FieldTable = Readonly<Record<string, readonly (number | string)[]>>;

const messages = generatedTable<FieldTable>('protobuf');

/** `k8s` and a zero byte come before every message. */
const magic = [0x6b, 0x38, 0x73, 0x00];
const unknownMessage = 'k8s.io.apimachinery.pkg.runtime.Unknown';

/** Parts of a protobuf package's name have no dashes. */
const messageNameOf = (schemaName: string): string => schemaName.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
const schemaNameOf = (message: string): string =>
  message
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replace('.apiextensions_apiserver.', '.apiextensions-apiserver.')
    .replace('.kube_aggregator.', '.kube-aggregator.');

export interface ProtobufObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** With `apiVersion` and `kind`. */
  readonly object: JsonObject;
}

/** Throws 400 when the bytes are no object of a known kind. */
export function decodeProtobuf(bytes: Uint8Array): ProtobufObject {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw new DocumentError(`provided data does not appear to be a protobuf message, expected prefix [${magic.join(' ')}]`);
  }
  try {
    return decodeUnknown(bytes.subarray(magic.length));
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw badRequest(error.message);
  }
}

/** The envelope: what is inside, and the bytes of it. */
function decodeUnknown(bytes: Uint8Array): ProtobufObject {
  const { typeMeta, raw, contentEncoding = '' } = readMessage(unknownMessage, '', bytes);
  const { apiVersion, kind } = typeof typeMeta === 'object' && typeMeta !== null && !Array.isArray(typeMeta) ? typeMeta : {};
  if (typeof apiVersion !== 'string' || typeof kind !== 'string')
    throw new ProtobufError("Object 'Kind' is missing in the protobuf envelope");
  if (contentEncoding !== '') throw new ProtobufError(`unsupported content encoding ${JSON.stringify(contentEncoding)}`);
  const schemaName = schemaFor(apiVersion, kind);
  const message = messageNameOf(schemaName ?? '');
  if (schemaName === undefined || !messages().has(message)) {
    throw new ProtobufError(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  const content = Buffer.from(typeof raw === 'string' ? raw : '', 'base64');
  return { apiVersion, kind, object: { apiVersion, kind, ...readMessage(message, schemaName, content) } };
}

interface Field {
  /** Name in JSON. */
  readonly name: string;
  readonly read: (value: bigint | Uint8Array, target: JsonObject) => void;
}

type MessageFields = ReadonlyMap<number, Field>;

const compiled = new Map<string, MessageFields>();

/** Fields by number. A message whose fields Go inlines into another struct counts as part of that struct's schema. */
function fieldsByNumber(message: string, schemaName: string): MessageFields {
  const key = `${message} ${schemaName}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const fields = new Map<number, Field>();
  compiled.set(key, fields);
  for (const [name, [number, type]] of Object.entries(messages().get(message) ?? {})) {
    fields.set(Number(number), fieldOf({ message, schemaName, name, type: String(type) }));
  }
  return fields;
}

function readMessage(message: string, schemaName: string, bytes: Uint8Array): JsonObject {
  const result: JsonObject = {};
  readInto(result, fieldsByNumber(message, schemaName), bytes);
  return result;
}

function readInto(target: JsonObject, fields: MessageFields, bytes: Uint8Array): void {
  // Fields that we do not know are from a newer client, and dropped.
  for (const { number, value } of fieldsOf(bytes)) fields.get(number)?.read(value, target);
}

interface FieldSpec {
  readonly message: string;
  readonly schemaName: string;
  readonly name: string;
  readonly type: string;
}

function fieldOf(spec: FieldSpec): Field {
  const { message, schemaName, type } = spec;
  const name = jsonName(schemaName, spec.name);
  if (name === undefined) return inlinedField(absolute(type, message), schemaName);
  const map = /^map<string,(.+)>$/.exec(type)?.[1];
  if (map !== undefined) return mapField(name, readerOf(map, message));
  if (type.startsWith('[]')) return listField(name, type.slice(2), message);
  return singleField(name, readerOf(type, message), omitsZero(schemaName, name));
}

/** The field's name in the schema, which differs in case at times; undefined when Go inlines the field. */
function jsonName(schemaName: string, name: string): string | undefined {
  const { properties } = definitionOf(schemaName);
  if (properties === undefined) return name;
  // JSON Schema has names that Go's fields cannot have.
  const spelled = [name, `$${name}`, name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)];
  const found = spelled.find((one) => Object.hasOwn(properties, one));
  if (found !== undefined) return found;
  return Object.keys(properties).find((other) => other.toLowerCase() === name.toLowerCase());
}

function inlinedField(message: string, schemaName: string): Field {
  return { name: '', read: (value, target) => readInto(target, fieldsByNumber(message, schemaName), bytesOf(value)) };
}

function singleField(name: string, reader: ValueReader, omits: boolean): Field {
  const read: Field['read'] = (value, target) => {
    const json = reader(value);
    if (json !== undefined && !(omits && isZero(json))) target[name] = json;
  };
  return { name, read };
}

function listField(name: string, type: string, message: string): Field {
  const reader = readerOf(type, message);
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
    const map: JsonObject = typeof current === 'object' && current !== null && !Array.isArray(current) ? current : {};
    setOwn(map, key, reader(entry) ?? null);
    target[name] = map;
  };
  return { name, read };
}

/** `.k8s.io.x` is absolute; a bare name is of the message's own package. */
const absolute = (type: string, message: string): string =>
  type.startsWith('.') ? type.slice(1) : message.slice(0, message.lastIndexOf('.') + 1) + type;

function readerOf(type: string, message: string): ValueReader {
  const scalar = scalarReaders.get(type);
  if (scalar !== undefined) return scalar;
  const name = absolute(type, message);
  const known = messageReaders.get(name) ?? unionReader(name);
  if (known !== undefined) return known;
  const schemaName = schemaNameOf(name);
  return (value) => readMessage(name, schemaName, bytesOf(value));
}

const extensions = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1';

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

function schemaReader(value: WireField['value']): JsonObject {
  const name = `${extensions}.JSONSchemaProps`;
  return readMessage(name, schemaNameOf(name), bytesOf(value));
}

function unionReader(message: string): ValueReader | undefined {
  const union = message.startsWith(`${extensions}.`) ? unions[message.slice(extensions.length + 1)] : undefined;
  if (union === undefined) return undefined;
  return (value) => {
    const fields = [...fieldsOf(bytesOf(value))];
    const schema = allOf(fields, union.schema).at(-1);
    return schema === undefined ? union.other(fields) : schemaReader(schema);
  };
}
