/**
 * A table in memory that counts what each call would cost on DynamoDB: calls and capacity units by the items' sizes, as
 * `store/dynamodb` makes them. Its test compares the counts with those of the real one.
 */
import { bytesOfItems, itemBytes, readUnitsOf, writeUnitsOf } from '../../functions/store/dynamodb/costs.ts';
import {
  bucketOf,
  bucketsAtOnceMax,
  noteAttributes,
  mailAttributes,
  metaAttributes,
  objectAttributes,
  entryAttributes,
  entriesInBucket,
  entriesPerPage,
} from '../../functions/store/dynamodb/item.ts';
import type { EntryItem, Table } from '../../functions/store/table.ts';
import type { FunctionUsage } from './usage.ts';

/** Keys begin with the cluster's name. */
const cluster = 'default';
const aDayMs = 24 * 3_600_000;
/** The size of one query's page. */
const pageBytes = 1024 ** 2;

export interface MeteredOptions {
  readonly table: Table;
  readonly count: (used: Partial<FunctionUsage>) => void;
  readonly appended?: (entry: EntryItem) => void;
}

export function meteredTable({ table, count, appended = () => undefined }: MeteredOptions): Table {
  const wrote = (bytes: number): void => count({ tableCalls: 1, writeUnits: writeUnitsOf(bytes) });
  const read = (bytes: number): void => count({ tableCalls: 1, readUnits: readUnitsOf(bytes) });
  return {
    entriesExpire: true,
    async appendEntry(item, signedMs) {
      wrote(itemBytes(entryAttributes(cluster, item, item.writtenMs + aDayMs)));
      const answer = await table.appendEntry(item, signedMs);
      if (answer.outcome === 'written') appended(item);
      return answer;
    },
    async readEntries(after, limit = entriesPerPage) {
      const page = await table.readEntries(after, limit);
      for (const bytes of bytesOfQueries(page.entries, after)) read(bytes);
      return page;
    },
    async readMeta() {
      const meta = await table.readMeta();
      read(itemBytes(metaAttributes(cluster, meta)));
      return meta;
    },
    async advanceMeta(fromIndex, to, signedMs) {
      wrote(itemBytes(metaAttributes(cluster, to)));
      return table.advanceMeta(fromIndex, to, signedMs);
    },
    async putObjects(items, signedMs) {
      for (const item of items) wrote(itemBytes(objectAttributes(cluster, item, aDayMs)));
      return table.putObjects(items, signedMs);
    },
    async readObjects() {
      const items = await table.readObjects();
      const bytes = bytesOfItems(items.map((item) => objectAttributes(cluster, item, aDayMs)));
      for (let rest = bytes; rest > 0 || rest === bytes; rest -= pageBytes) read(Math.min(rest, pageBytes));
      return items;
    },
    ...meteredBeside(table, { wrote, read }),
    async putBlob(hash, bytes) {
      wrote(bytes.length);
      return table.putBlob(hash, bytes);
    },
    async readBlob(hash) {
      const bytes = await table.readBlob(hash);
      read(bytes?.length ?? 0);
      return bytes;
    },
    async expireBlobs(hashes, expiresMs) {
      for (const hash of hashes) wrote((await table.readBlob(hash))?.length ?? 0);
      return table.expireBlobs(hashes, expiresMs);
    },
    // The service expires items by itself, for nothing.
    prune: async () => undefined,
    close: () => table.close(),
  };
}

type Beside = Pick<Table, 'putNote' | 'readNotes' | 'putMail' | 'readMail' | 'readNewestMail'>;

/** Meters the calls for what lies beside the log. */
function meteredBeside(table: Beside, { wrote, read }: Readonly<Record<'wrote' | 'read', (bytes: number) => void>>): Beside {
  return {
    async putNote(item) {
      wrote(itemBytes(noteAttributes(cluster, item)));
      return table.putNote(item);
    },
    async readNotes(shard) {
      const items = await table.readNotes(shard);
      read(bytesOfItems(items.map((item) => noteAttributes(cluster, item))));
      return items;
    },
    async putMail(item) {
      wrote(itemBytes(mailAttributes(cluster, item)));
      return table.putMail(item);
    },
    async readMail(mailbox, after) {
      const items = await table.readMail(mailbox, after);
      read(bytesOfItems(items.map((item) => mailAttributes(cluster, item))));
      return items;
    },
    async readNewestMail(mailbox) {
      const item = await table.readNewestMail(mailbox);
      read(item === undefined ? 0 : itemBytes(mailAttributes(cluster, item)));
      return item;
    },
  };
}

/** One query a bucket; past a full one, more and more of them side by side, until one is not full. */
function bytesOfQueries(entries: readonly EntryItem[], after: number): readonly number[] {
  const inBucket = Map.groupBy(entries, ({ logIndex }) => bucketOf(logIndex));
  const queries: number[] = [];
  let queried = 0;
  for (let bucket = bucketOf(after + 1), atOnce = 1; queried < entriesPerPage; atOnce = Math.min(bucketsAtOnceMax, atOnce * 2)) {
    const wanted = Math.min(atOnce, Math.ceil((entriesPerPage - queried) / entriesInBucket));
    const asked = Array.from({ length: wanted }, (_, index) => inBucket.get(bucket + index) ?? []);
    queries.push(...asked.map((found) => bytesOfItems(found.map((item) => entryAttributes(cluster, item, item.writtenMs + aDayMs)))));
    bucket += wanted;
    queried += asked.reduce((sum, found) => sum + found.length, 0);
    if ((asked.at(-1)?.at(-1)?.logIndex ?? 0) + 1 < bucket * entriesInBucket) return queries;
  }
  return queries;
}
