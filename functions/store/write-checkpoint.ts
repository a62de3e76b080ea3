/**
 * Writes the checkpoint: the state as of the compact revision, in object items, so that a cold process begins there. Any
 * process may do it, any number at once. It stops at the compact revision because what is above must stay readable revision
 * by revision.
 *
 * Five rules hold it up, each of them needed: the watermark is read before the entries; every entry after it is read;
 * an item is put only over an older one, and a deletion leaves a tombstone; the watermark moves when all are in, and
 * only from where it was read; nothing is written long after that reading. Tombstones that vanish by themselves then have
 * most of their life before them when the watermark passes.
 *
 * Blobs that the entries left behind are noted with the watermark. They expire as late as entries do, and are then struck out.
 */
import type { Clock } from '../world.ts';
import { supersededBlobs } from './blobs.ts';
import type { Formats, FormatState } from './format.ts';
import { keyText } from './keys.ts';
import type { StoreLimits } from './limits.ts';
import { isOlderThan, readingOf, type Reading } from './reading.ts';
import { decodeFrames, isMark, type ChangeFrame } from './entry-codec.ts';
import type { MetaItem, ObjectItem, EntryItem, Table } from './table.ts';

export interface WriteCheckpointParts {
  readonly table: Table;
  readonly clock: Clock;
  readonly limits: StoreLimits;
  readonly formats: Formats;
  /** Called with the place that the watermark was moved to. */
  readonly reached: (logIndex: number) => void;
}

const itemsAtOnce = 256;
/** That one step leaves behind: their names must find room in the watermark's item. */
const blobsMax = 1000;

/** One step; returns whether there is more to do up to the compact revision. */
export async function writeCheckpoint(parts: WriteCheckpointParts, compactRevision: number): Promise<boolean> {
  const { table, clock, limits, reached } = parts;
  const reading = readingOf(clock);
  const meta = await table.readMeta();
  await letBlobsExpire(parts, meta, reading);
  if (meta.revision >= compactRevision) return false;
  const { entries, superseded } = await entriesBetween(table, meta.logIndex, { compactRevision, count: limits.checkpointEntries });
  const last = entries.at(-1);
  if (last === undefined) return false;
  const { items, format = meta.format } = newestItems(entries, clock.now());
  if (format !== undefined) parts.formats.check(format, 'the store');
  if (!(await putAll(parts, items, reading))) return false;
  const place = { logIndex: last.logIndex, revision: last.firstRevision + last.count - 1 };
  const to: MetaItem = {
    ...place,
    writtenMs: last.writtenMs,
    passed: passedBy(meta, { ...place, atMs: clock.now() }, limits),
    ...(superseded.length === 0 ? {} : { superseded }),
    ...(format === undefined ? {} : { format }),
  };
  if (isOlderThan(reading, limits.checkpointMs, clock)) return false;
  if ((await table.advanceMeta(meta.logIndex, to, reading.nowMs)) !== 'written') return false;
  reached(to.logIndex);
  await letBlobsExpire(parts, to, reading);
  return to.revision < compactRevision;
}

/** A process that dies before they are struck out leaves them to the next one. */
async function letBlobsExpire({ table, clock, limits }: WriteCheckpointParts, meta: MetaItem, reading: Reading): Promise<void> {
  const { superseded, ...rest } = meta;
  if (superseded === undefined) return;
  await table.expireBlobs(superseded, clock.now() + limits.entryLifeMs);
  if (!isOlderThan(reading, limits.checkpointMs, clock)) await table.advanceMeta(meta.logIndex, rest, reading.nowMs);
}

/** What is behind this place may be removed. */
export function forgettable(
  { passed }: MetaItem,
  nowMs: number,
  { entryLifeMs }: Pick<StoreLimits, 'entryLifeMs'>,
): Pick<MetaItem, 'logIndex' | 'revision'> {
  return passed !== undefined && nowMs - passed.atMs > entryLifeMs ? passed : { logIndex: 0, revision: 0 };
}

/** One mark at a time, for as long as it takes to count. */
export function passedBy(meta: MetaItem, mark: NonNullable<MetaItem['passed']>, limits: StoreLimits): MetaItem['passed'] {
  return meta.passed === undefined || forgettable(meta, mark.atMs, limits).logIndex > 0 ? mark : meta.passed;
}

interface Entries {
  readonly entries: readonly EntryItem[];
  /** Blobs that they leave behind. */
  readonly superseded: readonly string[];
}

async function entriesBetween(
  table: Table,
  after: number,
  until: { readonly compactRevision: number; readonly count: number },
): Promise<Entries> {
  const entries: EntryItem[] = [];
  const superseded: string[] = [];
  for (;;) {
    const next = after + entries.length;
    const page = await table.readEntries(next, until.count - entries.length);
    for (const item of page.entries) {
      const isWanted = item.logIndex === after + entries.length + 1 && item.firstRevision + item.count - 1 <= until.compactRevision;
      if (!isWanted) return { entries, superseded };
      entries.push(item);
      superseded.push(...supersededBlobs(item));
      if (superseded.length >= blobsMax) return { entries, superseded };
    }
    if (!page.more || entries.length >= until.count) return { entries, superseded };
  }
}

/** The last state of each object in the entries. Also how the store is written after them, if they hold that. */
function newestItems(
  entries: readonly EntryItem[],
  nowMs: number,
): { readonly items: readonly ObjectItem[]; readonly format?: FormatState } {
  const newest = new Map<string, ObjectItem>();
  let format: FormatState | undefined;
  for (const entry of entries) {
    for (const [index, frame] of decodeFrames(entry).entries()) {
      if (frame.type === 'format') format = frame.format;
      if (isMark(frame)) continue;
      const item = itemOf(frame, entry.firstRevision + index, nowMs);
      newest.set(keyText(item), item);
    }
  }
  return { items: [...newest.values()], ...(format === undefined ? {} : { format }) };
}

function itemOf({ type, key, body }: ChangeFrame, revision: number, writtenMs: number): ObjectItem {
  const { resource, namespace, name } = key;
  const item = { resource, namespace, name, revision, writtenMs };
  return type === 'deleted' ? item : { ...item, body };
}

export async function putAll(
  { table, clock, limits }: WriteCheckpointParts,
  items: readonly ObjectItem[],
  reading: Reading,
): Promise<boolean> {
  for (let first = 0; first < items.length; first += itemsAtOnce) {
    if (isOlderThan(reading, limits.checkpointMs, clock)) return false;
    if ((await table.putObjects(items.slice(first, first + itemsAtOnce), reading.nowMs)) === 'unknown') return false;
  }
  return true;
}
