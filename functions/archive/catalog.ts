/**
 * What lies where in an archive. The catalog's entries are named by the index of their first log entry.
 *
 *     changes/INDEX    a run of log entries: every change.
 *     minutes/INDEX    a run of log entries: what each minute left.
 *     hours/INDEX      a run of log entries: what each hour left.
 *     states/INDEX     all objects as of the end of that log entry.
 *     data/SHA-256    the bytes of all these.
 *     keys/UID/…      envelopes of sealed bodies (seal.ts).
 *
 * An entry is written once, by one of those who archive the same log entries; the others go on from its end. A run of a coarser
 * level is a union of whole runs of the finer one: where one ends, a run of some level begins.
 */
import { createHash } from 'node:crypto';
import { StoreError } from '../store/store.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { ChunkCache } from './chunk-cache.ts';
import { encodeSegment, Segment, type SegmentContent } from './segment-codec.ts';
import type { LogPosition } from './step.ts';

/** Coarsest first: where several hold a run that begins at a log entry, the coarsest is whole. */
export const levels = ['hours', 'minutes', 'changes'] as const;
export type Level = (typeof levels)[number];

export interface CatalogEntry {
  readonly after: LogPosition;
  readonly last: LogPosition;
  readonly changes: number;
  /** The size of the data. */
  readonly bytes: number;
  readonly sha256: string;
}

/** Log indexes are written with so many digits, so that they sort as texts. */
const indexDigits = 15;
const indexText = (logIndex: number): string => String(logIndex).padStart(indexDigits, '0');
const logIndexOf = (name: string): number => Number(name.slice(name.indexOf('/') + 1));

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
  readonly #entries = new Map<string, CatalogEntry>();
  readonly #segments = new Map<string, { readonly segment: Segment; readonly bytes: number }>();
  #segmentBytes = 0;

  constructor(files: ArchiveFiles, cache: ChunkCache = new ChunkCache()) {
    this.files = files;
    this.#cache = cache;
  }

  /** The first log indexes of a level's runs, in order. */
  async runs(level: Level): Promise<readonly number[]> {
    return (await this.files.list(`${level}/`)).map(logIndexOf);
  }

  async states(): Promise<readonly number[]> {
    return (await this.files.list('states/')).map(logIndexOf);
  }

  run(level: Level, firstIndex: number): Promise<CatalogEntry | undefined> {
    return this.#entry(`${level}/${indexText(firstIndex)}`);
  }

  /** The run that begins with a log entry, of the coarsest level that has one. */
  async runAt(firstIndex: number): Promise<CatalogEntry | undefined> {
    for (const level of levels) {
      const entry = await this.run(level, firstIndex);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** The last log index of all runs; 0 where there are none. */
  async end(): Promise<number> {
    let end = 0;
    for (const level of levels) {
      const newest = (await this.runs(level)).at(-1);
      const entry = newest === undefined ? undefined : await this.run(level, newest);
      end = Math.max(end, entry?.last.logIndex ?? 0);
    }
    return end;
  }

  state(logIndex: number): Promise<CatalogEntry | undefined> {
    return this.#entry(`states/${indexText(logIndex)}`);
  }

  /** Answers with the entry that stands there now: ours, or that of one who was faster. */
  putRun(level: Level, content: SegmentContent): Promise<CatalogEntry> {
    return this.#put(`${level}/${indexText(content.after.logIndex + 1)}`, content);
  }

  putState(content: SegmentContent): Promise<CatalogEntry> {
    return this.#put(`states/${indexText(lastOf(content).logIndex)}`, content);
  }

  /** The entries first: data without an entry is only waste. */
  async remove(runs: readonly { readonly level: Level; readonly entry: CatalogEntry }[], states: readonly CatalogEntry[]): Promise<void> {
    const names = [
      ...runs.map(({ level, entry }) => `${level}/${indexText(entry.after.logIndex + 1)}`),
      ...states.map(({ last }) => `states/${indexText(last.logIndex)}`),
    ];
    for (const name of names) this.#entries.delete(name);
    await this.files.remove(names);
    await this.files.remove([...runs.map(({ entry }) => entry), ...states].map(({ sha256 }) => dataName(sha256)));
  }

  /** Throws Removed when it is gone, and StoreError `corrupt` when it is not what was written. */
  async segment({ sha256, bytes }: CatalogEntry): Promise<Segment> {
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

  async #put(name: string, content: SegmentContent): Promise<CatalogEntry> {
    const data = encodeSegment(content, name);
    const sha256 = digest(data);
    const changes = content.steps.reduce((sum, step) => sum + step.changes.length, 0);
    const entry: CatalogEntry = { after: content.after, last: lastOf(content), changes, bytes: data.length, sha256 };
    await this.files.create(dataName(sha256), data);
    if ((await this.files.create(name, Buffer.from(JSON.stringify(storedEntry(entry))))) === 'written') return entry;
    const other = await this.#entry(name);
    if (other === undefined) throw new Removed(`${name} is gone`);
    if (other.sha256 !== sha256) await this.files.remove([dataName(sha256)]);
    return other;
  }

  async #entry(name: string): Promise<CatalogEntry | undefined> {
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
export const lastOf = ({ after, steps }: SegmentContent): LogPosition => steps.at(-1)?.place ?? after;

/** Stored, the index of a log entry has the name `slot`. */
type StoredPosition = Omit<LogPosition, 'logIndex'> & { readonly slot: number };
type StoredEntry = Omit<CatalogEntry, 'after' | 'last'> & { readonly after: StoredPosition; readonly last: StoredPosition };

const placeOf = ({ slot: logIndex, ...rest }: StoredPosition): LogPosition => ({ logIndex, ...rest });
const storedPosition = ({ logIndex: slot, ...rest }: LogPosition): StoredPosition => ({ slot, ...rest });
const storedEntry = ({ after, last, ...rest }: CatalogEntry): StoredEntry => ({
  after: storedPosition(after),
  last: storedPosition(last),
  ...rest,
});

function parsedEntry(bytes: Uint8Array, name: string): CatalogEntry {
  try {
    const { after, last, ...rest } = JSON.parse(Buffer.from(bytes).toString()) as StoredEntry;
    return { after: placeOf(after), last: placeOf(last), ...rest };
  } catch (error) {
    throw new StoreError('corrupt', `${name} of the archive is damaged`, { cause: error });
  }
}
