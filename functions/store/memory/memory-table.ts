/**
 * The table in memory, for tests and simulations: deterministic, and it fails when a test asks for it. Several stores may share
 * one; closing it only ends that store's use of it.
 */
import type { Clock } from '../../world.ts';
import { firstMeta, type Formats } from '../format.ts';
import { StoreError } from '../store.ts';
import type { Appended, LeaseItem, MailItem, MetaItem, ObjectItem, Outcome, Prune, SlotItem, SlotPage, Table } from '../table.ts';

export type TableMethod = Exclude<keyof Table, 'close'>;

/** What goes wrong with one call. */
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
  readonly pageSlots?: number;
  readonly pageMail?: number;
  /** The formats of the version that makes the table. */
  readonly formats?: Formats;
}

/** A signed request is refused when it arrives later than this. */
const signatureLifeMs = 15 * 60_000;
const defaultPageSlots = 500;
const defaultPageMail = 4;

export function memoryTable(options: MemoryTableOptions = {}): Table {
  return new MemoryTable(options);
}

class MemoryTable implements Table {
  readonly #options: MemoryTableOptions;
  readonly #slots = new Map<number, SlotItem>();
  readonly #objects = new Map<string, ObjectItem>();
  readonly #leases = new Map<string, LeaseItem>();
  readonly #mail = new Map<string, MailItem>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #blobsExpireMs = new Map<string, number>();
  #newest = 0;
  #meta: MetaItem;

  constructor(options: MemoryTableOptions) {
    this.#options = options;
    this.#meta = firstMeta(options.formats);
  }

  appendSlot(item: SlotItem, signedMs: number): Promise<Appended> {
    return this.#write('appendSlot', () => this.#append(item, signedMs));
  }

  readSlots(after: number, limit: number = this.#options.pageSlots ?? defaultPageSlots): Promise<SlotPage> {
    return this.#read('readSlots', () => {
      const slots: SlotItem[] = [];
      for (let slot = after + 1; slot <= this.#newest && slots.length < limit; slot += 1) {
        const item = this.#slots.get(slot);
        if (item !== undefined) slots.push(item);
      }
      return { slots, more: (slots.at(-1)?.slot ?? this.#newest) < this.#newest };
    });
  }

  readMeta(): Promise<MetaItem> {
    return this.#read('readMeta', () => this.#meta);
  }

  advanceMeta(fromSlot: number, to: MetaItem, signedMs: number): Promise<Outcome> {
    return this.#write<Outcome>('advanceMeta', () => {
      if (this.#isExpired(signedMs)) return 'unknown';
      if (this.#meta.slot !== fromSlot) return 'taken';
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

  putLease(item: LeaseItem): Promise<Outcome> {
    return this.#write('putLease', () => putNewer(this.#leases, JSON.stringify([item.shard, item.name]), item));
  }

  readLeases(shard: number): Promise<readonly LeaseItem[]> {
    return this.#read('readLeases', () => [...this.#leases.values()].filter((item) => item.shard === shard));
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

  async prune({ slot, revision, beforeMs }: Prune): Promise<void> {
    for (const item of this.#slots.values()) {
      if (item.slot <= slot && item.writtenMs < beforeMs) this.#slots.delete(item.slot);
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

  #append(item: SlotItem, signedMs: number): Appended {
    if (this.#isExpired(signedMs)) return { outcome: 'unknown' };
    const by = this.#slots.get(item.slot);
    if (by !== undefined) return { outcome: 'taken', by };
    this.#slots.set(item.slot, item);
    this.#newest = Math.max(this.#newest, item.slot);
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

const unknownOf = (method: TableMethod): Appended | 'unknown' => (method === 'appendSlot' ? { outcome: 'unknown' } : 'unknown');

function putNewer<T extends { readonly revision: number }>(items: Map<string, T>, key: string, item: T): Outcome {
  if ((items.get(key)?.revision ?? -1) >= item.revision) return 'taken';
  items.set(key, item);
  return 'written';
}
