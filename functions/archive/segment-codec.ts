/**
 * A segment of an archive as bytes:
 *
 *     HIBA  version (1 byte)  length of the index (4 bytes)  the index, JSON in zstd  chunks, each in zstd
 *
 * The index names every change. Bodies stand in the chunks object by object, so that versions of one object compress each
 * other; a reader inflates the chunks of the bodies that it needs.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { StoreError } from '../store/store.ts';
import type { ChunkCache } from './chunk-cache.ts';
import type { ArchivedBody, ArchivedChange, LogPosition, Step } from './step.ts';

const magic = Buffer.from('HIBA');
const version = 1;
const headBytes = magic.length + 1 + 4;
/** The size of a chunk before it is compressed; one body may be larger. */
const chunkBytes = 256 * 1024;
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 6 } };
/** A file of an archive names how long its chunks are: no more is inflated. */
const chunkBytesMax = 16 * 1024 * 1024;

type PositionRow = readonly [logIndex: number, revision: number, timeMs: number];
type KeyRow = readonly [resource: string, namespace: string, name: string, uid: string];

/** Columns of numbers: they compress better than rows. */
interface Index {
  /** The name of the segment's entry: equal contents of two entries are two files. */
  readonly name: string;
  readonly after: PositionRow;
  readonly steps: readonly (readonly [...PositionRow, changes: number])[];
  readonly keys: readonly KeyRow[];
  readonly keyFiles: readonly string[];
  /** The type of each change: one letter of `types`. */
  readonly types: string;
  readonly key: readonly number[];
  /** Each one's distance from the one before. */
  readonly revision: readonly number[];
  /** In the order of the changes. */
  readonly bodyBytes: readonly number[];
  /** For each sealed body: the index of its change, and the index of its file in `keyFiles`. */
  readonly sealed: readonly (readonly [change: number, keyFile: number])[];
  readonly chunks: readonly (readonly [bodies: number, bytes: number, inflated: number])[];
}

const types = { added: 'A', modified: 'M', deleted: 'D' } as const;
const typeOf = { A: 'added', M: 'modified', D: 'deleted' } as const;

const rowOf = ({ logIndex, revision, timeMs }: LogPosition): PositionRow => [logIndex, revision, timeMs];
const placeOf = ([logIndex, revision, timeMs]: readonly [number, number, number, ...unknown[]]): LogPosition => ({
  logIndex,
  revision,
  timeMs,
});

/** The changes' numbers, object by object. */
const bodyOrder = (keys: readonly number[]): number[] =>
  keys.map((_key, index) => index).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);

export interface SegmentContent {
  /** The place that the first step follows. */
  readonly after: LogPosition;
  readonly steps: readonly Step[];
}

/** `name`: of the entry that it is made for. */
export function encodeSegment({ after, steps }: SegmentContent, name: string): Uint8Array {
  const changes = steps.flatMap((step) => step.changes);
  const { keys, key } = keyColumns(changes);
  const keyFiles = [...new Set(changes.flatMap(({ body }) => (body.kind === 'sealed' ? [body.keyFile] : [])))];
  const chunks = chunked(bodyOrder(key).map((index) => changes[index]?.body.bytes ?? new Uint8Array()));
  const index: Index = {
    name,
    after: rowOf(after),
    steps: steps.map((step) => [...rowOf(step.place), step.changes.length]),
    keys,
    keyFiles,
    types: changes.map(({ type }) => types[type]).join(''),
    key,
    revision: changes.map(({ revision }, place) => revision - (changes[place - 1]?.revision ?? 0)),
    bodyBytes: changes.map(({ body }) => body.bytes.length),
    sealed: changes.flatMap(({ body }, change) => (body.kind === 'sealed' ? [[change, keyFiles.indexOf(body.keyFile)] as const] : [])),
    chunks: chunks.map(({ bodies, inflated, bytes }) => [bodies, bytes.length, inflated]),
  };
  const encoded = zstdCompressSync(Buffer.from(JSON.stringify(index)), compression);
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt8(version, magic.length);
  head.writeUInt32BE(encoded.length, magic.length + 1);
  return Buffer.concat([head, encoded, ...chunks.map(({ bytes }) => bytes)]);
}

function keyColumns(changes: readonly ArchivedChange[]): { readonly keys: readonly KeyRow[]; readonly key: readonly number[] } {
  const places = new Map<string, number>();
  const keys: KeyRow[] = [];
  const key = changes.map(({ key: { resource, namespace, name }, uid }) => {
    const row: KeyRow = [resource, namespace, name, uid];
    const text = JSON.stringify(row);
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, keys.length);
    return keys.push(row) - 1;
  });
  return { keys, key };
}

interface Chunk {
  readonly bodies: number;
  readonly inflated: number;
  readonly bytes: Buffer;
}

function chunked(bodies: readonly Uint8Array[]): Chunk[] {
  const chunks: Chunk[] = [];
  let open: Uint8Array[] = [];
  let size = 0;
  const close = (): void => {
    if (open.length > 0) chunks.push({ bodies: open.length, inflated: size, bytes: zstdCompressSync(Buffer.concat(open), compression) });
    open = [];
    size = 0;
  };
  for (const body of bodies) {
    if (size + body.length > chunkBytes) close();
    open.push(body);
    size += body.length;
  }
  close();
  return chunks;
}

/** Where a body lies. */
interface BodyPlace {
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
}

interface ChunkPlace {
  readonly from: number;
  readonly to: number;
  readonly inflated: number;
}

/** A segment that was read. Bodies are inflated when they are asked for. */
export class Segment implements SegmentContent {
  readonly after: LogPosition;
  readonly steps: readonly Step[];
  readonly #bytes: Buffer;
  readonly #chunks: readonly ChunkPlace[];
  readonly #cache: ChunkCache;
  readonly #where: string;

  /** Throws StoreError `corrupt` or `wrong-format`; `where` names the file. */
  constructor(bytes: Uint8Array, cache: ChunkCache, where: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#cache = cache;
    this.#where = where;
    const { index, end } = this.#index();
    this.after = placeOf(index.after);
    this.#chunks = chunkPlaces(index, end);
    this.steps = this.#steps(index);
  }

  get last(): LogPosition {
    return this.steps.at(-1)?.place ?? this.after;
  }

  #index(): { readonly index: Index; readonly end: number } {
    const bytes = this.#bytes;
    if (bytes.length < headBytes || !bytes.subarray(0, magic.length).equals(magic)) throw this.#damaged('it is no segment');
    const found = bytes.readUInt8(magic.length);
    if (found !== version)
      throw new StoreError('wrong-format', `${this.#where} has version ${found}; this version of hibernetes reads ${version}`);
    const end = headBytes + bytes.readUInt32BE(magic.length + 1);
    const text = this.#readable(() => zstdDecompressSync(bytes.subarray(headBytes, end)).toString());
    return { index: this.#readable(() => JSON.parse(text) as Index), end };
  }

  #steps(index: Index): Step[] {
    const places = bodyPlaces(index);
    const sealed = new Map(index.sealed);
    let change = 0;
    let revision = 0;
    return index.steps.map((row) => {
      const changes: ArchivedChange[] = [];
      for (const end = change + row[3]; change < end; change += 1) {
        revision += index.revision[change] ?? 0;
        changes.push(this.#change({ index, change, revision, place: places[change], keyFile: index.keyFiles[sealed.get(change) ?? -1] }));
      }
      return { place: placeOf(row), changes };
    });
  }

  #change({ index, change, revision, place, keyFile }: ChangePlace): ArchivedChange {
    const row = index.keys[index.key[change] ?? -1];
    const letter = index.types[change];
    if (row === undefined || place === undefined || (letter !== 'A' && letter !== 'M' && letter !== 'D'))
      throw this.#damaged(`change ${change} is incomplete`);
    const [resource, namespace, name, uid] = row;
    const bytesOf = (): Uint8Array => this.#body(place);
    const body: ArchivedBody =
      keyFile === undefined
        ? {
            kind: 'json',
            get bytes() {
              return bytesOf();
            },
          }
        : {
            kind: 'sealed',
            get bytes() {
              return bytesOf();
            },
            keyFile,
          };
    return { type: typeOf[letter], key: { resource, namespace, name }, uid, revision, body };
  }

  #body({ chunk, from, to }: BodyPlace): Uint8Array {
    const place = this.#chunks[chunk];
    if (place === undefined) throw this.#damaged(`chunk ${chunk} is missing`);
    return this.#cache.get(this, chunk, () => this.#inflated(place)).subarray(from, to);
  }

  #inflated({ from, to, inflated }: ChunkPlace): Buffer {
    if (inflated > chunkBytesMax) throw this.#damaged('a chunk is too large');
    const bytes = this.#readable(() => zstdDecompressSync(this.#bytes.subarray(from, to), { maxOutputLength: inflated }));
    if (bytes.length !== inflated) throw this.#damaged('a chunk is cut off');
    return bytes;
  }

  #readable<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof StoreError || !(error instanceof Error)) throw error;
      throw new StoreError('corrupt', `${this.#where} cannot be read: ${error.message}`, { cause: error });
    }
  }

  #damaged(why: string): StoreError {
    return new StoreError('corrupt', `${this.#where} cannot be read: ${why}`);
  }
}

interface ChangePlace {
  readonly index: Index;
  readonly change: number;
  readonly revision: number;
  readonly place: BodyPlace | undefined;
  readonly keyFile: string | undefined;
}

function chunkPlaces({ chunks }: Index, first: number): ChunkPlace[] {
  let from = first;
  return chunks.map(([, bytes, inflated]) => {
    const place = { from, to: from + bytes, inflated };
    from = place.to;
    return place;
  });
}

/** In the order of the changes. */
function bodyPlaces({ key, bodyBytes, chunks }: Index): BodyPlace[] {
  const places: BodyPlace[] = [];
  let chunk = 0;
  let left = chunks[0]?.[0] ?? 0;
  let from = 0;
  for (const change of bodyOrder(key)) {
    if (left === 0) {
      chunk += 1;
      left = chunks[chunk]?.[0] ?? 0;
      from = 0;
    }
    const to = from + (bodyBytes[change] ?? 0);
    places[change] = { chunk, from, to };
    from = to;
    left -= 1;
  }
  return places;
}
