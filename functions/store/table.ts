/**
 * The port to whatever keeps the bytes. One table holds one cluster. Every method is one conditional request or one
 * range read, so that a key-value service can implement it; conditions are named in the comments, and their failure is
 * an outcome, not an exception. Reads are strongly consistent; a read that fails throws `StoreError` 'unavailable'.
 *
 * Each call is tried once and answers within about a second: it is the store that knows what may be sent again.
 */

import type { FormatState } from './format.ts';
import { DamagedEntry } from './store.ts';

/** An entry of the log: written once, holding the changes committed together. */
export interface EntryItem {
  /** Its place in the log, dense from 1. */
  readonly logIndex: number;
  readonly firstRevision: number;
  /** How many revisions it holds, at least 1. */
  readonly count: number;
  /** By it the writer knows whether an entry that exists is its own. */
  readonly nonce: string;
  readonly writtenMs: number;
  /** The changes, as `entry-codec.ts` writes them. */
  readonly frames: Uint8Array;
  /** Only its index is known: the table's own record of it is damaged. */
  readonly damage?: DamagedEntry;
}

/** What a table shows in the place of an entry whose record is damaged. */
export const damagedItem = (logIndex: number, why: string): EntryItem => ({
  logIndex,
  firstRevision: 0,
  count: 0,
  nonce: '',
  writtenMs: 0,
  frames: new Uint8Array(),
  damage: new DamagedEntry(logIndex, why),
});

/** The newest known state of one object; without a body it is a tombstone. */
export interface ObjectItem {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly body?: Uint8Array;
  readonly writtenMs: number;
}

/** How far object items have caught up with the log. */
export interface MetaItem {
  /** The watermark: each object item is at least as new as the log up to the entry with this index; 0 before the first. */
  readonly logIndex: number;
  /** The last revision of that entry. */
  readonly revision: number;
  /** When that entry was written: all that are above it came later. Absent before the first. */
  readonly writtenMs?: number;
  /** Blobs that the last step left behind, until they are given a time to expire. */
  readonly superseded?: readonly string[];
  /** A place that the watermark had reached, and when: what is behind it may go once all who read an older watermark are done. */
  readonly passed?: { readonly logIndex: number; readonly revision: number; readonly atMs: number };
  /** How the store was written at that entry, when that is not the first format. */
  readonly format?: FormatState;
}

/** A small thing without a history, such as a heartbeat: last write wins, by revision. */
export interface NoteItem {
  readonly shard: number;
  readonly name: string;
  readonly revision: number;
  readonly body: Uint8Array;
}

/** A message of a mailbox: written once, read in order, and gone some time after it expired. */
export interface MailItem {
  readonly mailbox: string;
  /** The message's place in its mailbox, from 1. */
  readonly number: number;
  readonly expiresMs: number;
  /** The message, at most 350 KB. */
  readonly body: Uint8Array;
}

export type Appended =
  | { readonly outcome: 'written' }
  | { readonly outcome: 'taken'; readonly by: EntryItem }
  /** It may be written now, later, or never. */
  | { readonly outcome: 'unknown'; readonly cause?: Error };

export type Outcome = 'written' | 'taken' | 'unknown';

export interface EntryPage {
  /** In the order of the log. */
  readonly entries: readonly EntryItem[];
  /** Ask again after the last one. */
  readonly more: boolean;
}

export interface Prune {
  /** Entries up to this one, which the watermark passed long ago: a reader who began at an older one still needs the rest. */
  readonly logIndex: number;
  /** Tombstones up to this one, the last of that entry: newer ones still keep older items from coming back. */
  readonly revision: number;
  /** Only what was written before this time: entries, and tombstones; and mail that had expired by then. */
  readonly beforeMs: number;
}

export interface Table {
  /** Entries vanish some time after they were written, also those above the watermark: the store must not fall far behind. */
  readonly entriesExpire?: boolean;
  /** Tombstones vanish this long after they were last put, also those above the watermark: see `read-checkpoint.ts`. */
  readonly tombstoneLifeMs?: number;

  /**
   * Writes the entry if no item is at its position; else answers with the one that is.
   * `signedMs` is the clock reading on which the caller's right to write rests: a request that reaches the table long
   * after it (15 minutes, as with signed requests) is not carried out.
   */
  appendEntry(item: EntryItem, signedMs: number): Promise<Appended>;
  /** The entries after this one, damaged ones too, from the start of a page; at most `limit` if given. A page ends where the table finds it convenient. */
  readEntries(after: number, limit?: number): Promise<EntryPage>;

  readMeta(): Promise<MetaItem>;
  /** Writes `to` if the watermark is still at `fromIndex`. */
  advanceMeta(fromIndex: number, to: MetaItem, signedMs: number): Promise<Outcome>;

  /**
   * Writes each item if none is there or the one there has a smaller revision; where tombstones vanish by themselves, one
   * that is there already lives as long as if it were put now. 'unknown' when any of them is.
   */
  putObjects(items: readonly ObjectItem[], signedMs: number): Promise<'written' | 'unknown'>;
  /** All items, tombstones too, in no order; each as it was at some moment of the call. */
  readObjects(): Promise<readonly ObjectItem[]>;

  /** Writes the item if none is there or the one there has a smaller revision. */
  putNote(item: NoteItem): Promise<Outcome>;
  readNotes(shard: number): Promise<readonly NoteItem[]>;

  /** Writes the item if none is at its place. 'taken' may mean that it was written by this very call. */
  putMail(item: MailItem): Promise<Outcome>;
  /** Items after this place, in order: the next ones, as many as the table finds convenient. What has expired may still be there. */
  readMail(mailbox: string, after: number): Promise<readonly MailItem[]>;
  readNewestMail(mailbox: string): Promise<MailItem | undefined>;

  /** The name belongs to these bytes and this use of them: writing twice is harmless, and once superseded it is never needed again. */
  putBlob(hash: string, bytes: Uint8Array): Promise<'written' | 'unknown'>;
  readBlob(hash: string): Promise<Uint8Array | undefined>;
  /** Those that are there may vanish after this time. */
  expireBlobs(hashes: readonly string[], expiresMs: number): Promise<void>;

  /** Forgets what is no longer needed. A table that expires items by itself need not do anything. */
  prune(what: Prune): Promise<void>;

  close(): Promise<void>;
}
