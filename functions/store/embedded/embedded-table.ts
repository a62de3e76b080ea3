/**
 * The table of one machine, in one data directory: the log in files of its own, all else in LMDB. What was acknowledged
 * survives the end of the process and of the machine's power: it is answered after it has been synced to the disk.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { keyDigest } from '../keys.ts';
import { currentFormats, type Formats } from '../format.ts';
import { FormatFile } from './format-file.ts';
import { decodeItem, encodeItem } from './item-codec.ts';
import { logFiles } from './log-files.ts';
import { decodeMeta, encodeMeta } from './meta-codec.ts';
import { SegmentedLog } from './segmented-log.ts';
import { StoreError } from '../store.ts';
import type { Appended, NoteItem, MailItem, MetaItem, ObjectItem, Outcome, Prune, EntryItem, EntryPage, Table } from '../table.ts';

const tableFile = 'table.mdb';
const logDirectory = 'log';

const pageMail = 16;
/** Removed in one transaction, so that commits are not kept waiting. */
const pruneAtOnce = 256;
/** In one call; the next one goes on. */
const pruneRoundsMax = 256;

/** Address space, not disk: the file is as large as what is in it. */
const mapBytes = 64 * 1024 ** 3;

export interface EmbeddedOptions {
  /** In one file of the log. All who open the directory must agree on it. */
  readonly segmentEntries?: number;
  /** What this version reads, and makes a new directory in. */
  readonly formats?: Formats;
}

export function embeddedTable(directory: string, { segmentEntries, formats = currentFormats }: EmbeddedOptions = {}): Table {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const format = new FormatFile(directory, tableFile);
  format.open(formats);
  // Without overlapping, a commit's promise waits for the sync.
  const database = open<Buffer, EmbeddedKey>({
    path: join(directory, tableFile),
    overlappingSync: false,
    mapSize: mapBytes,
    encoding: 'binary',
  });
  return new EmbeddedTable({ database, format }, new SegmentedLog(logFiles(join(directory, logDirectory)), segmentEntries));
}

/**
 * O resource, namespace, name. T when a tombstone was written, and its object's key. M. K shard, name. P mailbox, number.
 * B hash. X when a blob expires, and its hash. Numbers and texts sort as such.
 */
type EmbeddedKey = (string | number)[];

/** LMDB takes 1978 bytes; that of a tombstone has a number besides. */
const keyBytesMax = 1900;

/** The item itself holds the parts. */
function objectKey(item: ObjectItem): EmbeddedKey {
  const parts = [item.resource, item.namespace, item.name];
  const isPlain = parts.every((part) => part.isWellFormed()) && Buffer.byteLength(parts.join()) <= keyBytesMax;
  return isPlain ? ['O', ...parts] : ['O', keyDigest(item)];
}
const metaKey: EmbeddedKey = ['M'];
const noteKey = ({ shard, name }: NoteItem): EmbeddedKey => ['K', shard, name];
const mailKey = ({ mailbox, number }: Pick<MailItem, 'mailbox' | 'number'>): EmbeddedKey => ['P', mailbox, number];
const blobKey = (hash: string): EmbeddedKey => ['B', hash];
/** Sorts after all that begins the same. */
const last = '\uFFFF';

type Head<T, Binary extends keyof T> = Omit<T, Binary>;

class EmbeddedTable implements Table {
  readonly #database: RootDatabase<Buffer, EmbeddedKey>;
  readonly #format: FormatFile;
  readonly #log: SegmentedLog;

  constructor({ database, format }: { database: RootDatabase<Buffer, EmbeddedKey>; format: FormatFile }, log: SegmentedLog) {
    this.#database = database;
    this.#format = format;
    this.#log = log;
  }

  async appendEntry(item: EntryItem): Promise<Appended> {
    try {
      const by = await this.#log.append(item);
      return by.nonce === item.nonce ? { outcome: 'written' } : { outcome: 'taken', by };
    } catch (error) {
      if (error instanceof StoreError || !(error instanceof Error)) throw error;
      // A disk that is full or fails: the same bytes are sent again until it is known.
      return { outcome: 'unknown', cause: error };
    }
  }

  readEntries(after: number, limit?: number): Promise<EntryPage> {
    return this.#fromLog(() => this.#log.read(after, limit));
  }

  async readMeta(): Promise<MetaItem> {
    return this.#metaItem(this.#get(metaKey));
  }

  async advanceMeta(fromIndex: number, to: MetaItem): Promise<Outcome> {
    // Before the watermark passes the entry for it in the log.
    const { format } = to;
    if (format !== undefined) await this.#fromLog(async () => this.#format.raise(format));
    return this.#transaction<Outcome>(() => {
      if (this.#metaItem(this.#database.get(metaKey)).logIndex !== fromIndex) return 'taken';
      void this.#database.put(metaKey, encodeMeta(to));
      return 'written';
    });
  }

  putObjects(items: readonly ObjectItem[]): Promise<'written'> {
    return this.#transaction(() => {
      for (const item of items) this.#putObject(item);
      return 'written';
    });
  }

  async readObjects(): Promise<readonly ObjectItem[]> {
    return [...this.#range(['O'], ['O', last])].map(({ key, value }) => objectItem(value, key));
  }

  putNote(item: NoteItem): Promise<Outcome> {
    return this.#transaction<Outcome>(() => {
      const key = noteKey(item);
      const current = this.#database.get(key);
      if (current !== undefined && noteItem(current, key).revision >= item.revision) return 'taken';
      const { body, ...head } = item;
      void this.#database.put(key, encodeItem(head, body));
      return 'written';
    });
  }

  async readNotes(shard: number): Promise<readonly NoteItem[]> {
    return [...this.#range(['K', shard], ['K', shard, last])].map(({ key, value }) => noteItem(value, key));
  }

  putMail(item: MailItem): Promise<Outcome> {
    return this.#transaction<Outcome>(() => {
      const key = mailKey(item);
      if (this.#database.get(key) !== undefined) return 'taken';
      const { body, ...head } = item;
      void this.#database.put(key, encodeItem(head, body));
      return 'written';
    });
  }

  async readMail(mailbox: string, after: number): Promise<readonly MailItem[]> {
    const found = this.#range(mailKey({ mailbox, number: after + 1 }), ['P', mailbox, last], pageMail);
    return [...found].map(({ key, value }) => mailItem(value, key));
  }

  async readNewestMail(mailbox: string): Promise<MailItem | undefined> {
    this.#database.resetReadTxn();
    const [newest] = this.#database.getRange({ start: ['P', mailbox, last], end: ['P', mailbox], reverse: true, limit: 1 });
    return newest === undefined ? undefined : mailItem(newest.value, newest.key);
  }

  putBlob(hash: string, bytes: Uint8Array): Promise<'written'> {
    return this.#transaction(() => {
      void this.#database.put(blobKey(hash), Buffer.from(bytes));
      return 'written';
    });
  }

  async readBlob(hash: string): Promise<Uint8Array | undefined> {
    return this.#get(blobKey(hash));
  }

  async expireBlobs(hashes: readonly string[], expiresMs: number): Promise<void> {
    await this.#transaction(() => {
      for (const hash of hashes) void this.#database.put(['X', expiresMs, hash], Buffer.alloc(0));
    });
  }

  async prune(what: Prune): Promise<void> {
    await this.#fromLog(() => this.#log.prune(what));
    await this.#removeAll([...this.#oldBlobs(what), ...this.#oldMail(what)], []);
    for (let round = 0; round < pruneRoundsMax; round += 1) {
      const tombstones = this.#oldTombstones(what);
      await this.#removeAll([], tombstones);
      if (tombstones.length < pruneAtOnce) return;
    }
  }

  async close(): Promise<void> {
    await this.#log.close();
    await this.#database.close();
  }

  /** The keys of old blobs, and of the entries for their expiry. */
  #oldBlobs({ beforeMs }: Prune): EmbeddedKey[] {
    const keys = [...this.#range(['X'], ['X', beforeMs], pruneAtOnce)].map(({ key }) => key);
    return keys.flatMap((key) => [key, blobKey(String(key[2]))]);
  }

  #oldMail({ beforeMs }: Prune): EmbeddedKey[] {
    const keys: EmbeddedKey[] = [];
    for (const { key, value } of this.#range(['P'], ['P', last])) {
      if (mailItem(value, key).expiresMs < beforeMs) keys.push(key);
      if (keys.length === pruneAtOnce) break;
    }
    return keys;
  }

  #oldTombstones({ revision, beforeMs }: Prune): EmbeddedKey[] {
    const tombstones: EmbeddedKey[] = [];
    for (const { key } of this.#range(['T'], ['T', beforeMs])) {
      const [, , ...objectKey] = key;
      const current = this.#database.get(objectKey);
      if (current === undefined || objectItem(current, objectKey).revision <= revision) tombstones.push(key);
      if (tombstones.length === pruneAtOnce) break;
    }
    return tombstones;
  }

  async #removeAll(keys: readonly EmbeddedKey[], tombstones: readonly EmbeddedKey[]): Promise<void> {
    if (keys.length + tombstones.length === 0) return;
    await this.#transaction(() => {
      for (const key of keys) void this.#database.remove(key);
      for (const key of tombstones) this.#removeTombstone(key);
    });
  }

  #putObject(item: ObjectItem): void {
    const key = objectKey(item);
    const current = this.#database.get(key);
    if (current !== undefined && objectItem(current, key).revision >= item.revision) return;
    const { body, ...head } = item;
    void this.#database.put(key, encodeItem({ ...head, isTombstone: body === undefined }, body));
    if (body === undefined) void this.#database.put(['T', item.writtenMs, ...key], Buffer.alloc(0));
  }

  #removeTombstone(tombstone: EmbeddedKey): void {
    const [, writtenMs, ...key] = tombstone;
    const current = this.#database.get(key);
    const item = current === undefined ? undefined : objectItem(current, key);
    // Unless the object came back since.
    if (item?.body === undefined && item?.writtenMs === writtenMs) void this.#database.remove(key);
    void this.#database.remove(tombstone);
  }

  #metaItem(value: Uint8Array | undefined): MetaItem {
    return value === undefined ? this.#format.firstMeta : decodeMeta(value);
  }

  async #fromLog<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof StoreError || !(error instanceof Error)) throw error;
      throw new StoreError('unavailable', 'the log cannot be read', { cause: error });
    }
  }

  async #transaction<T>(action: () => T): Promise<T> {
    try {
      return await this.#database.transaction(action);
    } catch (error) {
      if (error instanceof StoreError || !(error instanceof Error)) throw error;
      throw new StoreError('unavailable', 'the data directory cannot be written', { cause: error });
    }
  }

  /** Reads see what any process has committed before, not what was there when this turn of the event loop began. */
  #get(key: EmbeddedKey): Buffer | undefined {
    this.#database.resetReadTxn();
    return this.#database.get(key);
  }

  #range(start: EmbeddedKey, end: EmbeddedKey, limit?: number): Iterable<{ readonly key: EmbeddedKey; readonly value: Buffer }> {
    this.#database.resetReadTxn();
    return this.#database.getRange({ start, end, ...(limit === undefined ? {} : { limit }) });
  }
}

function objectItem(value: Uint8Array, key: EmbeddedKey): ObjectItem {
  const { head, binary } = decodeItem<Head<ObjectItem, 'body'> & { readonly isTombstone: boolean }>(
    value,
    `object ${key.slice(1).join(' ')}`,
  );
  const { isTombstone, ...item } = head;
  return isTombstone ? item : { ...item, body: binary };
}

function noteItem(value: Uint8Array, key: EmbeddedKey): NoteItem {
  const { head, binary } = decodeItem<Head<NoteItem, 'body'>>(value, `note ${key.slice(1).join(' ')}`);
  return { ...head, body: binary };
}

function mailItem(value: Uint8Array, key: EmbeddedKey): MailItem {
  const { head, binary } = decodeItem<Head<MailItem, 'body'>>(value, `mail ${key.slice(1).join(' ')}`);
  return { ...head, body: binary };
}
