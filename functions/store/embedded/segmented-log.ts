/**
 * The log in files of a fixed number of entries each, named after their first. Any number of processes append to the same
 * files without locks; who is the first to have an entry in its file has written it.
 */
import { StoreError } from '../store.ts';
import type { Prune, EntryItem, EntryPage } from '../table.ts';
import type { LogFiles } from './log-files.ts';
import { Disk, Segment, type SegmentRange } from './segment.ts';

interface OpenSegment {
  readonly segment: Promise<Segment>;
  users: number;
}

const defaultSegmentEntries = 1024;
/** The end of the log, and where readers of the past are. */
const openMax = 8;
const pageEntries = 256;
const namePattern = /^\d{16}$/;

export class SegmentedLog {
  readonly #files: LogFiles;
  readonly #segmentEntries: number;
  readonly #disk = new Disk();
  /** By number; the last one was used last. */
  readonly #open = new Map<number, OpenSegment>();

  /** All who open the log must agree on the number of entries in a segment. */
  constructor(files: LogFiles, segmentEntries = defaultSegmentEntries) {
    this.#files = files;
    this.#segmentEntries = segmentEntries;
  }

  /** Writes the entry unless there is one, and returns the one that is there from then on. */
  append(item: EntryItem): Promise<EntryItem> {
    return this.#use(this.#numberOf(item.logIndex), (segment) => segment.append(item), item.logIndex);
  }

  async read(after: number, limit: number = pageEntries): Promise<EntryPage> {
    const entries: EntryItem[] = [];
    for (let next = after + 1; entries.length < limit;) {
      const found = await this.#readFrom(next, limit - entries.length);
      const last = found.at(-1);
      if (last === undefined) return { entries, more: false };
      entries.push(...found);
      next = last.logIndex + 1;
    }
    return { entries, more: true };
  }

  /** Removes whole files. */
  async prune({ logIndex, beforeMs }: Pick<Prune, 'logIndex' | 'beforeMs'>): Promise<void> {
    for (const number of this.#numbers()) {
      const { last } = this.#rangeOf(number);
      if (last > logIndex) return;
      // Entries are written in order of time, more or less.
      const [newest] = await this.#use(number, (segment) => segment.entries(last, 1));
      if (newest === undefined || newest.writtenMs >= beforeMs) return;
      await this.#drop(number);
      await this.#files.remove(this.#nameOf(number));
    }
  }

  async close(): Promise<void> {
    for (const number of this.#open.keys()) await this.#drop(number);
  }

  /** The entries of one segment, from this one on; or of the next segment, when those have been removed. */
  async #readFrom(logIndex: number, limit: number): Promise<readonly EntryItem[]> {
    const wanted = this.#numberOf(logIndex);
    const number = this.#open.has(wanted) ? wanted : this.#numbers().find((each) => each >= wanted);
    if (number === undefined) return [];
    const from = Math.max(logIndex, this.#rangeOf(number).first);
    return this.#use(number, async (segment) => {
      await segment.fresh();
      return segment.entries(from, limit);
    });
  }

  /** `toAppend`: an entry with which the segment may begin. */
  async #use<T>(number: number, action: (segment: Segment) => Promise<T>, toAppend?: number): Promise<T> {
    const used = this.#open.get(number) ?? { segment: this.#openSegment(number, toAppend), users: 0 };
    this.#open.delete(number);
    this.#open.set(number, used);
    used.users += 1;
    try {
      return await action(await this.#opened(number, used));
    } finally {
      used.users -= 1;
      if (this.#open.get(number) !== used) await this.#closeUnused(used);
      else if (this.#open.size > openMax) await this.#dropUnused();
    }
  }

  async #opened(number: number, used: OpenSegment): Promise<Segment> {
    try {
      return await used.segment;
    } catch (error) {
      if (this.#open.get(number) === used) this.#open.delete(number);
      throw error;
    }
  }

  async #openSegment(number: number, toAppend: number | undefined): Promise<Segment> {
    const range = this.#rangeOf(number);
    // Checked before it is read: others may be filling it now.
    const later = this.#numbers().find((each) => each > number);
    const file = await this.#files.open(this.#nameOf(number), toAppend === range.first);
    if (file === undefined) throw new StoreError('unavailable', `the log's file ${this.#nameOf(number)} has been removed`);
    const segment = new Segment(file, { ...range, isFull: later !== undefined }, this.#disk);
    try {
      // A later file was begun when this one was on the disk as a whole, its name too.
      if (later === undefined) await this.#files.syncNames();
      await segment.fresh();
      return segment;
    } catch (error) {
      await segment.close();
      throw error;
    }
  }

  async #dropUnused(): Promise<void> {
    for (const [number, { users }] of this.#open) {
      if (users === 0) return this.#drop(number);
    }
  }

  /** The last who uses it closes it. */
  async #drop(number: number): Promise<void> {
    const dropped = this.#open.get(number);
    this.#open.delete(number);
    if (dropped !== undefined) await this.#closeUnused(dropped);
  }

  async #closeUnused({ segment, users }: OpenSegment): Promise<void> {
    if (users === 0) await segment.then((opened) => opened.close());
  }

  #numbers(): number[] {
    const firsts = this.#files.names().flatMap((name) => (namePattern.test(name) ? [Number(name)] : []));
    return firsts.map((first) => this.#numberOf(first)).toSorted((a, b) => a - b);
  }

  #numberOf(logIndex: number): number {
    return Math.floor((logIndex - 1) / this.#segmentEntries);
  }

  #rangeOf(number: number): Pick<SegmentRange, 'first' | 'last'> {
    const first = number * this.#segmentEntries + 1;
    return { first, last: first + this.#segmentEntries - 1 };
  }

  #nameOf(number: number): string {
    return String(this.#rangeOf(number).first).padStart(16, '0');
  }
}
