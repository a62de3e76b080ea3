/**
 * What a worker notes for the timer: whether it is at work, how far it has read, when it wants to be woken. The timer
 * reads nothing else to know who is due. Kept beside the log, since its history is of no use.
 */
import type { Table } from '../store/table.ts';
import type { Clock } from '../world.ts';

export interface WorkerNote {
  readonly state: 'awake' | 'asleep';
  /** When it fell asleep, or woke up. */
  readonly atMs: number;
  /** Every change up to here was taken in. */
  readonly revision: number;
  readonly deadlineMs?: number;
  /** The slot of that revision, where it is known. */
  readonly slot?: number;
  /** Since when changes have come without a long silence: the timer's own. */
  readonly busySinceMs?: number;
}

export interface WorkerNotes {
  write(name: string, note: Omit<WorkerNote, 'atMs'>): Promise<void>;
  read(): Promise<ReadonlyMap<string, WorkerNote>>;
}

/** All notes are in one shard of the leases: there are only as many as groups of workers. */
const shard = 0;
const prefix = 'worker/';

export function createWorkerNotes(table: Pick<Table, 'putLease' | 'readLeases'>, clock: Pick<Clock, 'now'>): WorkerNotes {
  let revision = 0;
  return {
    async write(name, note) {
      const atMs = clock.now();
      // The later of two notes in one millisecond counts.
      revision = Math.max(revision + 1, atMs);
      const body = Buffer.from(JSON.stringify({ ...note, atMs } satisfies WorkerNote));
      // The last one wins; one that gets lost costs a ring too many.
      await table.putLease({ shard, name: `${prefix}${name}`, revision, body });
    },
    async read() {
      const items = (await table.readLeases(shard)).filter(({ name }) => name.startsWith(prefix));
      return new Map(items.map(({ name, body }) => [name.slice(prefix.length), JSON.parse(Buffer.from(body).toString()) as WorkerNote]));
    },
  };
}
