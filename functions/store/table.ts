/**
 * The port to whatever keeps the bytes. One table holds one cluster. Every method is one conditional request or one
 * range read, so that a key-value service can implement it; conditions are named in the comments, and their failure is
 * an outcome, not an exception. Reads are strongly consistent; a read that fails throws `StoreError` 'unavailable'.
 *
 * Each call is tried once and answers within about a second: it is the store that knows what may be sent again.
 */

import type { FormatState } from './format.ts';

/** A position in the log: written once, holding the changes committed together. */
export interface SlotItem {
  /** Dense from 1. */
  readonly slot: number;
  readonly firstRevision: number;
  /** How many revisions it holds, at least 1. */
  readonly count: number;
  /** By it the writer knows whether a slot that exists is its own. */
  readonly nonce: string;
  readonly writtenMs: number;
  /** The changes, as `slot-codec.ts` writes them. */
  readonly frames: Uint8Array;
}

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
  /** The watermark: each object item is at least as new as the log up to this slot; 0 before the first. */
  readonly slot: number;
  /** The last revision of that slot. */
  readonly revision: number;
  /** When that slot was written: all that are above it came later. Absent before the first. */
  readonly writtenMs?: number;
  /** Blobs that the last step left behind, until they are given a time to expire. */
  readonly superseded?: readonly string[];
  /** A place that the watermark had reached, and when: what is behind it may go once all who read an older watermark are done. */
  readonly passed?: { readonly slot: number; readonly revision: number; readonly atMs: number };
  /** How the store was written at that slot, when that is not the first format. */
  readonly format?: FormatState;
}

/** A small thing without a history, such as a heartbeat: last write wins, by revision. */
export interface LeaseItem {
  readonly shard: number;
  readonly name: string;
  readonly revision: number;
  readonly body: Uint8Array;
}

/** A message of a mailbox: written once, read in order, and gone some time after it expired. */
export interface MailItem {
  readonly mailbox: string;
  /** Its place, from 1. */
  readonly number: number;
  readonly expiresMs: number;
  /** At most 350 KB. */
  readonly body: Uint8Array;
}

export type Appended =
  | { readonly outcome: 'written' }
  | { readonly outcome: 'taken'; readonly by: SlotItem }
  /** It may be written now, later, or never. */
  | { readonly outcome: 'unknown'; readonly cause?: Error };

export type Outcome = 'written' | 'taken' | 'unknown';

export interface SlotPage {
  /** In slot order. */
  readonly slots: readonly SlotItem[];
  /** Ask again after the last one. */
  readonly more: boolean;
}

export interface Prune {
  /** Slots up to this one, which the watermark passed long ago: a reader who began at an older one still needs the rest. */
  readonly slot: number;
  /** Tombstones up to this one, the last of that slot: newer ones still keep older items from coming back. */
  readonly revision: number;
  /** Only what was written before this time: slots, and tombstones; and mail that had expired by then. */
  readonly beforeMs: number;
}

export interface Table {
  /** Slots vanish some time after they were written, also those above the watermark: the store must not fall far behind. */
  readonly slotsExpire?: boolean;
  /** Tombstones vanish this long after they were last put, also those above the watermark: see `snapshot.ts`. */
  readonly tombstoneLifeMs?: number;

  /**
   * Writes the slot if no item is at its position; else answers with the one that is.
   * `signedMs` is the clock reading on which the caller's right to write rests: a request that reaches the table long
   * after it (15 minutes, as with signed requests) is not carried out.
   */
  appendSlot(item: SlotItem, signedMs: number): Promise<Appended>;
  /** The slots after this one, from the start of a page; at most `limit` if given. A page ends where the table finds it convenient. */
  readSlots(after: number, limit?: number): Promise<SlotPage>;

  readMeta(): Promise<MetaItem>;
  /** Writes `to` if the watermark is still at `fromSlot`. */
  advanceMeta(fromSlot: number, to: MetaItem, signedMs: number): Promise<Outcome>;

  /**
   * Writes each item if none is there or the one there has a smaller revision; where tombstones vanish by themselves, one
   * that is there already lives as long as if it were put now. 'unknown' when any of them is.
   */
  putObjects(items: readonly ObjectItem[], signedMs: number): Promise<'written' | 'unknown'>;
  /** All items, tombstones too, in no order; each as it was at some moment of the call. */
  readObjects(): Promise<readonly ObjectItem[]>;

  /** Writes the item if none is there or the one there has a smaller revision. */
  putLease(item: LeaseItem): Promise<Outcome>;
  readLeases(shard: number): Promise<readonly LeaseItem[]>;

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
