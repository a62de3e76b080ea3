/** The one true table: the memory table, with a witness to every write at the moment it is carried out. */
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { ObjectItem, EntryPage, Table } from '../../functions/store/table.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';

/** A weakness of the table itself, to show that the simulation notices it. */
export type TableWeakness = 'forgets tombstones' | 'puts older items' | 'moves the watermark from anywhere';

export interface WitnessedTable extends Table {
  /** Whether the blob is there without a time from which it may go. */
  staysForEver(hash: string): boolean;
}

export interface WitnessedTableOptions {
  readonly timeline: Timeline;
  readonly truth: Truth;
  /** Entries that are kept together: a reader goes on to the next bucket only from a full one. */
  readonly bucketEntries: number;
  /** Tombstones vanish by themselves, as they do on DynamoDB; else when they are pruned. */
  readonly tombstoneLifeMs: number | undefined;
  /** Expiry comes when it comes: each time, some of what may go stays. */
  readonly random: SeededRandom;
  readonly weakness?: TableWeakness;
}

export function witnessedTable({
  timeline,
  truth,
  bucketEntries,
  tombstoneLifeMs,
  random,
  weakness,
}: WitnessedTableOptions): WitnessedTable {
  const never = (): never => {
    throw new Error('the true table needs no time');
  };
  const clock = { now: () => timeline.nowMs, monotonicMs: never, after: never, sleep: never };
  const table = memoryTable({ clock });
  let items = new Map<string, ObjectItem>();
  const blobs = new Map<string, { readonly bytes: Uint8Array; readonly expiresMs: number }>();
  const idOf = ({ resource, namespace, name }: ObjectItem): string => `${resource}/${namespace}/${name}`;

  /** Some of what may go; never before its time. */
  const remove = (mayGo: (tombstone: ObjectItem) => boolean): void => {
    items = new Map([...items].filter(([, item]) => item.body !== undefined || !mayGo(item) || random.chance(0.3)));
  };
  const expire = (): void => {
    if (tombstoneLifeMs !== undefined) remove(({ writtenMs }) => timeline.nowMs > writtenMs + tombstoneLifeMs);
  };

  return {
    ...bound(table),
    ...(tombstoneLifeMs === undefined ? {} : { tombstoneLifeMs }),
    async appendEntry(item, signedMs) {
      const result = await table.appendEntry(item, signedMs);
      if (result.outcome === 'written') truth.appended(item);
      return result;
    },
    async readEntries(after, limit) {
      const last = Math.ceil((after + 1) / bucketEntries) * bucketEntries;
      const page = await table.readEntries(after, Math.min(limit ?? bucketEntries, bucketEntries));
      const entries = page.entries.filter(({ logIndex }) => logIndex <= last);
      const end = entries.at(-1)?.logIndex;
      return { entries, more: end !== undefined && (end === last || (entries.length === limit && page.more)) } satisfies EntryPage;
    },
    async advanceMeta(fromIndex, to, signedMs) {
      const { logIndex } = await table.readMeta();
      const outcome = await table.advanceMeta(weakness === 'moves the watermark from anywhere' ? logIndex : fromIndex, to, signedMs);
      if (outcome === 'written') truth.advanced(to);
      return outcome;
    },
    async putObjects(given) {
      expire();
      for (const item of given) {
        const known = items.get(idOf(item))?.revision ?? -1;
        if (known === item.revision && item.body === undefined) items.set(idOf(item), item);
        if (known >= item.revision && weakness !== 'puts older items') continue;
        truth.itemPut(item);
        if (item.body === undefined && weakness === 'forgets tombstones') items.delete(idOf(item));
        else items.set(idOf(item), item);
      }
      return 'written';
    },
    async readObjects() {
      expire();
      return [...items.values()];
    },
    async putBlob(hash, bytes) {
      truth.blob(hash, bytes);
      if (!blobs.has(hash)) blobs.set(hash, { bytes, expiresMs: Number.POSITIVE_INFINITY });
      return 'written';
    },
    async readBlob(hash) {
      for (const [name, { expiresMs }] of blobs) if (timeline.nowMs > expiresMs && random.chance(0.5)) blobs.delete(name);
      return blobs.get(hash)?.bytes;
    },
    async expireBlobs(hashes, expiresMs) {
      for (const hash of hashes) {
        const known = blobs.get(hash);
        if (known !== undefined) blobs.set(hash, { ...known, expiresMs });
      }
    },
    staysForEver: (hash) => blobs.get(hash)?.expiresMs === Number.POSITIVE_INFINITY,
    async prune(what) {
      if (tombstoneLifeMs === undefined) remove(({ revision, writtenMs }) => revision <= what.revision && writtenMs < what.beforeMs);
      // What expires by itself is there for much longer than what is pruned.
      const beforeMs = tombstoneLifeMs === undefined ? what.beforeMs : Math.min(what.beforeMs, timeline.nowMs - 4 * tombstoneLifeMs);
      if (random.chance(0.7))
        await table.prune({ ...what, beforeMs, logIndex: random.chance(0.3) ? random.whole(0, what.logIndex) : what.logIndex });
    },
  };
}

function bound(table: Table): Table {
  return {
    appendEntry: (item, signedMs) => table.appendEntry(item, signedMs),
    readEntries: (after, limit) => table.readEntries(after, limit),
    readMeta: () => table.readMeta(),
    advanceMeta: (fromIndex, to, signedMs) => table.advanceMeta(fromIndex, to, signedMs),
    putObjects: (items, signedMs) => table.putObjects(items, signedMs),
    readObjects: () => table.readObjects(),
    putNote: (item) => table.putNote(item),
    readNotes: (shard) => table.readNotes(shard),
    putMail: (item) => table.putMail(item),
    readMail: (mailbox, after) => table.readMail(mailbox, after),
    readNewestMail: (mailbox) => table.readNewestMail(mailbox),
    putBlob: (hash, bytes) => table.putBlob(hash, bytes),
    readBlob: (hash) => table.readBlob(hash),
    expireBlobs: (hashes, expiresMs) => table.expireBlobs(hashes, expiresMs),
    prune: (what) => table.prune(what),
    close: async () => {},
  };
}
