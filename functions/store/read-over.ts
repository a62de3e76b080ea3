/**
 * Reads on past log entries that are damaged. What such an entry changed is known where later entries replaced all of it: each
 * names the revision that it replaces. Otherwise its effect is unknown, and no state is made up.
 *
 *     entry 7: damaged, revisions 12 to 13      entry 8: pods a, replaces 12      entry 9: pods b, replaces 13
 */
import type { Stored } from '../kube/view.ts';
import type { Clock } from '../world.ts';
import { isLateForBlob } from './blobs.ts';
import type { FormatState } from './format.ts';
import { keyText } from './keys.ts';
import { type BodyReader, type EntryReading, type LogEntry, readLogEntry } from './log-entry.ts';
import type { Reading } from './reading.ts';
import type { Checkpoint, Replica } from './replica.ts';
import { stateOf } from './replica-state.ts';
import { type Change, DamagedEntry, StoreError } from './store.ts';
import type { SelectableFields } from './stored-object.ts';
import type { EntryItem, Table } from './table.ts';

/** Far more than are read between two checkpoints. */
const pagesMax = 100_000;
/** Revisions of damaged entries that may still be replaced; more stand for a number that is damaged itself. */
const lostMax = 100_000;

export interface OverReaderParts {
  readonly table: Pick<Table, 'readEntries'>;
  readonly replica: Replica;
  readonly bodies: BodyReader;
  readonly fields: SelectableFields;
  readonly clock: Clock;
  readonly replicaLifeMs: number;
}

/** Reads over damaged entries for one process, which may be at the same one for long. */
export class OverReader {
  readonly #parts: OverReaderParts;
  /** Up to the end, later entries did not show what this one did. */
  #unknown: { readonly logIndex: number; readonly end: number } | undefined;

  constructor(parts: OverReaderParts) {
    this.#parts = parts;
  }

  /** The state at the end of the log; undefined where a blob is missed that is needed no more. Throws the damage where it is not known. */
  async read(damage: DamagedEntry, began: Reading): Promise<Checkpoint | undefined> {
    const { table, bodies, fields, replica } = this.#parts;
    const { logIndex } = damage;
    if (this.#unknown?.logIndex === logIndex && (await table.readEntries(this.#unknown.end, 1)).entries.length === 0) throw damage;
    const isLate = (error: unknown): boolean => isLateForBlob(error, began, this.#parts);
    try {
      const over = await readOver(table, { bodies, fields, isLate }, stateOf(replica));
      if (over.state !== undefined) return over.state;
      this.#unknown = { logIndex, end: over.end };
      throw damage;
    } catch (error) {
      if (isLate(error)) return undefined;
      throw error;
    }
  }
}

interface ReadOver {
  /** The last entry that was read. */
  readonly end: number;
  /** The state there, if it is known. */
  readonly state?: Checkpoint;
}

/** `from`: the state before the damaged entry. */
export async function readOver(table: Pick<Table, 'readEntries'>, reading: EntryReading, from: Checkpoint): Promise<ReadOver> {
  const state = new PatchyState(from);
  const unknown = (): ReadOver => ({ end: state.logIndex });
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const page = await table.readEntries(state.logIndex);
    for (const item of page.entries) {
      if (item.logIndex <= state.logIndex) continue;
      if (item.logIndex !== state.logIndex + 1) return unknown();
      const entry = await entryOrHole(item, reading);
      if (entry === undefined) state.pass();
      else if (state.lostBefore(entry) > lostMax) return unknown();
      else state.apply(entry);
    }
    if (!page.more || page.entries.length === 0) return state.isKnown ? { end: state.logIndex, state: state.checkpoint() } : unknown();
  }
  return unknown();
}

async function entryOrHole(item: EntryItem, reading: EntryReading): Promise<LogEntry | undefined> {
  try {
    return await readLogEntry(item, reading);
  } catch (error) {
    if (error instanceof DamagedEntry) return undefined;
    throw error;
  }
}

class PatchyState {
  readonly #objects: Map<string, Stored>;
  /** Revisions of damaged entries that no later change was seen to replace. */
  readonly #lost = new Set<number>();
  /** Objects that were deleted by damaged entries: which revisions those were does not matter. */
  #deletions = 0;
  #logIndex: number;
  #revision: number;
  #format: FormatState;
  /** Damaged entries since the last readable one. */
  #holes = 0;

  constructor({ logIndex, revision, format, objects }: Checkpoint) {
    this.#objects = new Map(Array.from(objects, (stored) => [keyText(stored.key), stored]));
    this.#logIndex = logIndex;
    this.#revision = revision;
    this.#format = format;
  }

  get logIndex(): number {
    return this.#logIndex;
  }

  get isKnown(): boolean {
    return this.#holes === 0 && this.#lost.size === this.#deletions;
  }

  /** An entry that cannot be read. The next readable entry shows how many revisions it held. */
  pass(): void {
    this.#logIndex += 1;
    this.#holes += 1;
  }

  /** How many revisions would be lost, together with those that are. */
  lostBefore(entry: LogEntry): number {
    return this.#lost.size + entry.firstRevision - this.#revision - 1;
  }

  apply(entry: LogEntry): void {
    // Each entry has one revision at least.
    if (entry.firstRevision <= this.#revision + this.#holes) throw unfitting(entry);
    if (this.#holes === 0 && entry.firstRevision !== this.#revision + 1) throw unfitting(entry);
    for (let lost = this.#revision + 1; lost < entry.firstRevision; lost += 1) this.#lost.add(lost);
    this.#holes = 0;
    for (const content of entry.contents) {
      if (content.type === 'format') this.#format = content.format;
      else if (content.type === 'change') this.#change(content.change, content.previousRevision, entry);
    }
    this.#logIndex = entry.logIndex;
    this.#revision = entry.firstRevision + entry.contents.length - 1;
  }

  #change(change: Change, previousRevision: number, entry: LogEntry): void {
    const place = keyText(change.key);
    const known = this.#objects.get(place);
    if ((known?.revision ?? 0) !== previousRevision && !this.#lost.delete(previousRevision)) {
      if (previousRevision !== 0 || this.#lost.size === 0) throw unfitting(entry);
      this.#deletions += 1;
    }
    if (change.type === 'deleted') this.#objects.delete(place);
    else this.#objects.set(place, change);
  }

  checkpoint(): Checkpoint {
    return { logIndex: this.#logIndex, revision: this.#revision, format: this.#format, objects: this.#objects.values() };
  }
}

const unfitting = ({ logIndex }: LogEntry): StoreError =>
  new StoreError('corrupt', `log entry ${logIndex} does not follow those before it`);
