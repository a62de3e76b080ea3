/**
 * What is held of an object: its compressed body, off the heap. The JSON and the parsed object are made when a reader
 * asks, and kept as long as there is room. While the object is kept every reader gets the same one; later, an equal one.
 */
import { labelsOf, type KubeObject } from '../kube/object.ts';
import { UnreadableObject } from '../kube/unreadable-object.ts';
import type { Key, Stored } from '../kube/view.ts';
import { inflateBody, jsonLength, parseBody } from './body.ts';
import { DecodedCache, emptyCell, type CacheCell } from './decoded-cache.ts';
import { firstFormat } from './format.ts';
import { defaultLimits, type StoreLimits } from './limits.ts';
import { type Change, type ChangeType, type Selectable, StoreError } from './store.ts';

/** The fields of an object that selectors may name. */
export type SelectableFields = (resource: string, object: KubeObject) => Record<string, string>;

/** What one of the two costs besides its bytes. */
const placeBytes = 200;

export type DecoderLimits = Pick<StoreLimits, 'parsedBytesMax' | 'textBytesMax'>;

/** Whether this is about the bytes of one body. Formats that a later version writes are refused before a body is read. */
export const isDamage = (error: unknown): error is StoreError =>
  error instanceof StoreError && (error.code === 'corrupt' || error.code === 'wrong-format');

/** Called once for each state of an object that turns out to be damaged. */
export type FoundDamage = (damage: UnreadableObject) => void;

/** The room for what is decoded, of all objects of a store, or of several. */
class Room {
  readonly objects: DecodedCache<KubeObject>;
  readonly texts: DecodedCache<Buffer>;
  inflated = 0;
  parsed = 0;

  constructor({ parsedBytesMax, textBytesMax }: DecoderLimits) {
    this.objects = new DecodedCache(parsedBytesMax);
    this.texts = new DecodedCache(textBytesMax);
  }
}

/** What is decoded at the moment. */
export class Decoder {
  readonly #room: Room;
  /** Gets each state of an object that turns out to be damaged, once. */
  readonly found: FoundDamage;

  constructor(limits: DecoderLimits | Room = defaultLimits, found: FoundDamage = () => undefined) {
    this.#room = limits instanceof Room ? limits : new Room(limits);
    this.found = found;
  }

  /** Shares the room of this one. */
  reportingTo(found: FoundDamage): Decoder {
    return new Decoder(this.#room, found);
  }

  /** How often there was something to do so far, and how much is kept of it. */
  get counts(): { readonly inflated: number; readonly parsed: number; readonly keptBytes: number } {
    const { inflated, parsed, objects, texts } = this.#room;
    return { inflated, parsed, keptBytes: objects.bytes + texts.bytes };
  }

  text(cell: CacheCell<Buffer>, stored: StoredObject): Buffer {
    cell.isUsed = true;
    if (cell.value !== undefined) return cell.value;
    const text = this.#inflate(stored);
    this.#room.texts.offer(cell, ownBytes(text), text.length + placeBytes);
    return text;
  }

  keepText(cell: CacheCell<Buffer>, text: Buffer): void {
    this.#room.texts.put(cell, ownBytes(text), text.length + placeBytes);
  }

  /** `text`: if it is there. If not, it is made, but not kept: who wants objects rarely wants their text. */
  object(cell: CacheCell<KubeObject>, stored: StoredObject, text: Buffer | undefined): KubeObject {
    cell.isUsed = true;
    if (cell.value !== undefined) return cell.value;
    const json = text ?? this.#inflate(stored);
    this.#room.parsed += 1;
    const object = parseBody(json, whereOf(stored));
    this.#room.objects.put(cell, object, json.length + placeBytes);
    return object;
  }

  #inflate(stored: StoredObject): Buffer {
    this.#room.inflated += 1;
    return inflateBody(stored.body, whereOf(stored));
  }
}

const whereOf = ({ key, revision }: StoredObject): string => `${key.resource} ${key.namespace}/${key.name} at revision ${revision}`;

/** The bytes in memory of their own, unless what they are a part of is hardly larger. */
export function ownBytes(bytes: Uint8Array): Buffer {
  const { buffer, byteOffset, byteLength } = bytes;
  if (buffer.byteLength <= byteLength * 1.25) return Buffer.from(buffer, byteOffset, byteLength);
  const own = Buffer.allocUnsafeSlow(byteLength);
  own.set(bytes);
  return own;
}

interface Held {
  readonly key: Key;
  readonly revision: number;
  readonly body: Uint8Array;
  /** The JSON in the body, from the one who has just made it. */
  readonly text?: Buffer;
  readonly blob?: string | undefined;
  /** The format of the body in the table; default: the first one. */
  readonly format?: number;
  /** The envelope of a body that is sealed in the table. */
  readonly envelope?: Uint8Array | undefined;
  /** Why the body cannot be read; it is then as the table has it. */
  readonly damage?: StoreError | undefined;
}

export class StoredObject implements Stored {
  readonly key: Key;
  readonly revision: number;
  /** As it stands in the log, but always in the newest format; where it could not even be opened, as the table has it. */
  readonly body: Uint8Array;
  /** The format that it has in the table. */
  readonly format: number;
  readonly envelope: Uint8Array | undefined;
  /** Where the body lies, if not in its item. The committer learns that late. */
  blob: string | undefined;
  readonly #decoder: Decoder;
  #text: CacheCell<Buffer> | undefined;
  #object: CacheCell<KubeObject> | undefined;
  #damage: UnreadableObject | undefined;

  constructor({ key, revision, body, text, blob, format = firstFormat, envelope, damage }: Held, decoder: Decoder) {
    this.key = key;
    this.revision = revision;
    this.body = ownBytes(body);
    this.format = format;
    this.envelope = envelope;
    this.blob = blob;
    this.#decoder = decoder;
    if (text !== undefined) decoder.keepText((this.#text = emptyCell()), text);
    if (damage !== undefined) this.#isFound(damage);
  }

  /** As far as it is known by now: a body is read when a reader asks for it. */
  get damage(): UnreadableObject | undefined {
    return this.#damage;
  }

  get object(): KubeObject {
    return this.#read(() => this.#decoder.object((this.#object ??= emptyCell()), this, this.#text?.value));
  }

  get jsonLength(): number {
    if (this.#damage !== undefined) throw this.#damage;
    return jsonLength(this.body) ?? this.json().length;
  }

  json(): Buffer {
    return this.#read(() => this.#decoder.text((this.#text ??= emptyCell()), this));
  }

  #read<T>(read: () => T): T {
    if (this.#damage !== undefined) throw this.#damage;
    try {
      return read();
    } catch (error) {
      if (!isDamage(error)) throw error;
      throw this.#isFound(error);
    }
  }

  #isFound(error: StoreError): UnreadableObject {
    this.#damage = new UnreadableObject(this, error);
    this.#decoder.found(this.#damage);
    return this.#damage;
  }
}

interface HeldChange extends Held {
  readonly type: ChangeType;
  /** The selectable fields before; only when the change altered them. */
  readonly previous?: Selectable | undefined;
}

export class StoredChange extends StoredObject implements Change {
  readonly type: ChangeType;
  readonly #altered: Selectable | undefined;
  readonly #fields: SelectableFields;

  constructor(held: HeldChange, decoder: Decoder, fields: SelectableFields) {
    super(held, decoder);
    this.type = held.type;
    this.#altered = held.previous;
    this.#fields = fields;
  }

  /** What the log leaves out did not change. */
  get previous(): Selectable | undefined {
    if (this.type === 'added') return undefined;
    return this.#altered ?? selectable(this.key.resource, this.object, this.#fields);
  }
}

export function selectable(resource: string, object: KubeObject, fields: SelectableFields): Selectable {
  return { labels: labelsOf(object), fields: fields(resource, object) };
}
