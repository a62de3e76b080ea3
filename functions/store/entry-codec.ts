/**
 * The changes of one entry as bytes: checksum of the rest (4 bytes), length of the heads (4 bytes), heads as JSON. The
 * bodies follow one after the other. A frame's revision is the entry's first plus its place.
 */
import { crc32 } from 'node:zlib';
import type { Key } from '../kube/view.ts';
import type { FormatState } from './format.ts';
import type { Selectable } from './store.ts';
import { DamagedEntry, StoreError } from './store.ts';
import type { EntryItem } from './table.ts';

export interface ChangeFrame {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly key: Key;
  readonly uid: string;
  /** The object's revision before; 0 for `added`. */
  readonly previousRevision: number;
  /** The selectable fields before; only when the change altered them. */
  readonly previous?: Selectable;
  /** The blob that held the body of the previous revision. */
  readonly previousBlob?: string;
  readonly body: Uint8Array;
}

/** From here on, revisions below this one cannot be read any more. Always alone in its entry. */
interface CompactionFrame {
  readonly type: 'compaction';
  readonly compactRevision: number;
}

/** From here on, the store is written so. Always alone in its entry; versions that do not know the frame stop at it. */
interface FormatFrame {
  readonly type: 'format';
  readonly format: FormatState;
}

/** What stands alone in an entry and changes no object. */
export type MarkFrame = CompactionFrame | FormatFrame;

export type Frame = ChangeFrame | MarkFrame;

export const isMark = (frame: { readonly type: string }): frame is MarkFrame => frame.type === 'compaction' || frame.type === 'format';

const letters = { added: 'A', modified: 'M', deleted: 'D' } as const;
const types = { A: 'added', M: 'modified', D: 'deleted' } as const;

/**
 * Letter, then for a change: resource, namespace, name, uid, previous revision, length of the body, previous selectable and
 * blob; for a format: what is written, the oldest, and the version that it needs.
 */
type Head =
  | readonly ['A' | 'M' | 'D', string, string, string, string, number, number, (Selectable | null)?, string?]
  | readonly ['F', number]
  | readonly ['V', number, number, string?];

const fixedBytes = 8;

export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  const heads = Buffer.from(JSON.stringify(frames.map(headOf)));
  const bodies = frames.map((frame) => (isMark(frame) ? new Uint8Array() : frame.body));
  const fixed = Buffer.alloc(fixedBytes);
  fixed.writeUInt32BE(heads.length, 4);
  const bytes = Buffer.concat([fixed, heads, ...bodies]);
  bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

function headOf(frame: Frame): Head {
  if (frame.type === 'compaction') return ['F', frame.compactRevision];
  if (frame.type === 'format') return formatHead(frame.format);
  const { key, uid, previousRevision, body, previous, previousBlob } = frame;
  const head = [letters[frame.type], key.resource, key.namespace, key.name, uid, previousRevision, body.length] as const;
  if (previousBlob !== undefined) return [...head, previous ?? null, previousBlob];
  return previous === undefined ? head : [...head, previous];
}

/** How much of an entry a change takes besides its body. */
export const headBytes = (frame: Frame): number => Buffer.byteLength(JSON.stringify(headOf(frame)));

const formatHead = ({ writes, oldest, needs }: FormatState): Head =>
  needs === undefined ? ['V', writes, oldest] : ['V', writes, oldest, needs];

function formatFrame([, writes, oldest, needs]: Extract<Head, readonly ['V', ...unknown[]]>): FormatFrame {
  return { type: 'format', format: { writes, oldest, ...(needs === undefined ? {} : { needs }) } };
}

/** Throws `DamagedEntry`. */
export function decodeFrames(item: EntryItem): Frame[] {
  if (item.damage !== undefined) throw item.damage;
  const bytes = Buffer.from(item.frames.buffer, item.frames.byteOffset, item.frames.byteLength);
  if (bytes.length < fixedBytes || crc32(bytes.subarray(4)) !== bytes.readUInt32BE(0)) throw corrupt(item, 'its checksum is wrong');
  const headsEnd = fixedBytes + bytes.readUInt32BE(4);
  const heads = JSON.parse(bytes.subarray(fixedBytes, headsEnd).toString()) as readonly Head[];
  if (heads.length !== item.count) throw corrupt(item, `it holds ${heads.length} changes, not ${item.count}`);
  let position = headsEnd;
  return heads.map((head) => {
    if (head[0] === 'F') return { type: 'compaction', compactRevision: head[1] };
    if (head[0] === 'V') return formatFrame(head);
    const [letter, resource, namespace, name, uid, previousRevision, length, previous, previousBlob] = head;
    if (!Object.hasOwn(types, letter))
      throw new StoreError('wrong-format', `log entry ${item.logIndex} holds a change of the unknown type ${letter}`);
    const body = bytes.subarray(position, position + length);
    position += length;
    const frame = { type: types[letter], key: { resource, namespace, name }, uid, previousRevision, body };
    return { ...frame, ...(previous ? { previous } : {}), ...(previousBlob === undefined ? {} : { previousBlob }) };
  });
}

/** Undefined for a damaged entry. */
export function readableFrames(item: EntryItem): Frame[] | undefined {
  try {
    return decodeFrames(item);
  } catch (error) {
    if (error instanceof DamagedEntry) return undefined;
    throw error;
  }
}

const corrupt = (item: EntryItem, why: string): StoreError => new DamagedEntry(item.logIndex, why);
