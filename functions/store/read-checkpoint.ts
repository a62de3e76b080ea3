/** The checkpoint: the state behind the watermark, read from object items. */
import type { Stored } from '../kube/view.ts';
import type { Clock } from '../world.ts';
import { keyText } from './keys.ts';
import type { StoreLimits } from './limits.ts';
import { firstState, type FormatState } from './format.ts';
import { isLateForBlob } from './blobs.ts';
import type { BodyReader, IsLate } from './log-entry.ts';
import { isOlderThan, readingOf } from './reading.ts';
import type { Checkpoint } from './replica.ts';
import { decodeFrames, isMark, readableFrames } from './entry-codec.ts';
import { StoreError } from './store.ts';
import type { MetaItem, ObjectItem, EntryItem, Table } from './table.ts';

export interface CheckpointParts {
  readonly table: Table;
  readonly bodies: BodyReader;
  readonly clock: Clock;
  readonly limits: Pick<StoreLimits, 'replicaLifeMs'>;
}

/** Each try took far too long, or another process moved the watermark meanwhile. */
const attemptsMax = 5;

/**
 * The watermark is read before the items: each of them is then at least as new as its revision. Only tombstones may be gone:
 * those that it passed while the reading took very long (`entryLifeMs`). Where they vanish by themselves, also those of
 * old entries above it. The former are read again. The latter are all below the compact revision, so the items are brought
 * to it. A process that writes the next checkpoint, or died at it, leaves some items newer than the watermark. The others
 * are brought to the same revision, which the compact revision has passed already.
 */
export async function readCheckpoint({ table, bodies, clock, limits }: CheckpointParts): Promise<Checkpoint> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const reading = readingOf(clock);
    const meta = await table.readMeta();
    bodies.formats.check(meta.format ?? firstState, 'the store');
    const items = new Map((await table.readObjects()).map((item) => [keyText(item), item]));
    if (isOlderThan(reading, limits.replicaLifeMs, clock)) continue;
    const newest = (await overdueCompactRevision(table, meta, clock)) ?? 0;
    const end = await rollOn(table, items, { ...meta, newest });
    if (end === undefined) continue;
    bodies.formats.check(end.format, 'the store');
    const isLate = (error: unknown): boolean => isLateForBlob(error, reading, { clock, ...limits });
    try {
      return { ...end, objects: await readBodies(items.values(), bodies, isLate) };
    } catch (error) {
      if (!isLate(error)) throw error;
    }
  }
  throw new StoreError('unavailable', `the watermark moved on while object items were read, ${attemptsMax} times`);
}

type Items = Map<string, NewestItem>;
type NewestItem = Pick<ObjectItem, 'resource' | 'namespace' | 'name' | 'revision' | 'body'>;

/** The compact revision of the log, when entries above the watermark are so old that their tombstones may have vanished. */
async function overdueCompactRevision(table: Table, meta: MetaItem, clock: Clock): Promise<number | undefined> {
  const { tombstoneLifeMs } = table;
  // The other half is for clocks that are wrong, and for as long as this takes.
  if (tombstoneLifeMs === undefined || (meta.writtenMs !== undefined && clock.now() - meta.writtenMs < tombstoneLifeMs / 2))
    return undefined;
  let compactRevision: number | undefined;
  for (let { logIndex } = meta; ;) {
    const page = await table.readEntries(logIndex);
    for (const item of page.entries) {
      if (item.logIndex !== logIndex + 1) return compactRevision;
      // A damaged entry may hide a mark. An entry behind it then does not follow: no wrong state is shown.
      const frame = readableFrames(item)?.[0];
      if (frame?.type === 'compaction') compactRevision = frame.compactRevision;
      logIndex = item.logIndex;
    }
    if (!page.more || page.entries.length === 0) return compactRevision;
  }
}

/** Brings all items to the newest one's revision, or further; undefined when the entries for that are not there. */
async function rollOn(
  table: Table,
  items: Items,
  meta: Pick<MetaItem, 'logIndex' | 'revision' | 'format'> & { readonly newest: number },
): Promise<Omit<Checkpoint, 'objects'> | undefined> {
  let newest = Math.max(meta.revision, meta.newest);
  for (const item of items.values()) newest = Math.max(newest, item.revision);
  let { logIndex, revision, format = firstState } = meta;
  while (revision < newest) {
    const { entries } = await table.readEntries(logIndex);
    if (entries[0]?.logIndex !== logIndex + 1) return undefined;
    for (const item of entries) {
      if (item.logIndex !== logIndex + 1 || revision >= newest) break;
      format = take(items, item) ?? format;
      logIndex = item.logIndex;
      revision = item.firstRevision + item.count - 1;
    }
  }
  return { logIndex, revision, format };
}

/** Returns how the store is written from this entry on, when the entry holds that. */
function take(items: Items, entry: EntryItem): FormatState | undefined {
  let format: FormatState | undefined;
  for (const [index, frame] of decodeFrames(entry).entries()) {
    if (frame.type === 'format') format = frame.format;
    if (isMark(frame)) continue;
    const { key, type, body } = frame;
    const revision = entry.firstRevision + index;
    const known = items.get(keyText(key));
    if (known === undefined || known.revision < revision)
      items.set(keyText(key), { ...key, revision, ...(type === 'deleted' ? {} : { body }) });
  }
  return format;
}

async function readBodies(items: Iterable<NewestItem>, bodies: BodyReader, isLate: IsLate): Promise<Stored[]> {
  const objects: Stored[] = [];
  for (const { resource, namespace, name, revision, body } of items) {
    if (body === undefined) continue;
    objects.push(await bodies.stored({ resource, namespace, name }, revision, body, isLate));
  }
  return objects;
}
