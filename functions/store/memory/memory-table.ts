/**
 * The table in memory, for tests and simulations: deterministic, and it fails when a test asks for it. Several stores may share
 * one; closing it only ends that store's use of it.
 */
import type { Clock } from '../../world.ts';
import { firstMeta, type Formats } from '../format.ts';
import { StoreError } from '../store.ts';
import type { Appended, NoteItem, MailItem, MetaItem, ObjectItem, Outcome, Prune, EntryItem, EntryPage, Table } from '../table.ts';

export type TableMethod = Exclude<keyof Table, 'close'>;

/** The failure of one call. */
export type Fault =
  /** It never arrives. Writes answer 'unknown', reads fail. */
  | 'lost'
  /** It is carried out, but the answer does not come back. */
  | 'answer-lost'
  /** Unanswered, and carried out this much later. */
  | { readonly lateMs: number }
  /** It takes this long, and then works. */
  | { readonly delayMs: number };

export interface MemoryTableOptions {
  /** Needed for faults that take time, and for requests that expire. */
  readonly clock?: Clock;
  /** Asked before each call; undefined: nothing goes wrong. */
  readonly fault?: (method: TableMethod) => Fault | undefined;
  readonly pageEntries?: number;
  readonly pageMail?: number;
  /** The formats of the version that makes the table. */
  readonly formats?: Formats;
}

/** A signed request is refused when it arrives later than this. */
const signatureLifeMs = 15 * 60_000;
const defaultPageEntries = 500;
const defaultPageMail = 4;

export function memoryTable(options: MemoryTableOptions = {}): Table {
  return new MemoryTable(options);
}

class MemoryTable implements Table {
  readonly #options: MemoryTableOptions;
  readonly #entries = new Map<number, EntryItem>();
  readonly #objects = new Map<string, ObjectItem>();
  readonly #notes = new Map<string, NoteItem>();
  readonly #mail = new Map<string, MailItem>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #blobsExpireMs = new Map<string, number>();
  #newest = 0;
  #meta: MetaItem;

  constructor(options: MemoryTableOptions) {
    this.#options = options;
    this.#meta = firstMeta(options.formats);
  }

  appendEntry(item: EntryItem, signedMs: number): Promise<Appended> {
    return this.#write('appendEntry', () => this.#append(item, signedMs));
  }

  readEntries(after: number, limit: number = this.#options.pageEntries ?? defaultPageEntries): Promise<EntryPage> {
    return this.#read('readEntries', () => {
      const entries: EntryItem[] = [];
      for (let logIndex = after + 1; logIndex <= this.#newest && entries.length < limit; logIndex += 1) {
        const item = this.#entries.get(logIndex);
        if (item !== undefined) entries.push(item);
      }
      return { entries, more: (entries.at(-1)?.logIndex ?? this.#newest) < this.#newest };
    });
  }

  readMeta(): Promise<MetaItem> {
    return this.#read('readMeta', () => this.#meta);
  }

  advanceMeta(fromIndex: number, to: MetaItem, signedMs: number): Promise<Outcome> {
    return this.#write<Outcome>('advanceMeta', () => {
      if (this.#isExpired(signedMs)) return 'unknown';
      if (this.#meta.logIndex !== fromIndex) return 'taken';
      this.#meta = to;
      return 'written';
    });
  }

  putObjects(items: readonly ObjectItem[], signedMs: number): Promise<'written' | 'unknown'> {
    return this.#write<'written' | 'unknown'>('putObjects', () => {
      if (this.#isExpired(signedMs)) return 'unknown';
      for (const item of items) putNewer(this.#objects, JSON.stringify([item.resource, item.namespace, item.name]), item);
      return 'written';
    });
  }

  readObjects(): Promise<readonly ObjectItem[]> {
    return this.#read('readObjects', () => [...this.#objects.values()]);
  }

  putNote(item: NoteItem): Promise<Outcome> {
    return this.#write('putNote', () => putNewer(this.#notes, JSON.stringify([item.shard, item.name]), item));
  }

  readNotes(shard: number): Promise<readonly NoteItem[]> {
    return this.#read('readNotes', () => [...this.#notes.values()].filter((item) => item.shard === shard));
  }

  putMail(item: MailItem): Promise<Outcome> {
    return this.#write<Outcome>('putMail', () => {
      const key = JSON.stringify([item.mailbox, item.number]);
      if (this.#mail.has(key)) return 'taken';
      this.#mail.set(key, item);
      return 'written';
    });
  }

  readMail(mailbox: string, after: number): Promise<readonly MailItem[]> {
    const count = this.#options.pageMail ?? defaultPageMail;
    return this.#read('readMail', () => this.#mailOf(mailbox, after).slice(0, count));
  }

  readNewestMail(mailbox: string): Promise<MailItem | undefined> {
    return this.#read('readNewestMail', () => this.#mailOf(mailbox, 0).at(-1));
  }

  putBlob(hash: string, bytes: Uint8Array): Promise<'written' | 'unknown'> {
    return this.#write<'written' | 'unknown'>('putBlob', () => {
      this.#blobs.set(hash, bytes);
      return 'written';
    });
  }

  readBlob(hash: string): Promise<Uint8Array | undefined> {
    return this.#read('readBlob', () => this.#blobs.get(hash));
  }

  async expireBlobs(hashes: readonly string[], expiresMs: number): Promise<void> {
    await this.#read('expireBlobs', () => {
      for (const hash of hashes) this.#blobsExpireMs.set(hash, expiresMs);
    });
  }

  async prune({ logIndex, revision, beforeMs }: Prune): Promise<void> {
    for (const item of this.#entries.values()) {
      if (item.logIndex <= logIndex && item.writtenMs < beforeMs) this.#entries.delete(item.logIndex);
    }
    for (const [key, item] of this.#objects) {
      if (item.body === undefined && item.revision <= revision && item.writtenMs < beforeMs) this.#objects.delete(key);
    }
    for (const [key, { expiresMs }] of this.#mail) {
      if (expiresMs < beforeMs) this.#mail.delete(key);
    }
    for (const [hash, expiresMs] of this.#blobsExpireMs) {
      if (expiresMs < beforeMs && this.#blobsExpireMs.delete(hash)) this.#blobs.delete(hash);
    }
  }

  async close(): Promise<void> {
    // Others may still use it, and it holds nothing but memory.
  }

  #append(item: EntryItem, signedMs: number): Appended {
    if (this.#isExpired(signedMs)) return { outcome: 'unknown' };
    const by = this.#entries.get(item.logIndex);
    if (by !== undefined) return { outcome: 'taken', by };
    this.#entries.set(item.logIndex, item);
    this.#newest = Math.max(this.#newest, item.logIndex);
    return { outcome: 'written' };
  }

  #mailOf(mailbox: string, after: number): MailItem[] {
    return [...this.#mail.values()]
      .filter((item) => item.mailbox === mailbox && item.number > after)
      .toSorted((one, other) => one.number - other.number);
  }

  #isExpired(signedMs: number): boolean {
    const { clock } = this.#options;
    return clock !== undefined && clock.now() - signedMs > signatureLifeMs;
  }

  async #read<T>(method: TableMethod, read: () => T): Promise<T> {
    const fault = this.#options.fault?.(method);
    if (fault === undefined) return read();
    if (typeof fault !== 'object' || 'lateMs' in fault) throw new StoreError('unavailable', `${method} got no answer`);
    await this.#options.clock?.sleep(fault.delayMs);
    return read();
  }

  async #write<T>(method: TableMethod, write: () => T): Promise<T> {
    const fault = this.#options.fault?.(method);
    if (fault === undefined) return write();
    if (typeof fault === 'object' && 'delayMs' in fault) {
      await this.#options.clock?.sleep(fault.delayMs);
      return write();
    }
    if (fault === 'answer-lost') write();
    else if (fault !== 'lost') this.#options.clock?.after(fault.lateMs, write);
    return unknownOf(method) as T;
  }
}

const unknownOf = (method: TableMethod): Appended | 'unknown' => (method === 'appendEntry' ? { outcome: 'unknown' } : 'unknown');

function putNewer<T extends { readonly revision: number }>(items: Map<string, T>, key: string, item: T): Outcome {
  if ((items.get(key)?.revision ?? -1) >= item.revision) return 'taken';
  items.set(key, item);
  return 'written';
}
