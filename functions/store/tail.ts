/**
 * Brings the replica up to date. Callers share a query, but only one that began after they arrived: what was
 * acknowledged before is then certainly in it.
 *
 *     caller 1 ──┐ query A ───────▶
 *     caller 2 ────┐ (A has begun) └─ query B ───────▶
 *     caller 3 ───────┘ shares B
 */
import { readObject } from '../kube/unreadable-object.ts';
import type { Stored } from '../kube/view.ts';
import type { Clock, Log } from '../world.ts';
import { isLateForBlob } from './blobs.ts';
import { readLogEntry, type BodyReader, type LogEntry } from './log-entry.ts';
import { treeKey, type Snapshot } from './snapshot.ts';
import { isOlderThan, readingOf, type Reading } from './reading.ts';
import type { Checkpoint, Replica } from './replica.ts';
import { readCheckpoint } from './read-checkpoint.ts';
import type { OverReader } from './read-over.ts';
import type { Change } from './store.ts';
import { DamagedEntry, StoreError } from './store.ts';
import { selectable, type SelectableFields } from './stored-object.ts';
import type { EntryItem, Table } from './table.ts';

export interface TailParts {
  readonly table: Table;
  readonly replica: Replica;
  readonly bodies: BodyReader;
  readonly fields: SelectableFields;
  readonly clock: Clock;
  readonly log: Log;
  readonly replicaLifeMs: number;
  /** Called after each entry that was applied, wherever it came from; without an entry when the replica was rebuilt. */
  readonly applied: (changes: readonly Change[], entry?: LogEntry) => void;
  /** Called with each damaged entry that is met. */
  readonly damaged: (damage: DamagedEntry) => void;
}

/** Each reload begins at a watermark that is newer than the entry that was missing. */
const reloadsMax = 5;

export class Tail {
  readonly #parts: TailParts;
  #confirmed: Reading | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #overReader: OverReader | undefined;

  constructor(parts: TailParts) {
    this.#parts = parts;
  }

  /** When all that was then acknowledged was certainly in the replica. */
  isConfirmedWithin(ms: number): boolean {
    return this.#confirmed !== undefined && !isOlderThan(this.#confirmed, ms, this.#parts.clock);
  }

  /** Whether all that was acknowledged at that reading of the monotonic clock is certainly in the replica. */
  isConfirmedSince(monotonicMs: number): boolean {
    return this.#confirmed !== undefined && this.#confirmed.monotonicMs > monotonicMs;
  }

  /** Resolves when the replica holds all that was acknowledged before this call. */
  fresh(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#afterRunning(this.#running);
    return this.#next;
  }

  /** Applies an entry of this process, unless a query that saw it came first. `reading`: from before it was sent. */
  applyOwn(entry: LogEntry, reading: Reading): void {
    if (entry.logIndex === this.#parts.replica.logIndex + 1) this.#apply(entry);
    this.#confirmed = reading;
  }

  async #afterRunning(running: Promise<void>): Promise<void> {
    // Whether that one failed concerns those who wait for it.
    await running.then(
      () => undefined,
      () => undefined,
    );
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<void> {
    const query = this.#query().finally(() => {
      if (this.#running === query) this.#running = undefined;
    });
    this.#running = query;
    return query;
  }

  async #query(): Promise<void> {
    const { clock, replica, replicaLifeMs } = this.#parts;
    let missing: number | undefined;
    for (let reloads = 0; reloads <= reloadsMax; reloads += 1) {
      const reading = readingOf(clock);
      if (this.#confirmed === undefined) await this.#load();
      else if (isOlderThan(this.#confirmed, replicaLifeMs, clock)) await this.#loadIfOvertaken();
      const complete = await this.#readOnOrOver(reading);
      // A query that was itself frozen for that long proves nothing.
      if (complete && !isOlderThan(reading, replicaLifeMs, clock)) {
        this.#confirmed = reading;
        return;
      }
      if (complete || (await this.#loadIfOvertaken())) continue;
      // Both may have been written while one read went past the first; the next read begins after both.
      if (missing === replica.logIndex + 1) throw new StoreError('corrupt', `log entry ${missing} is missing, but there are later ones`);
      missing = replica.logIndex + 1;
    }
    throw new StoreError('unavailable', `the log moved on faster than it could be read, ${reloadsMax} times`);
  }

  /** Where an entry is damaged, and later ones show all that it did, the replica is rebuilt behind it. */
  async #readOnOrOver(began: Reading): Promise<boolean> {
    try {
      return await this.#readOn(began);
    } catch (error) {
      if (!(error instanceof DamagedEntry)) throw error;
      this.#parts.damaged(error);
      // Another process may have written down what the entry did.
      if (await this.#loadIfOvertaken()) return false;
      this.#overReader ??= new (await import('./read-over.ts')).OverReader(this.#parts);
      const end = await this.#overReader.read(error, began);
      if (end === undefined) return false;
      this.#rebuild(end);
      return true;
    }
  }

  /** Reads and applies entries until there are no more; false when one is missing in between. */
  async #readOn(began: Reading): Promise<boolean> {
    const { table, replica } = this.#parts;
    for (;;) {
      const page = await table.readEntries(replica.logIndex);
      for (const item of page.entries) {
        if (item.logIndex <= replica.logIndex) continue;
        if (item.logIndex > replica.logIndex + 1) return false;
        if (!(await this.#applyItem(item, began))) return false;
      }
      if (!page.more) return true;
      if (page.entries.length === 0)
        throw new StoreError('corrupt', `the table has more log entries after ${replica.logIndex} but does not show them`);
    }
  }

  /** False when it came so late that a blob of the entry is gone. */
  async #applyItem(item: EntryItem, began: Reading): Promise<boolean> {
    const { bodies, fields, replica } = this.#parts;
    const isLate = (error: unknown): boolean => isLateForBlob(error, began, this.#parts);
    try {
      const entry = await readLogEntry(item, { bodies, fields, isLate });
      if (entry.logIndex === replica.logIndex + 1) this.#apply(entry);
      return true;
    } catch (error) {
      if (isLate(error)) return false;
      throw error;
    }
  }

  #apply(entry: LogEntry): void {
    this.#parts.applied(this.#parts.replica.apply(entry), entry);
  }

  /** Entries that others removed are behind the watermark; if it has not passed this replica, it has missed nothing. */
  async #loadIfOvertaken(): Promise<boolean> {
    const meta = await this.#parts.table.readMeta();
    if (meta.logIndex <= this.#parts.replica.logIndex) return false;
    await this.#load();
    return true;
  }

  async #load(): Promise<void> {
    const { table, bodies, clock, replicaLifeMs, damaged } = this.#parts;
    try {
      this.#rebuild(await readCheckpoint({ table, bodies, clock, limits: { replicaLifeMs } }));
    } catch (error) {
      if (error instanceof DamagedEntry) damaged(error);
      throw error;
    }
  }

  #rebuild(checkpoint: Checkpoint): void {
    const { replica, log, applied } = this.#parts;
    const before = replica.snapshot();
    const resourcesBefore = replica.resources();
    replica.load(checkpoint);
    // The first time, no watch is there yet.
    if (this.#confirmed === undefined) return;
    log.warn('the replica could not follow the log and has been rebuilt', { from: before.revision, to: replica.revision });
    applied([...new Set([...resourcesBefore, ...replica.resources()])].flatMap((resource) => differences(resource, before, this.#parts)));
  }
}

/** What listeners missed, as far as it can still be known: the last change of each object. */
function differences(resource: string, before: Snapshot, { replica, fields }: TailParts): Change[] {
  const old = before.objects(resource);
  const now = replica.objects(resource);
  const changes: Change[] = [];
  const previousOf = (known: Stored): Pick<Change, 'previous'> => {
    const object = readObject(known);
    return object === undefined ? {} : { previous: selectable(resource, object, fields) };
  };
  for (const stored of now.values()) {
    const known = old.get(treeKey(stored.key));
    if (known?.revision === stored.revision) continue;
    const type = known === undefined ? 'added' : 'modified';
    changes.push(missedChange(stored, { revision: stored.revision, type, ...(known === undefined ? {} : previousOf(known)) }));
  }
  for (const stored of old.values()) {
    if (now.get(treeKey(stored.key)) !== undefined) continue;
    changes.push(missedChange(stored, { revision: replica.revision, type: 'deleted', ...previousOf(stored) }));
  }
  return changes;
}

/** Its object is read when a listener asks: it may be damaged. */
const missedChange = (stored: Stored, change: Pick<Change, 'revision' | 'type' | 'previous'>): Change => ({
  ...change,
  key: stored.key,
  get object() {
    return stored.object;
  },
  get damage() {
    return stored.damage;
  },
});
