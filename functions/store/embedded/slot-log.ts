/**
 * The log in files of a fixed number of slots each, named after their first. Any number of processes append to the same
 * files without locks; who is the first to have a slot in its file has written it.
 */
import { StoreError } from '../store.ts';
import type { Prune, SlotItem, SlotPage } from '../table.ts';
import type { LogFiles } from './log-files.ts';
import { Disk, Segment, type SegmentRange } from './segment.ts';

interface OpenSegment {
  readonly segment: Promise<Segment>;
  users: number;
}

const defaultSegmentSlots = 1024;
/** The end of the log, and where readers of the past are. */
const openMax = 8;
const pageSlots = 256;
const namePattern = /^\d{16}$/;

export class SlotLog {
  readonly #files: LogFiles;
  readonly #segmentSlots: number;
  readonly #disk = new Disk();
  /** By number; the last one was used last. */
  readonly #open = new Map<number, OpenSegment>();

  /** All who open the log must agree on the number of slots in a segment. */
  constructor(files: LogFiles, segmentSlots = defaultSegmentSlots) {
    this.#files = files;
    this.#segmentSlots = segmentSlots;
  }

  /** Writes the slot unless there is one, and returns the one that is there from then on. */
  append(item: SlotItem): Promise<SlotItem> {
    return this.#use(this.#numberOf(item.slot), (segment) => segment.append(item), item.slot);
  }

  async read(after: number, limit: number = pageSlots): Promise<SlotPage> {
    const slots: SlotItem[] = [];
    for (let next = after + 1; slots.length < limit;) {
      const found = await this.#readFrom(next, limit - slots.length);
      const last = found.at(-1);
      if (last === undefined) return { slots, more: false };
      slots.push(...found);
      next = last.slot + 1;
    }
    return { slots, more: true };
  }

  /** Removes whole files. */
  async prune({ slot, beforeMs }: Pick<Prune, 'slot' | 'beforeMs'>): Promise<void> {
    for (const number of this.#numbers()) {
      const { last } = this.#rangeOf(number);
      if (last > slot) return;
      // Slots are written in order of time, more or less.
      const [newest] = await this.#use(number, (segment) => segment.slots(last, 1));
      if (newest === undefined || newest.writtenMs >= beforeMs) return;
      await this.#drop(number);
      await this.#files.remove(this.#nameOf(number));
    }
  }

  async close(): Promise<void> {
    for (const number of this.#open.keys()) await this.#drop(number);
  }

  /** The slots of one segment, from this one on; or of the next segment, when those have been removed. */
  async #readFrom(slot: number, limit: number): Promise<readonly SlotItem[]> {
    const wanted = this.#numberOf(slot);
    const number = this.#open.has(wanted) ? wanted : this.#numbers().find((each) => each >= wanted);
    if (number === undefined) return [];
    const from = Math.max(slot, this.#rangeOf(number).first);
    return this.#use(number, async (segment) => {
      await segment.fresh();
      return segment.slots(from, limit);
    });
  }

  /** `toAppend`: a slot with which the segment may begin. */
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
    const segment = new Segment(file, range, this.#disk);
    try {
      // A later file was begun when this one was on the disk as a whole, its name too.
      if (later === undefined) await this.#files.syncNames();
      await segment.fresh();
      if (later !== undefined && !segment.isWhole)
        throw new StoreError('corrupt', `the log's file ${this.#nameOf(number)} ends too early: there is a later one`);
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

  #numberOf(slot: number): number {
    return Math.floor((slot - 1) / this.#segmentSlots);
  }

  #rangeOf(number: number): SegmentRange {
    const first = number * this.#segmentSlots + 1;
    return { first, last: first + this.#segmentSlots - 1 };
  }

  #nameOf(number: number): string {
    return String(this.#rangeOf(number).first).padStart(16, '0');
  }
}
