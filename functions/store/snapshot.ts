/** The state behind the watermark, read from object items. */
import { crc32 } from 'node:zlib';
import type { Stored } from '../kube/view.ts';
import type { BodyReader } from './log-slot.ts';
import { aheadKey, type Snapshot } from './replica.ts';
import type { MetaItem, ObjectItem, Table } from './table.ts';

/** Part of the format: never changed. */
const objectShards = 4;

export const shardOf = (namespace: string, name: string): number => crc32(`${namespace}/${name}`) % objectShards;

/**
 * The watermark is read before the items: each of them is then at least as new as it says. Some may be newer; what the
 * log says about them up to their own revision is to be skipped.
 */
export async function readSnapshot(table: Table, bodies: BodyReader): Promise<Snapshot> {
  const meta = await table.readMeta();
  const objects: Stored[] = [];
  const ahead = new Map<string, number>();
  for (const item of await readItems(table, meta)) {
    const { resource, namespace, name, revision, body } = item;
    const key = { resource, namespace, name };
    if (revision > meta.revision) ahead.set(aheadKey(key), revision);
    if (body === undefined) continue;
    objects.push({ key, revision, object: await bodies.read(body, `object ${resource} ${namespace}/${name}`) });
  }
  return { slot: meta.slot, revision: meta.revision, objects, ahead };
}

async function readItems(table: Table, meta: MetaItem): Promise<readonly ObjectItem[]> {
  const shards = meta.resources.flatMap((resource) => Array.from({ length: objectShards }, (_, shard) => ({ resource, shard })));
  const items = await Promise.all(shards.map(({ resource, shard }) => table.readObjects(resource, shard)));
  return items.flat();
}
