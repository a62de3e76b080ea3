/**
 * The version 2 document as a protobuf message: kubectl until 1.28, and whatever else reads it by client-go, takes no
 * other form. `document-v2-messages.json` describes the messages: name of a field in JSON → its number on the wire, the
 * numbers of the messages that are wrapped around its value and have nothing else in them, and the value's type.
 * Source: google/gnostic-models, openapiv2/OpenAPIv2.proto.
 */
import protobuf from 'protobufjs/minimal.js';
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';
import table from './document-v2-messages.json' with { type: 'json' };

type Writer = protobuf.Writer;
type Wire = readonly (number | string)[];
type WireNumber = Wire[number] | undefined;
type Message = Readonly<Record<string, Wire>>;

/** Which message a value is depends on one of its properties. */
interface Choice {
  readonly property: string;
  readonly alternatives: Readonly<Record<string, Wire>>;
}

const messages = new Map<string, Message>(Object.entries(table.messages));
const choices = new Map<string, Choice>(Object.entries(table.choices));

/** Throws when the document holds a field that the table does not have. */
export function documentV2Protobuf(document: JsonObject): Uint8Array<ArrayBuffer> {
  const writer = protobuf.Writer.create();
  writeMessage(writer, 'Document', document);
  return new Uint8Array(writer.finish());
}

function writeMessage(writer: Writer, type: string, value: JsonObject): void {
  const choice = choices.get(type);
  if (choice !== undefined) return writeValue(writer, alternativeOf(choice, value), value);
  const message = messages.get(type) ?? {};
  for (const [name, part] of Object.entries(value)) {
    if (Object.hasOwn(message, name)) writeValue(writer, message[name] ?? [], part);
    else writeEntry(writer, entryOf(message, name), { name, part });
  }
}

function alternativeOf({ property, alternatives }: Choice, value: JsonObject): Wire {
  const found = alternatives[textOf(value[property] ?? '')];
  if (found === undefined) throw new Error(`no message for ${property} ${JSON.stringify(value[property])}`);
  return found;
}

/** Names that authors give end in `*` in the table. */
function entryOf(message: Message, name: string): Wire {
  const pattern = Object.keys(message).find((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
  const wire = pattern === undefined ? undefined : message[pattern];
  if (wire === undefined) throw new Error(`no field for ${JSON.stringify(name)} among ${Object.keys(message).join(', ')}`);
  return wire;
}

/** Protobuf has no maps that keep their order: an entry is a message of its name and its value. */
function writeEntry(writer: Writer, [number, ...value]: Wire, { name, part }: { name: string; part: Json }): void {
  writeNested(writer, number, () => {
    writer.uint32(tag(1, bytes)).string(name);
    writeValue(writer, value, part);
  });
}

function writeValue(writer: Writer, [number, ...inner]: Wire, value: Json): void {
  if (inner.length > 1) return writeNested(writer, number, () => writeValue(writer, inner, value));
  const type = String(inner[0]);
  if (type.startsWith('[]')) {
    for (const item of Array.isArray(value) ? value : [value]) writeItem(writer, { number, type: type.slice(2) }, item);
  } else if (value !== scalars.get(type)?.zero) {
    writeItem(writer, { number, type }, value);
  }
}

function writeItem(writer: Writer, { number, type }: { number: WireNumber; type: string }, value: Json): void {
  const scalar = scalars.get(type);
  if (scalar !== undefined) {
    scalar.write(writer.uint32(tag(number, scalar.wireType)), value);
  } else if (isJsonObject(value)) {
    writeNested(writer, number, () => writeMessage(writer, type, value));
  } else {
    throw new Error(`${JSON.stringify(value)} is no ${type}`);
  }
}

function writeNested(writer: Writer, number: WireNumber, write: () => void): void {
  writer.uint32(tag(number, bytes)).fork();
  write();
  writer.ldelim();
}

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const [varint, fixed64, bytes] = [0, 1, 2];
const tag = (number: WireNumber, wireType: number): number => Number(number) * 8 + wireType;

interface Scalar {
  readonly wireType: number;
  /** What is read where nothing was written. */
  readonly zero?: Json;
  write(writer: Writer, value: Json): void;
}

const scalars: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ['string', { wireType: bytes, zero: '', write: (writer, value) => void writer.string(textOf(value)) }],
  ['bool', { wireType: varint, zero: false, write: (writer, value) => void writer.bool(value === true) }],
  ['int64', { wireType: varint, zero: 0, write: (writer, value) => void writer.int64(Number(value)) }],
  ['double', { wireType: fixed64, zero: 0, write: (writer, value) => void writer.double(Number(value)) }],
  // A value of any shape is a text of YAML, and JSON is YAML.
  ['Any', { wireType: bytes, write: (writer, value) => void writer.fork().uint32(tag(2, bytes)).string(JSON.stringify(value)).ldelim() }],
]);
