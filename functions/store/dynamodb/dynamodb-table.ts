/**
 * The table on AWS: DynamoDB, one conditional request per write, consistent queries, nothing else. Entries expire by
 * themselves; see `prune` for those that are still needed.
 */
import type { AwsAccess } from '../../aws/json-service.ts';
import type { Clock, World } from '../../world.ts';
import type { Appended, NoteItem, MailItem, MetaItem, ObjectItem, Outcome, EntryItem, EntryPage, Table } from '../table.ts';
import { currentFormats, firstFormat, firstMeta, type Formats } from '../format.ts';
import { CostCounters } from './costs.ts';
import { dynamodbService, type DynamodbService } from './dynamodb-service.ts';
import { eachAtOnce } from './each-at-once.ts';
import {
  type AttributeValue,
  blobPartAttributes,
  blobPartition,
  blobPartOf,
  bucketOf,
  bucketPartition,
  bucketsAtOnceMax,
  formatOf,
  noteAttributes,
  noteOf,
  notePartition,
  mailAttributes,
  mailOf,
  mailPartition,
  mailSortKey,
  metaAttributes,
  metaKey,
  metaOf,
  number,
  objectAttributes,
  partSortKey,
  seconds,
  entryAttributes,
  entryKey,
  entryOf,
  entriesInBucket,
  entriesPerPage,
  entrySortKey,
  text,
  type BlobPart,
} from './item.ts';
import { readObjectItems } from './object-reader.ts';
import { Requests, type PutOutcome } from './requests.ts';
import { nameOfFormat } from './table-schema.ts';

export interface DynamodbTableOptions {
  readonly tableName: string;
  /** Several clusters may share one table; each sees only its own. */
  readonly cluster: string;
  readonly world: Pick<World, 'clock' | 'random'>;
  /** Region, credentials, endpoint; what is absent comes from the environment. */
  readonly client?: AwsAccess;
  /** What this version reads, and makes a new table in. */
  readonly formats?: Formats;
}

export interface DynamodbTable extends Table {
  readonly costs: CostCounters;
}

const dayMs = 24 * 60 * 60_000;
/**
 * Time to live is given when an entry is written, since then it is free; what is not yet below the watermark when half
 * of it is over gets as much again. So housekeeping must run at least once a day, whether or not there are writes.
 */
const entryLifeMs = 7 * dayMs;
/** How often to search for entries whose time runs out. */
const postponementsInLife = 8;
/** Far longer than any reader or writer relies on the watermark that it has read. */
const tombstoneLifeMs = 3 * dayMs;

/** An item holds 400 KB, names included. */
const partBytes = 350 * 1024;
/** Objects are far smaller. */
const blobPartsMax = 1000;
const putsAtOnce = 32;

const absent = 'attribute_not_exists(pk)';
const absentOrOlder = 'attribute_not_exists(pk) OR r < :r';
/** A tombstone that is there already gets a new time to live. */
const absentOrOlderOrExpiring = `${absentOrOlder} OR (r = :r AND x < :x)`;

export function dynamodbTable(options: DynamodbTableOptions): DynamodbTable {
  return new TableOnDynamodb(options);
}

class TableOnDynamodb implements DynamodbTable {
  readonly entriesExpire = true;
  readonly tombstoneLifeMs = tombstoneLifeMs;
  readonly costs = new CostCounters();
  readonly #service: DynamodbService;
  readonly #requests: Requests;
  readonly #cluster: string;
  readonly #clock: Clock;
  readonly #formats: Formats;
  #postponeAgainMs = 0;

  constructor({ tableName, cluster, world, client = {}, formats = currentFormats }: DynamodbTableOptions) {
    this.#service = dynamodbService(client, world.clock);
    this.#requests = new Requests({ service: this.#service, tableName, costs: this.costs, ...world });
    this.#cluster = cluster;
    this.#clock = world.clock;
    this.#formats = formats;
  }

  async appendEntry(entry: EntryItem, signedMs: number): Promise<Appended> {
    const item = entryAttributes(this.#cluster, entry, entry.writtenMs + entryLifeMs);
    const put = await this.#requests.put({ operation: 'appendEntry', item, condition: absent, signedMs, isRepeatable: false });
    if (put.outcome !== 'taken') return put;
    // Whose it is has to be read, should the service not return it.
    return put.by['sk'] === undefined ? { outcome: 'unknown' } : { outcome: 'taken', by: entryOf(put.by) };
  }

  /** The first bucket alone, since mostly there is nothing after it; then more and more of them side by side. */
  async readEntries(after: number, limit: number = entriesPerPage): Promise<EntryPage> {
    const entries: EntryItem[] = [];
    let bucket = bucketOf(after + 1);
    for (let atOnce = 1; entries.length < limit; atOnce = Math.min(bucketsAtOnceMax, atOnce * 2)) {
      const wanted = Math.min(atOnce, Math.ceil((limit - entries.length) / entriesInBucket));
      const pages = await Promise.all(
        Array.from({ length: wanted }, (_, index) => this.#readBucket(bucket + index, after, limit - entries.length)),
      );
      for (const page of pages) {
        entries.push(...page.entries);
        if (page.more) return { entries: entries.slice(0, limit), more: true };
        if (!isLastOfBucket(page.entries.at(-1))) return { entries: entries.slice(0, limit), more: entries.length > limit };
      }
      bucket += wanted;
    }
    return { entries: entries.slice(0, limit), more: true };
  }

  async readMeta(): Promise<MetaItem> {
    const item = await this.#requests.get('readMeta', metaKey(this.#cluster));
    return item === undefined ? this.#writeFirstMeta() : metaOf(item, this.#formats);
  }

  async advanceMeta(fromIndex: number, to: MetaItem, signedMs: number): Promise<Outcome> {
    const names = formatNamesUpTo(to.format?.writes ?? firstFormat);
    const held = `A = :from AND f IN (${Object.keys(names).join(', ')})`;
    const put = await this.#requests.put({
      operation: 'advanceMeta',
      item: metaAttributes(this.#cluster, to),
      condition: fromIndex === 0 ? `${absent} OR (${held})` : held,
      values: { ':from': number(fromIndex), ...names },
      signedMs,
      isRepeatable: false,
    });
    if (put.outcome === 'taken') formatOf(put.by, this.#formats);
    return put.outcome;
  }

  async putObjects(items: readonly ObjectItem[], signedMs: number): Promise<'written' | 'unknown'> {
    const outcomes = await eachAtOnce(items, putsAtOnce, ({ revision, ...rest }) => {
      const item = objectAttributes(this.#cluster, { revision, ...rest }, tombstoneLifeMs);
      const { x: expires } = item;
      const condition = expires === undefined ? absentOrOlder : absentOrOlderOrExpiring;
      const values = { ':r': number(revision), ...(expires === undefined ? {} : { ':x': expires }) };
      return this.#requests.put({ operation: 'putObjects', item, condition, values, signedMs, isRepeatable: true });
    });
    return allWritten(outcomes);
  }

  readObjects(): Promise<readonly ObjectItem[]> {
    return readObjectItems(this.#requests, this.#cluster);
  }

  async putNote(item: NoteItem): Promise<Outcome> {
    const put = await this.#requests.put({
      operation: 'putNote',
      item: noteAttributes(this.#cluster, item),
      condition: absentOrOlder,
      values: { ':r': number(item.revision) },
      isRepeatable: false,
    });
    return put.outcome;
  }

  async readNotes(shard: number): Promise<readonly NoteItem[]> {
    const items = await this.#requests.queryAll({ operation: 'readNotes', partition: notePartition(this.#cluster, shard) });
    return items.map((item) => noteOf(item, shard));
  }

  async putMail(item: MailItem): Promise<Outcome> {
    const attributes = mailAttributes(this.#cluster, item);
    const put = await this.#requests.put({ operation: 'putMail', item: attributes, condition: absent, isRepeatable: true });
    return put.outcome;
  }

  async readMail(mailbox: string, after: number): Promise<readonly MailItem[]> {
    const partition = mailPartition(this.#cluster, mailbox);
    const { items } = await this.#requests.query({ operation: 'readMail', partition, after: mailSortKey(after) });
    return items.map((item) => mailOf(item, mailbox));
  }

  async readNewestMail(mailbox: string): Promise<MailItem | undefined> {
    const partition = mailPartition(this.#cluster, mailbox);
    const { items } = await this.#requests.query({ operation: 'readNewestMail', partition, limit: 1, isBackwards: true });
    return items[0] === undefined ? undefined : mailOf(items[0], mailbox);
  }

  async putBlob(hash: string, bytes: Uint8Array): Promise<'written' | 'unknown'> {
    const count = Math.max(1, Math.ceil(bytes.length / partBytes));
    const parts = Array.from({ length: count }, (_, index) => index);
    const outcomes = await eachAtOnce(parts, putsAtOnce, (index) => {
      const part = { index, count, bytes: bytes.subarray(index * partBytes, (index + 1) * partBytes) };
      const item = blobPartAttributes(this.#cluster, hash, part);
      // One that comes late must not take the time to live away.
      return this.#requests.put({ operation: 'putBlob', item, condition: absent, isRepeatable: true });
    });
    return allWritten(outcomes);
  }

  async readBlob(hash: string): Promise<Uint8Array | undefined> {
    const parts = await this.#blobParts('readBlob', hash);
    // A writer that died half-way has named the blob to no reader.
    return parts.length > 0 && parts.length === parts[0]?.count ? Buffer.concat(parts.map(({ bytes }) => bytes)) : undefined;
  }

  async expireBlobs(hashes: readonly string[], expiresMs: number): Promise<void> {
    for (const hash of hashes) await this.#expireBlob(hash, seconds(expiresMs));
  }

  /** Nothing is deleted: what is no longer needed expires by itself. What is, is kept from it: entries above the watermark. */
  prune(): Promise<void> {
    return this.#postponeAboveWatermark();
  }

  async close(): Promise<void> {
    this.#service.close();
  }

  /** Part by part: reading how many there are would cost more. */
  async #expireBlob(hash: string, expires: AttributeValue): Promise<void> {
    for (let index = 0; index < blobPartsMax; index += 1) {
      const key = { pk: blobPartition(this.#cluster, hash), sk: partSortKey(index) };
      if (!(await this.#requests.expireAt('expireBlobs', key, expires))) return;
    }
  }

  async #postponeAboveWatermark(): Promise<void> {
    const nowMs = this.#clock.now();
    if (nowMs < this.#postponeAgainMs) return;
    const { logIndex: watermark } = await this.readMeta();
    for (let after = watermark; ; after += 1) {
      const [oldest] = (await this.readEntries(after, 1)).entries;
      if (oldest === undefined || nowMs - oldest.writtenMs < entryLifeMs / 2) break;
      await this.#requests.expireAt('prune', entryKey(this.#cluster, oldest.logIndex), seconds(nowMs + entryLifeMs));
    }
    this.#postponeAgainMs = nowMs + entryLifeMs / postponementsInLife;
  }

  async #readBucket(bucket: number, after: number, limit: number): Promise<EntryPage> {
    const isFirst = bucket === bucketOf(after + 1);
    const { items, more } = await this.#requests.query({
      operation: 'readEntries',
      partition: bucketPartition(this.#cluster, bucket),
      ...(isFirst ? { after: entrySortKey(after) } : {}),
      ...(limit < entriesInBucket ? { limit } : {}),
    });
    return { entries: items.map(entryOf), more };
  }

  /** Names the format before the first entry is written. So no other version takes the table for an empty one. */
  async #writeFirstMeta(): Promise<MetaItem> {
    const first: MetaItem = { ...firstMeta(this.#formats), writtenMs: this.#clock.now() };
    const item = metaAttributes(this.#cluster, first);
    const put = await this.#requests.put({ operation: 'readMeta', item, condition: absent, isRepeatable: true });
    if (put.outcome === 'unknown') throw put.cause;
    return put.outcome === 'taken' ? metaOf(put.by, this.#formats) : first;
  }

  async #blobParts(operation: string, hash: string): Promise<readonly BlobPart[]> {
    const items = await this.#requests.queryAll({ operation, partition: blobPartition(this.#cluster, hash) });
    return items.map((item) => blobPartOf(item, hash));
  }
}

/** By placeholder. The watermark never goes back to an older format. */
const formatNamesUpTo = (format: number): Record<string, AttributeValue> =>
  Object.fromEntries(
    Array.from({ length: format - firstFormat + 1 }, (_, index) => [`:f${index}`, text(nameOfFormat(firstFormat + index))]),
  );

const isLastOfBucket = (entry: EntryItem | undefined): boolean =>
  entry !== undefined && bucketOf(entry.logIndex + 1) > bucketOf(entry.logIndex);

/** A condition that failed means that something newer is there, which is as good. */
const allWritten = (outcomes: readonly PutOutcome[]): 'written' | 'unknown' =>
  outcomes.some(({ outcome }) => outcome === 'unknown') ? 'unknown' : 'written';
