/**
 * One file of the log: a fixed number of entries that follow one another. An entry is shown when it is on the disk, whichever
 * process wrote it; what is written is read back like what others wrote, so that all agree on whose record came first.
 */
import { DamagedEntry, StoreError } from '../store.ts';
import { damagedItem, type EntryItem } from '../table.ts';
import type { LogFile } from './log-files.ts';
import { damagedRecord, encodeRecord, findRecords, recordAt, type Found } from './log-record.ts';

/** The kernel reports a failed sync once, and takes the bytes for written from then on: after one, nothing is believed. */
export class Disk {
  #failure: Error | undefined;

  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async sync(file: LogFile): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      if (error instanceof Error) this.#failure = error;
      throw error;
    }
  }
}

export interface SegmentRange {
  readonly first: number;
  readonly last: number;
  /** A later file was begun when this one was opened: all of this one had been written. */
  readonly isFull: boolean;
}

/** Grows when a record, or what is left of one, is longer. */
const windowBytes = 4 * 1024 * 1024;
/** At once; an entry that is larger comes alone. */
const pageBytesMax = 4 * 1024 * 1024;

export class Segment {
  readonly #file: LogFile;
  readonly #range: SegmentRange;
  readonly #disk: Disk;
  /** The records of the entries, from the first entry on. */
  readonly #records: Found['records'][number][] = [];
  /** The one that writers and tails ask for. */
  #newest: EntryItem | undefined;
  /** How much of the file has been read, and is on the disk. */
  #seen = 0;
  /** The number of bytes of the file that are settled. */
  #settled = 0;
  #reading: Promise<void> | undefined;

  constructor(file: LogFile, range: SegmentRange, disk: Disk) {
    this.#file = file;
    this.#range = range;
    this.#disk = disk;
  }

  /** Resolves when it knows all that was in the file before this call. */
  async fresh(): Promise<void> {
    const size = this.#size();
    while (this.#seen < size) {
      this.#reading ??= this.#read(size).finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
  }

  /** Writes the entry unless it is there, and returns the one that counts. */
  async append(item: EntryItem): Promise<EntryItem> {
    // Who knows that others came first need not write.
    if (this.#size() !== this.#seen) await this.fresh();
    if (item.logIndex === this.#next) {
      this.#file.append(encodeRecord(item));
      await this.fresh();
    }
    const [found] = await this.entries(item.logIndex, 1);
    if (found === undefined)
      throw new StoreError('corrupt', `log entry ${item.logIndex} cannot be written: log entry ${this.#next} comes before it`);
    return found;
  }

  /** From this one on, as far as they are known. */
  async entries(from: number, limit: number): Promise<EntryItem[]> {
    const index = from - this.#range.first;
    const page = this.#records.slice(index, index + limit);
    const [first] = page;
    if (first === undefined) return [];
    if (from === this.#newest?.logIndex) return [this.#newest];
    if (first.length === 0) return [damagedItem(from, damagedRecord)];
    const damagedAt = page.findIndex(({ length }) => length === 0);
    const whole = damagedAt === -1 ? page : page.slice(0, damagedAt);
    const fitting = whole.filter(({ at, length }) => at + length - first.at <= pageBytesMax);
    const last = fitting.at(-1) ?? first;
    const bytes = await this.#file.read(first.at, last.at + last.length - first.at);
    return (fitting.length === 0 ? [first] : fitting).map(
      ({ at }, place) => recordAt(bytes, at - first.at)?.item ?? damagedItem(from + place, damagedRecord),
    );
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  get #next(): number {
    return this.#range.first + this.#records.length;
  }

  #size(): number {
    this.#disk.check();
    const size = this.#file.size();
    if (size < this.#seen) throw new DamagedEntry(this.#next, 'its file has become shorter');
    return size;
  }

  async #read(size: number): Promise<void> {
    // The disk works meanwhile.
    const [, found] = await Promise.all([this.#disk.sync(this.#file), this.#find(size)]);
    this.#records.push(...found.records);
    // A copy, which does not hold on to all that was read with it.
    if (found.newest !== undefined) this.#newest = { ...found.newest, frames: new Uint8Array(found.newest.frames) };
    this.#settled = found.end;
    this.#seen = size;
  }

  async #find(size: number): Promise<Found> {
    const records: Found['records'][number][] = [];
    let newest: EntryItem | undefined;
    let end = this.#settled;
    for (let length = windowBytes; end < size;) {
      const isLast = end + length >= size;
      const bytes = await this.#file.read(end, Math.min(length, size - end));
      const writtenUpTo = this.#range.isFull ? this.#range.last : undefined;
      const found = findRecords(bytes, { at: end, next: this.#next + records.length, isLast, writtenUpTo });
      records.push(...found.records);
      newest = found.newest ?? newest;
      length = found.end === end ? length * 2 : windowBytes;
      end = found.end;
      if (isLast) break;
    }
    return { records, newest, end };
  }
}
