/**
 * How an entry lies in a file that several processes append to without asking one another:
 *
 *     mark (4 bytes) · length of the item (4) · checksum of the item (4) · checksum of these twelve bytes (4) · the item
 *
 * The mark occurs in no item. So a record that was cut off hides nothing of the one behind it. The first whole
 * record of an entry counts, at the place where that entry is next; all others are void.
 */
import { crc32 } from 'node:zlib';
import { DamagedEntry } from '../store.ts';
import type { EntryItem } from '../table.ts';
import { decodeItem, encodeItem } from './item-codec.ts';

/** No byte of UTF-8, so heads need not be searched; frames are. */
const mark = Buffer.from([0xff, 0x48, 0x4c, 0x53]);
const markNumber = mark.readUInt32BE();
const checkedBytes = 12;
const fixedBytes = 16;
/** Disks write these as a whole or not at all. Source: etcd-io/etcd, server/storage/wal/decoder.go, isTornEntry. */
const sectorBytes = 512;

/** `slot`: the log index, under its name in stored records. `marks`: where in the frames a mark has lost its first byte. */
type Head = Omit<EntryItem, 'logIndex' | 'frames'> & { readonly slot: number; readonly marks?: readonly number[] };

export function encodeRecord({ logIndex: slot, frames, ...rest }: EntryItem): Buffer {
  const marks = marksIn(frames);
  const head: Head = { slot, ...rest, ...(marks.length === 0 ? {} : { marks }) };
  const bytes = encodeItem(head, frames, fixedBytes);
  for (const at of marks) bytes[bytes.length - frames.length + at] = 0;
  bytes.writeUInt32BE(markNumber, 0);
  bytes.writeUInt32BE(bytes.length - fixedBytes, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(fixedBytes)), 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, checkedBytes)), checkedBytes);
  return bytes;
}

/** Undefined: there is no whole record at this place. */
export function recordAt(bytes: Buffer, at: number): { readonly item: EntryItem; readonly end: number } | undefined {
  const end = endOf(bytes, at);
  if (end === undefined || end > bytes.length) return undefined;
  const encoded = bytes.subarray(at + fixedBytes, end);
  if (crc32(encoded) !== bytes.readUInt32BE(at + 8)) return undefined;
  const { head, binary } = decodeItem<Head>(encoded, 'a log entry');
  const { slot: logIndex, marks, ...rest } = head;
  return { item: { logIndex, ...rest, frames: marks === undefined ? binary : withMarks(binary, marks) }, end };
}

export interface Found {
  /** The records that count, in the order of their entries; places are those of the file. A damaged one has no length. */
  readonly records: readonly { readonly at: number; readonly length: number }[];
  /** The entry of the last record. */
  readonly newest: EntryItem | undefined;
  /** What is before is settled. What is behind may be half a record that is being written, or will never be. */
  readonly end: number;
}

export interface Window {
  /** Where in the file the bytes begin. */
  readonly at: number;
  /** The entry that comes next. */
  readonly next: number;
  /** Whether the file ends with them. */
  readonly isLast: boolean;
  /** The file was written up to this entry: a later file was begun. */
  readonly writtenUpTo?: number | undefined;
}

/**
 * The records of a stretch of a segment. Bytes that are none are void if the entry that is next comes after them: then
 * none was lost. If a later one does, those in between are damaged. At the end of the file bytes are void if a write that
 * ended too early would leave such.
 */
export function findRecords(bytes: Buffer, window: Window): Found {
  const records: Found['records'][number][] = [];
  let newest: EntryItem | undefined;
  let settled = 0;
  for (let at = 0; at !== -1 && at < bytes.length;) {
    const record = recordAt(bytes, at);
    if (record === undefined) {
      at = bytes.indexOf(mark, at + 1);
      continue;
    }
    const next = window.next + records.length;
    const { logIndex } = record.item;
    // A process writes an entry when it has seen the one before: that one was here.
    for (let lost = next; lost < logIndex; lost += 1) records.push({ at: window.at + settled, length: 0 });
    if (logIndex >= next) {
      records.push({ at: window.at + at, length: record.end - at });
      newest = record.item;
    }
    // Who came too late proves nothing about what was before.
    if (logIndex >= next || settled === at) settled = record.end;
    at = record.end;
  }
  const lastWritten = window.isLast ? window.writtenUpTo : undefined;
  for (let lost = window.next + records.length; lost <= (lastWritten ?? 0); lost += 1) records.push({ at: window.at + settled, length: 0 });
  if (lastWritten !== undefined) settled = bytes.length;
  if (window.isLast && settled < bytes.length && !isTorn(bytes, settled, window.at))
    throw new DamagedEntry(window.next + records.length, damagedRecord);
  return { records, newest, end: window.at + settled };
}

export const damagedRecord = 'its checksum is wrong';

/** Undefined: no record begins here. */
function endOf(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < fixedBytes || bytes.readUInt32BE(at) !== markNumber) return undefined;
  if (crc32(bytes.subarray(at, at + checkedBytes)) !== bytes.readUInt32BE(at + checkedBytes)) return undefined;
  return at + fixedBytes + bytes.readUInt32BE(at + 4);
}

/** Whether the record that begins here lacks a sector, or was cut off: by the end of the file, or by another record. */
function isTorn(bytes: Buffer, at: number, fileAt: number): boolean {
  const end = endOf(bytes, at);
  const leastEnd = end ?? at + fixedBytes;
  const nextMark = bytes.indexOf(mark, at + 1);
  if (leastEnd > bytes.length || (nextMark !== -1 && nextMark < leastEnd)) return true;
  const until = end ?? (nextMark === -1 ? bytes.length : nextMark);
  for (let from = at; from < until;) {
    const to = Math.min(until, from + sectorBytes - ((fileAt + from) % sectorBytes));
    if (bytes.subarray(from, to).every((byte) => byte === 0)) return true;
    from = to;
  }
  return false;
}

function marksIn(frames: Uint8Array): number[] {
  const bytes = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  const marks: number[] = [];
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) marks.push(at);
  return marks;
}

function withMarks(frames: Uint8Array, marks: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(frames);
  for (const at of marks) bytes.set(mark.subarray(0, 1), at);
  return bytes;
}
