/** What is above the floor but no longer in memory, read from the table's slots. */
import { readLogSlot, type LogSlot } from './log-slot.ts';
import { isLateForBlob } from './blobs.ts';
import type { Picture } from './picture.ts';
import { readingOf, type Reading } from './reading.ts';
import { Replica } from './replica.ts';
import { readSnapshot, type SnapshotParts } from './snapshot.ts';
import type { Change } from './store.ts';
import { StoreError } from './store.ts';
import type { SelectableFields } from './stored-object.ts';
import type { SlotItem, Table } from './table.ts';
import type { PastChanges } from './watches.ts';

export interface PastParts extends SnapshotParts {
  readonly fields: SelectableFields;
}

/** One page of the changes after a revision, at most `limit` of them. `newest`: a slot that is known to exist. */
export async function readPast(parts: PastParts, after: number, limit: number, newest: number): Promise<PastChanges> {
  const began = readingOf(parts.clock);
  const slot = await findSlot(parts.table, after + 1, newest);
  const page = await parts.table.readSlots(slot - 1);
  const changes: Change[] = [];
  let through = after;
  for (const [index, item] of page.slots.entries()) {
    if (item.slot > newest || changes.length >= limit) break;
    // It may have been removed since it was found.
    if (item.slot !== slot + index) break;
    const read = await readOrGone(parts, item, began);
    changes.push(...changesOf(read).filter(({ revision }) => revision > after));
    through = item.firstRevision + item.count - 1;
  }
  if (through === after) throw goneError(after + 1);
  if (changes.length <= limit) return { changes, through };
  const first = changes.slice(0, limit);
  return { changes: first, through: first.at(-1)?.revision ?? after };
}

const changesOf = ({ entries }: LogSlot): Change[] => entries.flatMap((entry) => (entry.type === 'change' ? [entry.change] : []));

/** The slot that holds a revision, by halving. */
async function findSlot(table: Table, revision: number, newest: number): Promise<number> {
  let low = (await table.readMeta()).slot + 1;
  let high = newest;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await readSlot(table, middle)).firstRevision <= revision) low = middle;
    else high = middle - 1;
  }
  if ((await readSlot(table, low)).firstRevision > revision) throw goneError(revision);
  return low;
}

async function readSlot(table: Table, slot: number): Promise<SlotItem> {
  const item = (await table.readSlots(slot - 1, 1)).slots[0];
  if (item?.slot !== slot) throw goneError(slot);
  return item;
}

/** The state as of a revision, built from the watermark on. It is below none of the object items, which stop at the floor. */
export async function readPictureAt(parts: PastParts, revision: number): Promise<Picture> {
  const began = readingOf(parts.clock);
  const snapshot = await readSnapshot(parts);
  if (snapshot.revision > revision) throw goneError(revision);
  const replica = new Replica(slotRevisionsMax);
  replica.load(snapshot);
  while (replica.revision < revision) {
    const page = await parts.table.readSlots(replica.slot);
    if (page.slots.length === 0) throw goneError(revision);
    for (const item of page.slots) {
      if (replica.revision >= revision) break;
      if (item.slot !== replica.slot + 1) throw goneError(revision);
      replica.apply(await readOrGone(parts, item, began));
    }
  }
  return replica.pictureAt(revision);
}

async function readOrGone({ bodies, fields, clock, limits }: PastParts, item: SlotItem, began: Reading): Promise<LogSlot> {
  try {
    return await readLogSlot(item, bodies, fields);
  } catch (error) {
    throw isLateForBlob(error, began, { clock, ...limits }) ? goneError(item.firstRevision) : error;
  }
}

/** More than one slot ever holds; only the last one has to be taken back in part. */
const slotRevisionsMax = 20_000;

const goneError = (place: number): StoreError => new StoreError('compacted', `revision ${place} is no longer available`);
