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
  /** The index of that revision's log entry, where it is known. */
  readonly logIndex?: number;
  /** Since when changes have come without a long silence: the timer's own. */
  readonly busySinceMs?: number;
}

export interface WorkerNotes {
  write(name: string, note: Omit<WorkerNote, 'atMs'>): Promise<void>;
  read(): Promise<ReadonlyMap<string, WorkerNote>>;
}

/** All notes are in one shard of the notes beside the log: there are only as many as groups of workers. */
const shard = 0;
const prefix = 'worker/';

export function createWorkerNotes(table: Pick<Table, 'putNote' | 'readNotes'>, clock: Pick<Clock, 'now'>): WorkerNotes {
  let revision = 0;
  return {
    async write(name, note) {
      const atMs = clock.now();
      // The later of two notes in one millisecond counts.
      revision = Math.max(revision + 1, atMs);
      const body = encodeNote({ ...note, atMs });
      // The last one wins; one that gets lost costs a ring too many.
      await table.putNote({ shard, name: `${prefix}${name}`, revision, body });
    },
    async read() {
      const items = (await table.readNotes(shard)).filter(({ name }) => name.startsWith(prefix));
      return new Map(items.map(({ name, body }) => [name.slice(prefix.length), decodeNote(body)]));
    },
  };
}

/** Stored, the index of a log entry has the name `slot`. */
type StoredNote = Omit<WorkerNote, 'logIndex'> & { readonly slot?: number };

function encodeNote({ logIndex: slot, ...rest }: WorkerNote): Buffer {
  const stored: StoredNote = { ...rest, ...(slot === undefined ? {} : { slot }) };
  return Buffer.from(JSON.stringify(stored));
}

function decodeNote(body: Uint8Array): WorkerNote {
  const { slot: logIndex, ...rest } = JSON.parse(Buffer.from(body).toString()) as StoredNote;
  return { ...rest, ...(logIndex === undefined ? {} : { logIndex }) };
}
