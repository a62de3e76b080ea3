/** What is above the compact revision but no longer in memory, read from the table's entries. */
import { readLogEntry, type LogEntry } from './log-entry.ts';
import { isLateForBlob } from './blobs.ts';
import type { Snapshot } from './snapshot.ts';
import { readingOf, type Reading } from './reading.ts';
import { Replica } from './replica.ts';
import { readCheckpoint, type CheckpointParts } from './read-checkpoint.ts';
import type { Change } from './store.ts';
import { DamagedEntry, StoreError } from './store.ts';
import type { SelectableFields } from './stored-object.ts';
import type { EntryItem, Table } from './table.ts';
import type { PastChanges } from './watches.ts';

export interface PastParts extends CheckpointParts {
  readonly fields: SelectableFields;
}

/** One page of the changes after a revision, at most `limit` of them. `newest`: an entry that is known to exist. */
export async function readPast(parts: PastParts, after: number, limit: number, newest: number): Promise<PastChanges> {
  const began = readingOf(parts.clock);
  const logIndex = await findLogIndex(parts.table, after + 1, newest);
  const page = await parts.table.readEntries(logIndex - 1);
  const changes: Change[] = [];
  let through = after;
  for (const [index, item] of page.entries.entries()) {
    if (item.logIndex > newest || changes.length >= limit) break;
    // It may have been removed since it was found.
    if (item.logIndex !== logIndex + index) break;
    const read = await readOrGone(parts, item, began);
    changes.push(...changesOf(read).filter(({ revision }) => revision > after));
    through = item.firstRevision + item.count - 1;
  }
  if (through === after) throw goneError(after + 1);
  if (changes.length <= limit) return { changes, through };
  const first = changes.slice(0, limit);
  return { changes: first, through: first.at(-1)?.revision ?? after };
}

const changesOf = ({ contents }: LogEntry): Change[] => contents.flatMap((content) => (content.type === 'change' ? [content.change] : []));

/** The entry that holds a revision, by halving. */
async function findLogIndex(table: Table, revision: number, newest: number): Promise<number> {
  let low = (await table.readMeta()).logIndex + 1;
  let high = newest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await readEntry(table, middle)).firstRevision <= revision) low = middle;
    else high = middle - 1;
  }
  if ((await readEntry(table, low)).firstRevision > revision) throw goneError(revision);
  return low;
}

async function readEntry(table: Table, logIndex: number): Promise<EntryItem> {
  const item = (await table.readEntries(logIndex - 1, 1)).entries[0];
  if (item?.logIndex !== logIndex) throw goneError(logIndex);
  return item;
}

/** The state as of a revision, built from the watermark on. It is below none of the object items, which stop at the compact revision. */
export async function readSnapshotAt(parts: PastParts, revision: number): Promise<Snapshot> {
  const began = readingOf(parts.clock);
  const checkpoint = await readCheckpoint(parts);
  if (checkpoint.revision > revision) throw goneError(revision);
  const replica = new Replica(entryRevisionsMax);
  replica.load(checkpoint);
  while (replica.revision < revision) {
    const page = await parts.table.readEntries(replica.logIndex);
    if (page.entries.length === 0) throw goneError(revision);
    for (const item of page.entries) {
      if (replica.revision >= revision) break;
      if (item.logIndex !== replica.logIndex + 1) throw goneError(revision);
      replica.apply(await readOrGone(parts, item, began));
    }
  }
  return replica.snapshotAt(revision);
}

async function readOrGone({ bodies, fields, clock, limits }: PastParts, item: EntryItem, began: Reading): Promise<LogEntry> {
  const isLate = (error: unknown): boolean => isLateForBlob(error, began, { clock, ...limits });
  try {
    return await readLogEntry(item, { bodies, fields, isLate });
  } catch (error) {
    // A client that reads the past across a damaged entry begins anew.
    throw isLate(error) || error instanceof DamagedEntry ? goneError(item.firstRevision) : error;
  }
}

/** More than one entry ever holds; only the last one has to be taken back in part. */
const entryRevisionsMax = 20_000;

const goneError = (place: number): StoreError => new StoreError('compacted', `revision ${place} is no longer available`);
