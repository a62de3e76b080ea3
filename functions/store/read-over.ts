/**
 * Reads on past log entries that are damaged. What such an entry changed is known where later entries replaced all of it: each
 * names the revision that it replaces. Otherwise its effect is unknown, and no state is made up.
 *
 *     entry 7: damaged, revisions 12 to 13      entry 8: pods a, replaces 12      entry 9: pods b, replaces 13
 */
import type { Stored } from '../kube/view.ts';
import type { FormatState } from './format.ts';
import { type EntryReading, type LogEntry, readLogEntry } from './log-entry.ts';
import type { Checkpoint } from './replica.ts';
import { treeKey } from './snapshot.ts';
import { type Change, DamagedEntry, StoreError } from './store.ts';
import type { EntryItem, Table } from './table.ts';

/** The state at the end of the log; undefined where it is not known. `from`: the state before the damaged entry. */
export async function readOver(
  table: Pick<Table, 'readEntries'>,
  reading: EntryReading,
  from: Checkpoint,
): Promise<Checkpoint | undefined> {
  const state = new PatchyState(from);
  for (;;) {
    const page = await table.readEntries(state.logIndex);
    for (const item of page.entries) {
      if (item.logIndex <= state.logIndex) continue;
      if (item.logIndex !== state.logIndex + 1) return undefined;
      const entry = await entryOrHole(item, reading);
      if (entry === undefined) state.pass();
      else state.apply(entry);
    }
    if (!page.more || page.entries.length === 0) return state.isKnown ? state.checkpoint() : undefined;
  }
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
  #isInHole = false;

  constructor({ logIndex, revision, format, objects }: Checkpoint) {
    this.#objects = new Map(Array.from(objects, (stored) => [placeOf(stored), stored]));
    this.#logIndex = logIndex;
    this.#revision = revision;
    this.#format = format;
  }

  get logIndex(): number {
    return this.#logIndex;
  }

  get isKnown(): boolean {
    return !this.#isInHole && this.#lost.size === this.#deletions;
  }

  /** An entry that cannot be read. How many revisions it held shows the next one that can. */
  pass(): void {
    this.#logIndex += 1;
    this.#isInHole = true;
  }

  apply(entry: LogEntry): void {
    if (this.#isInHole) for (let lost = this.#revision + 1; lost < entry.firstRevision; lost += 1) this.#lost.add(lost);
    else if (entry.firstRevision !== this.#revision + 1) throw unfitting(entry);
    this.#isInHole = false;
    for (const content of entry.contents) {
      if (content.type === 'format') this.#format = content.format;
      else if (content.type === 'change') this.#change(content.change, content.previousRevision, entry);
    }
    this.#logIndex = entry.logIndex;
    this.#revision = entry.firstRevision + entry.contents.length - 1;
  }

  #change(change: Change, previousRevision: number, entry: LogEntry): void {
    const place = placeOf(change);
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

const placeOf = ({ key }: Pick<Stored, 'key'>): string => `${key.resource}\u0000${treeKey(key)}`;

const unfitting = ({ logIndex }: LogEntry): StoreError =>
  new StoreError('corrupt', `log entry ${logIndex} does not follow those before it`);
