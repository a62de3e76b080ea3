/** The state behind the watermark, read from object items. */
import { crc32 } from 'node:zlib';
import type { Key, Stored } from '../kube/view.ts';
import type { BodyReader } from './log-slot.ts';
import type { Snapshot } from './replica.ts';
import { decodeFrames } from './slot-codec.ts';
import { StoreError } from './store.ts';
import type { MetaItem, ObjectItem, SlotItem, Table } from './table.ts';

/** Part of the format: never changed. */
const objectShards = 4;

export const shardOf = (namespace: string, name: string): number => crc32(`${namespace}/${name}`) % objectShards;

/** Each time, somebody moved the watermark meanwhile. */
const attemptsMax = 5;

/**
 * The watermark is read before the items: each of them is then at least as new as it says. It is read again after them,
 * because tombstones that it has passed may go. A materialiser that is at work, or died, leaves some items newer than
 * the watermark: the others are brought to the same revision, which the floor has passed already.
 */
export async function readSnapshot(table: Table, bodies: BodyReader): Promise<Snapshot> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const meta = await table.readMeta();
    const items = new Map((await readItems(table, meta)).map((item) => [keyOf(item), item]));
    if ((await table.readMeta()).slot !== meta.slot) continue;
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
    const object = await bodies.read(body, `object ${resource} ${namespace}/${name}`);
    objects.push({ key: { resource, namespace, name }, revision, object });
  }
  return objects;
}

async function readItems(table: Table, meta: MetaItem): Promise<readonly ObjectItem[]> {
  const shards = meta.resources.flatMap((resource) => Array.from({ length: objectShards }, (_, shard) => ({ resource, shard })));
  const items = await Promise.all(shards.map(({ resource, shard }) => table.readObjects(resource, shard)));
  return items.flat();
}
