/** Puts the store together: one log, one replica, one committer. See README.md for the words. */
import type { KubeObject } from '../kube/object.ts';
import type { UnreadableObject } from '../kube/unreadable-object.ts';
import type { Stored, StoreView } from '../kube/view.ts';
import type { Cancel, World } from '../world.ts';
import { Committer } from './committer.ts';
import { currentFormats, type Formats } from './format.ts';
import { defaultLimits, type StoreLimits } from './limits.ts';
import { BodyReader, type LogEntry } from './log-entry.ts';
import { forgettable, writeCheckpoint, type WriteCheckpointParts } from './write-checkpoint.ts';
import { readPast, readSnapshotAt, type PastParts } from './past.ts';
import { Snapshot } from './snapshot.ts';
import { Planner } from './plan.ts';
import { Replica } from './replica.ts';
import type { MarkFrame } from './entry-codec.ts';
import { rewriteOld, oldObjects } from './rewrite.ts';
import type { Change, FormatProgress, Operation, Store, WatchBatch, WatchRequest } from './store.ts';
import { DamagedEntry, StoreError } from './store.ts';
import { Decoder, type FoundDamage, type SelectableFields } from './stored-object.ts';
import type { Table } from './table.ts';
import { Tail } from './tail.ts';
import { Upkeep } from './upkeep.ts';
import { Watches } from './watches.ts';

export interface StoreOptions {
  /** The table is the store's from now on: closing the one closes the other. */
  readonly table: Table;
  readonly world: World;
  /** What selectors may name, besides labels. Default: name and namespace. */
  readonly selectableFields?: SelectableFields;
  readonly limits?: Partial<StoreLimits>;
  /** Several stores may share one, and with it the room for what is decoded; default: one with these limits. */
  readonly decoder?: Decoder;
  /** What this process reads and may write; default: those of this version. */
  readonly formats?: Formats;
  /** Keeps what the store will forget: called by its housekeeping, with the newest revision. */
  readonly archive?: (revision: number) => Promise<void>;
  /** Called once for each state of an object that turns out to be unreadable, and with each damaged log entry. */
  readonly foundDamage?: (damage: UnreadableObject | DamagedEntry) => void;
}

export async function createStore(options: StoreOptions): Promise<Store> {
  const store = new LogStore(options);
  try {
    await store.fresh();
  } catch (error) {
    await store.close();
    throw error;
  }
  store.startPolling();
  return store;
}

const markOf = (compactRevision: number | undefined): MarkFrame | undefined =>
  compactRevision === undefined ? undefined : { type: 'compaction', compactRevision };

const nameAndNamespace = (_resource: string, { metadata }: KubeObject): Record<string, string> => ({
  'metadata.name': metadata.name ?? '',
  'metadata.namespace': metadata.namespace ?? '',
});

/** Pages of one list ask for the same revision again and again. */
const snapshotsKept = 8;
/** In one round of housekeeping; the next one goes on. */
const checkpointStepsMax = 64;
/** Writers that help check for work at most this often, and this often when there was none. */
const helpEveryMs = 1000;
const helpInVainEveryMs = 10_000;
/** How often `notOlderThan` checks again. */
const checkAgainMs = 50;

class LogStore implements Store {
  readonly #table: Table;
  readonly #world: World;
  readonly #limits: StoreLimits;
  readonly #formats: Formats;
  readonly #archive: StoreOptions['archive'];
  readonly #foundDamage: StoreOptions['foundDamage'];
  #archivedRevision: number | undefined;
  readonly #replica: Replica;
  readonly #tail: Tail;
  readonly #committer: Committer;
  readonly #watches: Watches;
  readonly #past: PastParts;
  readonly #upkeep = new Upkeep();
  #snapshot = new Snapshot(0, new Map());
  readonly #listeners = new Set<(revision: number, changes: readonly Change[]) => void>();
  readonly #snapshots = new Map<number, Promise<StoreView>>();
  #helping: Promise<void> | undefined;
  #helpAgainMs = 0;
  #poll: Cancel | undefined;
  #nextCheck: Promise<void> | undefined;
  #closed = false;
  #damagedIndex: number | undefined;

  constructor(options: StoreOptions) {
    const { table, world, selectableFields: fields = nameAndNamespace, limits, decoder, formats = currentFormats } = options;
    const { clock, random, log } = world;
    const all = { ...defaultLimits, ...limits };
    const replica = new Replica(all.historyChangesMax);
    const found: FoundDamage = (damage) => {
      log.error('an object of the store cannot be read', { ...damage.key, revision: damage.revision, error: damage });
      options.foundDamage?.(damage);
    };
    const bodies = new BodyReader(table, (decoder ?? new Decoder(all)).reportingTo(found), formats);
    const past = { table, bodies, fields, clock, limits: all };
    const applied = (changes: readonly Change[], entry?: LogEntry): void => this.#applied(changes, entry);
    const damaged = (damage: DamagedEntry): void => this.#foundDamaged(damage);
    const tail = new Tail({ table, replica, bodies, fields, clock, log, replicaLifeMs: all.replicaLifeMs, applied, damaged });
    this.#table = table;
    this.#world = world;
    this.#limits = all;
    this.#formats = formats;
    this.#archive = options.archive;
    this.#foundDamage = options.foundDamage;
    this.#replica = replica;
    this.#past = past;
    this.#tail = tail;
    this.#committer = new Committer({
      table,
      replica,
      tail,
      planner: new Planner({ fields, limits: all, decoder: bodies.decoder, formats }),
      clock,
      random,
      log,
      limits: all,
    });
    this.#watches = new Watches({
      replica,
      clock,
      progressMs: all.progressMs,
      batchMax: all.watchBatchMax,
      past: (after, limit) => readPast(past, after, limit, replica.logIndex),
    });
  }

  commit<T>(operation: Operation<T>): Promise<T> {
    if (this.#isOverdue()) return this.#commitAfterUpkeep(operation);
    const answer = this.#committer.commit(operation);
    if (this.#upkeep.entriesBehind >= this.#limits.helpEntries) void this.#helpAfter(answer);
    return answer;
  }

  view(): StoreView {
    if (this.#snapshot.revision !== this.#replica.revision) this.#snapshot = this.#replica.snapshot();
    return this.#snapshot;
  }

  async fresh(sinceMs?: number): Promise<StoreView> {
    if (this.#closed) throw new StoreError('unavailable', 'the store is closed');
    if (sinceMs === undefined || !this.#tail.isConfirmedSince(sinceMs)) await this.#tail.fresh();
    return this.view();
  }

  async notOlderThan(revision: number): Promise<StoreView> {
    const { clock } = this.#world;
    const startMs = clock.monotonicMs();
    if (this.#replica.revision < revision) await this.fresh();
    while (this.#replica.revision < revision) {
      if (clock.monotonicMs() - startMs >= this.#limits.notOlderWaitMs) {
        throw new StoreError('too-large-revision', `Too large resource version: ${revision}, current: ${this.#replica.revision}`);
      }
      await this.#checkAgain();
    }
    return this.view();
  }

  /** One read for all that wait: the revisions they wait for are the clients' choice. */
  #checkAgain(): Promise<void> {
    this.#nextCheck ??= this.#checkSoon();
    return this.#nextCheck;
  }

  async #checkSoon(): Promise<void> {
    try {
      await this.#world.clock.sleep(checkAgainMs);
      await this.fresh();
    } finally {
      this.#nextCheck = undefined;
    }
  }

  async at(revision: number): Promise<StoreView> {
    await this.notOlderThan(revision);
    this.#checkCompacted(revision);
    const kept = this.#snapshots.get(revision);
    const snapshot = kept ?? this.#snapshotAt(revision);
    this.#keepSnapshot(revision, snapshot);
    return snapshot;
  }

  compactRevision(): number {
    return this.#replica.compactRevision;
  }

  watch(request: WatchRequest): AsyncIterable<WatchBatch> {
    return this.#watches.watch(request, () => this.notOlderThan(request.after));
  }

  async changesAfter(revision: number, limit: number): Promise<readonly Change[]> {
    this.#checkCompacted(revision);
    const { history } = this.#replica;
    if (revision >= history.base) return history.after(revision, limit);
    const { changes, through } = await readPast(this.#past, revision, limit, this.#replica.logIndex);
    // The table's pages end where they like: what is missing then is not to be taken for the end.
    if (changes.length >= limit || through >= this.#replica.revision) return changes;
    return [...changes, ...(await this.changesAfter(through, limit - changes.length))];
  }

  async before(change: Change): Promise<Stored | undefined> {
    const { history } = this.#replica;
    if (change.revision > history.base) return history.before(change);
    return (await this.at(change.revision - 1)).get(change.key);
  }

  onApplied(listener: (revision: number, changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async housekeep(): Promise<void> {
    await this.fresh();
    await this.#keepPast();
    if (this.#dueCompaction() !== undefined) await this.#committer.appendMark(() => markOf(this.#dueCompaction()));
    await this.#prune();
    const parts: WriteCheckpointParts = {
      table: this.#table,
      clock: this.#world.clock,
      limits: this.#limits,
      formats: this.#formats,
      reached: (logIndex) => this.#upkeep.reached(logIndex),
    };
    await this.#writeCheckpoint(parts);
    await rewriteOld({ replica: this.#replica, committer: this.#committer, formats: this.#formats, log: this.#world.log });
  }

  async #writeCheckpoint(parts: WriteCheckpointParts): Promise<void> {
    const { compactRevision } = this.#replica;
    try {
      for (let step = 0; step < checkpointStepsMax; step += 1) {
        if (!(await writeCheckpoint(parts, compactRevision))) break;
      }
    } catch (error) {
      if (!(error instanceof DamagedEntry)) throw error;
      this.#foundDamaged(error);
      const { writePastDamage } = await import('./write-state.ts');
      await writePastDamage(parts, { replica: this.#replica, committer: this.#committer, log: this.#world.log });
    }
  }

  /** Each entry once, as long as it is the one that is met. */
  #foundDamaged(damage: DamagedEntry): void {
    if (damage.logIndex === this.#damagedIndex) return;
    this.#damagedIndex = damage.logIndex;
    this.#world.log.error('a log entry cannot be read', { logIndex: damage.logIndex, error: damage });
    this.#foundDamage?.(damage);
  }

  /** The table keeps entries long after the compact revision has passed them: what fails now is tried again the next time. */
  async #keepPast(): Promise<void> {
    const { revision } = this.#replica;
    if (this.#archive === undefined || revision === this.#archivedRevision) return;
    try {
      await this.#archive(revision);
      this.#archivedRevision = revision;
    } catch (error) {
      this.#world.log.warn('the log could not be archived', { error });
    }
  }

  format(): FormatProgress {
    const { format } = this.#replica;
    return { ...format, newest: this.#formats.newest, objectsLeft: oldObjects(this.#replica, this.#formats).length };
  }

  async finalizeFormat(): Promise<void> {
    await this.fresh();
    const { newest } = this.#formats;
    await this.#committer.appendMark(() => {
      const { writes, oldest } = this.#replica.format;
      return writes >= newest ? undefined : { type: 'format', format: this.#formats.stateOf(newest, oldest) };
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll?.();
    this.#committer.close();
    this.#watches.close();
    await this.#table.close();
  }

  startPolling(): void {
    const { pollMs } = this.#limits;
    if (pollMs === 0 || this.#closed) return;
    this.#poll = this.#world.clock.after(pollMs, () => {
      this.#tail
        .fresh()
        .catch((error: unknown) => this.#world.log.warn('the log could not be read', { error }))
        .finally(() => this.startPolling());
    });
  }

  /** Entries that may expire before they are checkpointed: nothing must build on them. */
  #isOverdue(): boolean {
    const { oldestMs } = this.#upkeep;
    if (this.#table.entriesExpire !== true || oldestMs === undefined) return false;
    return this.#world.clock.now() - oldestMs > this.#limits.behindMsMax;
  }

  async #commitAfterUpkeep<T>(operation: Operation<T>): Promise<T> {
    await this.#help();
    if (this.#isOverdue()) throw new StoreError('unavailable', 'the log is not being checkpointed: writes wait until it is');
    return this.#committer.commit(operation);
  }

  /** Once the writer has its answer; and not again at once, when nothing can be done yet. */
  async #helpAfter(answer: Promise<unknown>): Promise<void> {
    const { clock } = this.#world;
    if (this.#helping !== undefined || clock.monotonicMs() < this.#helpAgainMs) return;
    this.#helpAgainMs = clock.monotonicMs() + helpEveryMs;
    await answer.then(
      () => undefined,
      () => undefined,
    );
    const before = this.#upkeep.watermark;
    await this.#help();
    // What is behind lies above the compact revision, and that moves once in minutes.
    if (this.#upkeep.watermark === before) this.#helpAgainMs = clock.monotonicMs() + helpInVainEveryMs;
  }

  /** Those who come meanwhile wait for the same. */
  #help(): Promise<void> {
    this.#helping ??= this.housekeep()
      .catch((error: unknown) => {
        if (!(error instanceof StoreError)) throw error;
        this.#world.log.warn('the log could not be checkpointed', { error });
      })
      .finally(() => {
        this.#helping = undefined;
      });
    return this.#helping;
  }

  async #prune(): Promise<void> {
    const meta = await this.#table.readMeta();
    this.#upkeep.reached(meta.logIndex);
    const nowMs = this.#world.clock.now();
    const { logIndex, revision } = forgettable(meta, nowMs, this.#limits);
    await this.#table.prune({ logIndex, revision, beforeMs: nowMs - this.#limits.entryLifeMs });
  }

  #applied(changes: readonly Change[], entry: LogEntry | undefined): void {
    if (entry !== undefined) this.#upkeep.applied(entry);
    for (const listener of this.#listeners) listener(this.#replica.revision, changes);
    this.#watches.applied(changes);
  }

  #checkCompacted(revision: number): void {
    const { compactRevision } = this.#replica;
    if (revision < compactRevision)
      throw new StoreError('compacted', `revision ${revision} is no longer available; the oldest is ${compactRevision}`);
  }

  /** The revision of the last compaction frame, once that is old enough, unless nothing has happened since. */
  #dueCompaction(): number | undefined {
    const { lastCompaction, compactRevision, history, revision } = this.#replica;
    if (revision === 0) return undefined;
    if (this.#isOverdue()) {
      const overdue = this.#upkeep.revisionBefore(this.#world.clock.now() - this.#limits.retentionMs);
      if (overdue > compactRevision) return overdue;
    }
    if (lastCompaction === undefined) return compactRevision;
    const isOld = this.#world.clock.now() - lastCompaction.writtenMs >= this.#limits.retentionMs;
    const isIdle = history.base <= compactRevision && history.after(compactRevision, 1).length === 0;
    return isOld && !isIdle ? lastCompaction.revision : undefined;
  }

  async #snapshotAt(revision: number): Promise<StoreView> {
    if (revision >= this.#replica.history.base) return this.#replica.snapshotAt(revision);
    const snapshot = await readSnapshotAt(this.#past, revision);
    // While it was built, the compact revision may have moved past it, and newer items may have got in.
    await this.#tail.fresh();
    this.#checkCompacted(revision);
    return snapshot;
  }

  #keepSnapshot(revision: number, snapshot: Promise<StoreView>): void {
    this.#snapshots.delete(revision);
    this.#snapshots.set(revision, snapshot);
    snapshot.catch(() => this.#snapshots.delete(revision));
    const oldest = this.#snapshots.keys().next().value;
    if (this.#snapshots.size > snapshotsKept && oldest !== undefined) this.#snapshots.delete(oldest);
  }
}

/** The replica as it is at each call. */
