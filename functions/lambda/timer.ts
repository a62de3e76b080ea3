/**
 * The sweep: a ring that was lost, or a worker that was cut off, is noticed a minute later. It reads the workers' notes and
 * the log's newest entries. It rings for workers that are behind, overdue, or unresponsive for too long.
 */
import type { WorkerGroupName } from '../manifest.ts';
import { mayConcern } from '../workers/doorbell/rings-of-changes.ts';
import type { Watcher } from '../workers/wake.ts';
import type { SqsDoorbell } from '../workers/doorbell/sqs-doorbell.ts';
import type { World } from '../world.ts';
import { changesOf, lastRevisionOf } from './entry-changes.ts';
import type { Table } from '../store/table.ts';
import type { Measured } from './metrics.ts';
import { logIfLate, watermarkLag } from './watermark-lag.ts';
import type { WorkerNote, WorkerNotes } from './worker-notes.ts';

export interface TimerOptions {
  readonly table: Pick<Table, 'readEntries' | 'readMeta' | 'readBlob'>;
  readonly notes: WorkerNotes;
  readonly doorbell: Pick<SqsDoorbell, 'ring' | 'rescue' | 'flush'>;
  readonly groups: readonly { readonly name: WorkerGroupName; readonly controllers: readonly Watcher[] }[];
  readonly world: World;
  /** Whose log it is, in what is measured. */
  readonly measured: Measured;
}

/** Longer than a worker's function and its queue's visibility time-out: this one will not come back. */
const lostMs = 75_000;
/** A worker that fell asleep a moment ago may be being rung right now. */
const settleMs = 5_000;
/** Entries read in one sweep; more wake all workers. */
const entriesMax = 500;
/** How seldom the state is written down for cold starts: while something happens, and while nothing does. */
const checkpointMs = 5 * 60_000;
const checkpointIdleMs = 24 * 3_600_000;
/** After so long without a change the watermark may be far behind: no writer had to move it. */
const unresponsiveAtMs = 10 * 60_000;

interface Swept {
  /** The newest log index and revision. */
  readonly logIndex: number;
  readonly revision: number;
  /** When the first change was written that is new; undefined when none is. */
  readonly firstNewMs: number | undefined;
  /** The newest revision that may concern each group. */
  readonly news: ReadonlyMap<string, number>;
}

export function createTimer({ table, notes, doorbell, groups, world, measured }: TimerOptions): () => Promise<void> {
  async function sweep(from: WorkerNote | undefined): Promise<Swept> {
    const after = from?.logIndex ?? (await table.readMeta()).logIndex;
    const { entries, more } = await table.readEntries(after, entriesMax);
    const news = new Map<string, number>();
    for (const item of entries) {
      const changes = await changesOf(item, table);
      for (const { name, controllers } of groups) {
        if (changes === undefined || mayConcern(controllers)(changes)) news.set(name, lastRevisionOf(item));
      }
    }
    const last = entries.at(-1);
    const revision = last === undefined ? (from?.revision ?? 0) : lastRevisionOf(last);
    if (more) for (const { name } of groups) news.set(name, revision + 1);
    return { logIndex: last?.logIndex ?? after, revision, firstNewMs: entries[0]?.writtenMs, news };
  }

  function wantsToWake(note: WorkerNote, news: number): boolean {
    if (note.deadlineMs !== undefined && note.deadlineMs <= world.clock.now()) return true;
    return news > note.revision && world.clock.now() - note.atMs > settleMs;
  }

  /** True: it has news to read. */
  function wake(name: WorkerGroupName, note: WorkerNote | undefined, news: number): boolean {
    const minute = String(Math.floor(world.clock.now() / 60_000));
    if (note === undefined) doorbell.ring(name, `first-${minute}`);
    else if (note.state === 'awake' && world.clock.now() - note.atMs > lostMs) doorbell.rescue(name, minute);
    else if (note.state === 'asleep' && wantsToWake(note, news)) doorbell.ring(name, `sweep-${minute}`);
    return news > (note?.revision ?? 0);
  }

  function busySince(own: WorkerNote | undefined, firstNewMs: number | undefined): number {
    if (own === undefined || (firstNewMs !== undefined && firstNewMs - own.atMs >= unresponsiveAtMs))
      return firstNewMs ?? world.clock.now();
    return own.busySinceMs ?? own.atMs;
  }

  return async () => {
    const known = await notes.read();
    const own = known.get('timer');
    const { logIndex, revision, firstNewMs, news } = await sweep(own);
    const busySinceMs = busySince(own, firstNewMs);
    const behind = groups.filter(({ name }) => wake(name, known.get(name), news.get(name) ?? 0));
    const housekeeping = known.get('materializer');
    const ageMs = world.clock.now() - (housekeeping?.atMs ?? 0);
    const hasNews = revision > (housekeeping?.revision ?? 0);
    const isDue = ageMs >= (hasNews ? checkpointMs : checkpointIdleMs);
    if (isDue) doorbell.ring('materializer', String(Math.floor(world.clock.now() / 60_000)));
    // Entries that a worker has not read are read again, for this ring may get lost too; unless there are too many.
    const isDone = behind.length === 0 || [...news.values()].some((newest) => newest > revision);
    if (isDone && logIndex !== own?.logIndex) await notes.write('timer', { state: 'asleep', revision, logIndex, busySinceMs });
    await doorbell.flush();
    // Checked when housekeeping is due, which is seldom.
    if (isDue && hasNews) logIfLate(await watermarkLag(table, { newestIndex: logIndex, busySinceMs }, world.clock.now()), measured, world);
  };
}
