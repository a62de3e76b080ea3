/**
 * What lies where in an archive. Entries are named by their first slot.
 *
 *     changes/SLOT    a run of slots: every change.
 *     minutes/SLOT    a run of slots: what each minute left.
 *     hours/SLOT      a run of slots: what each hour left.
 *     states/SLOT     all objects as of the end of that slot.
 *     data/SHA-256    the bytes of all these.
 *     keys/UID/…      envelopes of sealed bodies (seal.ts).
 *
 * An entry is written once, by one of those who archive the same slots; the others go on from its end. A run of a coarser
 * level is a union of whole runs of the finer one: where one ends, a run of some level begins.
 */
import { createHash } from 'node:crypto';
import { StoreError } from '../store/store.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { ChunkCache } from './chunk-cache.ts';
import { encodeSegment, Segment, type SegmentContent } from './segment-codec.ts';
import type { Place } from './step.ts';

/** Coarsest first: where several hold a run that begins at a slot, the coarsest is whole. */
export const levels = ['hours', 'minutes', 'changes'] as const;
export type Level = (typeof levels)[number];

export interface Entry {
  readonly after: Place;
  readonly last: Place;
  readonly changes: number;
  /** The size of the data. */
  readonly bytes: number;
  readonly sha256: string;
}

/** Slots are written with so many digits, so that they sort as texts. */
const slotDigits = 15;
const slotText = (slot: number): string => String(slot).padStart(slotDigits, '0');
const slotOf = (name: string): number => Number(name.slice(name.indexOf('/') + 1));

/** Entries kept in memory: an entry never changes. */
const entriesKept = 4096;
/** Segments kept in memory, as they are in their files. */
const segmentsKeptBytes = 32 * 1024 * 1024;

/** An entry or its data was removed while it was read: a compaction has put another in its place. */
export class Removed extends Error {
  override name = 'Removed';
}

export class Catalog {
  readonly files: ArchiveFiles;
  readonly #cache: ChunkCache;
  readonly #entries = new Map<string, Entry>();
  readonly #segments = new Map<string, { readonly segment: Segment; readonly bytes: number }>();
  #segmentBytes = 0;

  constructor(files: ArchiveFiles, cache: ChunkCache = new ChunkCache()) {
    this.files = files;
    this.#cache = cache;
  }

  /** The first slots of a level's runs, in order. */
  async runs(level: Level): Promise<readonly number[]> {
    return (await this.files.list(`${level}/`)).map(slotOf);
  }

  async states(): Promise<readonly number[]> {
    return (await this.files.list('states/')).map(slotOf);
  }

  run(level: Level, firstSlot: number): Promise<Entry | undefined> {
    return this.#entry(`${level}/${slotText(firstSlot)}`);
  }

  /** The run that begins with a slot, of the coarsest level that has one. */
  async runAt(firstSlot: number): Promise<Entry | undefined> {
    for (const level of levels) {
      const entry = await this.run(level, firstSlot);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** The last slot of all runs; 0 where there are none. */
  async end(): Promise<number> {
    let end = 0;
    for (const level of levels) {
      const newest = (await this.runs(level)).at(-1);
      const entry = newest === undefined ? undefined : await this.run(level, newest);
      end = Math.max(end, entry?.last.slot ?? 0);
    }
    return end;
  }

  state(slot: number): Promise<Entry | undefined> {
    return this.#entry(`states/${slotText(slot)}`);
  }

  /** Answers with the entry that stands there now: ours, or that of one who was faster. */
  putRun(level: Level, content: SegmentContent): Promise<Entry> {
    return this.#put(`${level}/${slotText(content.after.slot + 1)}`, content);
  }

  putState(content: SegmentContent): Promise<Entry> {
    return this.#put(`states/${slotText(lastOf(content).slot)}`, content);
  }

  /** The entries first: data without an entry is only waste. */
  async remove(runs: readonly { readonly level: Level; readonly entry: Entry }[], states: readonly Entry[]): Promise<void> {
    const names = [
      ...runs.map(({ level, entry }) => `${level}/${slotText(entry.after.slot + 1)}`),
      ...states.map(({ last }) => `states/${slotText(last.slot)}`),
    ];
    for (const name of names) this.#entries.delete(name);
    await this.files.remove(names);
    await this.files.remove([...runs.map(({ entry }) => entry), ...states].map(({ sha256 }) => dataName(sha256)));
  }

  /** Throws Removed when it is gone, and StoreError `corrupt` when it is not what was written. */
  async segment({ sha256, bytes }: Entry): Promise<Segment> {
    const known = this.#segments.get(sha256);
    if (known !== undefined) return known.segment;
    const name = dataName(sha256);
    const data = await this.files.read(name);
    if (data === undefined) throw new Removed(`${name} is gone`);
    if (data.length !== bytes || digest(data) !== sha256)
      throw new StoreError('corrupt', `${name} of the archive is damaged: its hash is another`);
    const segment = new Segment(data, this.#cache, `${name} of the archive`);
    this.#keep(sha256, segment, bytes);
    return segment;
  }

  #keep(sha256: string, segment: Segment, bytes: number): void {
    this.#segments.set(sha256, { segment, bytes });
    this.#segmentBytes += bytes;
    for (const [oldest, { bytes: oldBytes }] of this.#segments) {
      if (this.#segmentBytes <= segmentsKeptBytes || oldest === sha256) return;
      this.#segments.delete(oldest);
      this.#segmentBytes -= oldBytes;
    }
  }

  async #put(name: string, content: SegmentContent): Promise<Entry> {
    const data = encodeSegment(content, name);
    const sha256 = digest(data);
    const changes = content.steps.reduce((sum, step) => sum + step.changes.length, 0);
    const entry: Entry = { after: content.after, last: lastOf(content), changes, bytes: data.length, sha256 };
    await this.files.create(dataName(sha256), data);
    if ((await this.files.create(name, Buffer.from(JSON.stringify(entry)))) === 'written') return entry;
    const other = await this.#entry(name);
    if (other === undefined) throw new Removed(`${name} is gone`);
    if (other.sha256 !== sha256) await this.files.remove([dataName(sha256)]);
    return other;
  }

  async #entry(name: string): Promise<Entry | undefined> {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const bytes = await this.files.read(name);
    if (bytes === undefined) return undefined;
    const entry = parsedEntry(bytes, name);
    if (this.#entries.size >= entriesKept) this.#entries.clear();
    this.#entries.set(name, entry);
    return entry;
  }
}

const dataName = (sha256: string): string => `data/${sha256}`;
const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
export const lastOf = ({ after, steps }: SegmentContent): Place => steps.at(-1)?.place ?? after;

function parsedEntry(bytes: Uint8Array, name: string): Entry {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Entry;
  } catch (error) {
    throw new StoreError('corrupt', `${name} of the archive is damaged`, { cause: error });
  }
}
