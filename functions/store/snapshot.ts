/** The state behind the watermark, read from object items. */
import type { Key, Stored } from '../kube/view.ts';
import type { Clock } from '../world.ts';
import type { StoreLimits } from './limits.ts';
import type { BodyReader } from './log-slot.ts';
import { isOlderThan, readingOf } from './reading.ts';
import type { Snapshot } from './replica.ts';
import { decodeFrames } from './slot-codec.ts';
import { StoreError } from './store.ts';
import type { MetaItem, ObjectItem, SlotItem, Table } from './table.ts';

export interface SnapshotParts {
  readonly table: Table;
  readonly bodies: BodyReader;
  readonly clock: Clock;
  readonly limits: Pick<StoreLimits, 'replicaLifeMs'>;
}

/** Each time, it took far too long, or somebody moved the watermark meanwhile. */
const attemptsMax = 5;

/**
 * The watermark is read before the items: each of them is then at least as new as it says, tombstones too, unless the
 * reading took so long that the watermark could pass some of them and they be removed (`slotLifeMs` later). A materialiser that is at work, or died, leaves some items newer than
 * the watermark: the others are brought to the same revision, which the floor has passed already.
 */
export async function readSnapshot({ table, bodies, clock, limits }: SnapshotParts): Promise<Snapshot> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const reading = readingOf(clock);
    const meta = await table.readMeta();
    const items = new Map((await table.readObjects()).map((item) => [keyOf(item), item]));
    if (isOlderThan(reading, limits.replicaLifeMs, clock)) continue;
    const end = await rollOn(table, items, meta);
    if (end === undefined) continue;
    return { ...end, objects: await readBodies(items.values(), bodies) };
  }
  throw new StoreError('unavailable', `the watermark moved on while object items were read, ${attemptsMax} times`);
}

type Items = Map<string, NewestItem>;
type NewestItem = Pick<ObjectItem, 'resource' | 'namespace' | 'name' | 'revision' | 'body'>;

const keyOf = ({ resource, namespace, name }: Key): string => JSON.stringify([resource, namespace, name]);

/** Brings all items to the newest one's revision; undefined when the slots for that are not there. */
async function rollOn(table: Table, items: Items, meta: MetaItem): Promise<Pick<Snapshot, 'slot' | 'revision'> | undefined> {
  let newest = meta.revision;
  for (const item of items.values()) newest = Math.max(newest, item.revision);
  let { slot, revision } = meta;
  while (revision < newest) {
    const { slots } = await table.readSlots(slot);
    if (slots[0]?.slot !== slot + 1) return undefined;
    for (const item of slots) {
      if (item.slot !== slot + 1 || revision >= newest) break;
      take(items, item);
      slot = item.slot;
      revision = item.firstRevision + item.count - 1;
    }
  }
  return { slot, revision };
}

function take(items: Items, slot: SlotItem): void {
  for (const [index, frame] of decodeFrames(slot).entries()) {
    if (frame.type === 'floor') continue;
    const { key, type, body } = frame;
    const revision = slot.firstRevision + index;
    const known = items.get(keyOf(key));
    if (known === undefined || known.revision < revision)
      items.set(keyOf(key), { ...key, revision, ...(type === 'deleted' ? {} : { body }) });
  }
}

async function readBodies(items: Iterable<NewestItem>, bodies: BodyReader): Promise<Stored[]> {
  const objects: Stored[] = [];
  for (const { resource, namespace, name, revision, body } of items) {
    if (body === undefined) continue;
    objects.push(await bodies.stored({ resource, namespace, name }, revision, body));
  }
  return objects;
}
