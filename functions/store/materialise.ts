/**
 * Writes the state as of the floor into object items, so that a cold process begins there. Anyone may do it, any number
 * at once. It stops at the floor because what is above must stay readable revision by revision.
 *
 * Five rules hold it up, each of them needed: the watermark is read before the slots; every slot after it is read;
 * an item is put only over an older one, and a deletion leaves a tombstone; the watermark moves when all are in, and
 * only from where it was read; nothing is written long after that reading. Tombstones that vanish by themselves then have
 * most of their life before them when the watermark passes.
 *
 * Blobs that the slots left behind are noted with the watermark. They expire as late as slots do, and are then struck out.
 */
import type { Clock } from '../world.ts';
import { supersededBlobs } from './blobs.ts';
import type { Formats, FormatState } from './format.ts';
import type { StoreLimits } from './limits.ts';
import { isOlderThan, readingOf, type Reading } from './reading.ts';
import { decodeFrames, isMark, type ChangeFrame } from './slot-codec.ts';
import type { MetaItem, ObjectItem, SlotItem, Table } from './table.ts';

export interface MaterialiseParts {
  readonly table: Table;
  readonly clock: Clock;
  readonly limits: StoreLimits;
  readonly formats: Formats;
  /** Called with the place that the watermark was moved to. */
  readonly reached: (slot: number) => void;
}

const itemsAtOnce = 256;
/** That one step leaves behind: their names must find room in the watermark's item. */
const blobsMax = 1000;

/** One step; returns whether there is more to do up to the floor. */
export async function materialise(parts: MaterialiseParts, floor: number): Promise<boolean> {
  const { table, clock, limits, reached } = parts;
  const reading = readingOf(clock);
  const meta = await table.readMeta();
  await letBlobsExpire(parts, meta, reading);
  if (meta.revision >= floor) return false;
  const { slots, superseded } = await slotsBetween(table, meta.slot, { floor, count: limits.materialiseSlots });
  const last = slots.at(-1);
  if (last === undefined) return false;
  const { items, format = meta.format } = newestItems(slots, clock.now());
  if (format !== undefined) parts.formats.check(format, 'the store');
  if (!(await putAll(parts, items, reading))) return false;
  const place = { slot: last.slot, revision: last.firstRevision + last.count - 1 };
  const to: MetaItem = {
    ...place,
    writtenMs: last.writtenMs,
    passed: passedBy(meta, { ...place, atMs: clock.now() }, limits),
    ...(superseded.length === 0 ? {} : { superseded }),
    ...(format === undefined ? {} : { format }),
  };
  if (isOlderThan(reading, limits.materialiseMs, clock)) return false;
  if ((await table.advanceMeta(meta.slot, to, reading.nowMs)) !== 'written') return false;
  reached(to.slot);
  await letBlobsExpire(parts, to, reading);
  return to.revision < floor;
}

/** A process that dies before they are struck out leaves them to the next one. */
async function letBlobsExpire({ table, clock, limits }: MaterialiseParts, meta: MetaItem, reading: Reading): Promise<void> {
  const { superseded, ...rest } = meta;
  if (superseded === undefined) return;
  await table.expireBlobs(superseded, clock.now() + limits.slotLifeMs);
  if (!isOlderThan(reading, limits.materialiseMs, clock)) await table.advanceMeta(meta.slot, rest, reading.nowMs);
}

/** What is behind this place may be removed. */
export function forgettable(
  { passed }: MetaItem,
  nowMs: number,
  { slotLifeMs }: Pick<StoreLimits, 'slotLifeMs'>,
): Pick<MetaItem, 'slot' | 'revision'> {
  return passed !== undefined && nowMs - passed.atMs > slotLifeMs ? passed : { slot: 0, revision: 0 };
}

/** One mark at a time, for as long as it takes to count. */
function passedBy(meta: MetaItem, mark: NonNullable<MetaItem['passed']>, limits: StoreLimits): MetaItem['passed'] {
  return meta.passed === undefined || forgettable(meta, mark.atMs, limits).slot > 0 ? mark : meta.passed;
}

interface Slots {
  readonly slots: readonly SlotItem[];
  /** Blobs that they leave behind. */
  readonly superseded: readonly string[];
}

async function slotsBetween(table: Table, after: number, until: { readonly floor: number; readonly count: number }): Promise<Slots> {
  const slots: SlotItem[] = [];
  const superseded: string[] = [];
  for (;;) {
    const next = after + slots.length;
    const page = await table.readSlots(next, until.count - slots.length);
    for (const item of page.slots) {
      const isWanted = item.slot === after + slots.length + 1 && item.firstRevision + item.count - 1 <= until.floor;
      if (!isWanted) return { slots, superseded };
      slots.push(item);
      superseded.push(...supersededBlobs(item));
      if (superseded.length >= blobsMax) return { slots, superseded };
    }
    if (!page.more || slots.length >= until.count) return { slots, superseded };
  }
}

/** The last state of each object in the slots. Also how the store is written after them, if they hold that. */
function newestItems(slots: readonly SlotItem[], nowMs: number): { readonly items: readonly ObjectItem[]; readonly format?: FormatState } {
  const newest = new Map<string, ObjectItem>();
  let format: FormatState | undefined;
  for (const slot of slots) {
    for (const [index, frame] of decodeFrames(slot).entries()) {
      if (frame.type === 'format') format = frame.format;
      if (isMark(frame)) continue;
      const item = itemOf(frame, slot.firstRevision + index, nowMs);
      newest.set(JSON.stringify([item.resource, item.namespace, item.name]), item);
    }
  }
  return { items: [...newest.values()], ...(format === undefined ? {} : { format }) };
}

function itemOf({ type, key, body }: ChangeFrame, revision: number, writtenMs: number): ObjectItem {
  const { resource, namespace, name } = key;
  const item = { resource, namespace, name, revision, writtenMs };
  return type === 'deleted' ? item : { ...item, body };
}

async function putAll({ table, clock, limits }: MaterialiseParts, items: readonly ObjectItem[], reading: Reading): Promise<boolean> {
  for (let first = 0; first < items.length; first += itemsAtOnce) {
    if (isOlderThan(reading, limits.materialiseMs, clock)) return false;
    if ((await table.putObjects(items.slice(first, first + itemsAtOnce), reading.nowMs)) === 'unknown') return false;
  }
  return true;
}
