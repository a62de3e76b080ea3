/**
 * Begins a store with the objects of another one: what a backup is restored by. Objects keep their revisions; the store's
 * own revision is beyond all that clients of the other one can have seen. So each of them lists anew.
 */
import type { Key } from '../kube/view.ts';
import type { Clock, Random } from '../world.ts';
import { blobBody, encodeBody } from './body.ts';
import { firstFormat, type Formats } from './format.ts';
import { defaultLimits } from './limits.ts';
import { StoreError } from './store.ts';
import type { ObjectItem, Table } from './table.ts';

export interface LoadedObject {
  readonly key: Key;
  /** The revision in its `metadata.resourceVersion`. */
  readonly revision: number;
  /** The object's JSON, in the version in which its kind is stored. */
  readonly json: string;
}

export interface LoadParts {
  readonly table: Table;
  readonly formats: Formats;
  readonly clock: Clock;
  readonly random: Random;
}

export interface LoadOptions {
  /** The other store's revision when the objects were read. */
  readonly revision: number;
  /** False where the keys of the cluster are not at hand: the cluster's housekeeping then seals what is to be sealed. */
  readonly hasKeys: boolean;
  /** The log goes on behind this entry; 0 when left out. */
  readonly afterIndex?: number;
}

/** Revisions that the other store may have given after the objects were read. */
const revisionGap = 1_000_000;
const itemsAtOnce = 256;

/** Answers how many objects there were. Throws StoreError `wrong-format` for a store that holds something. */
export async function loadObjects(
  parts: LoadParts,
  { revision, hasKeys, afterIndex = 0 }: LoadOptions,
  objects: AsyncIterable<LoadedObject>,
): Promise<number> {
  const { table, formats, clock } = parts;
  await refuseUsed(table);
  const writes = hasKeys ? formats.newest : firstFormat;
  let count = 0;
  for await (const batch of inBatches(objects)) {
    const items: ObjectItem[] = [];
    for (const object of batch) items.push(await itemOf(object, parts, writes));
    if ((await table.putObjects(items, clock.now())) === 'unknown') throw unfinished();
    count += items.length;
  }
  const nowMs = clock.now();
  const to = { logIndex: afterIndex, revision: revision + revisionGap, writtenMs: nowMs, format: formats.stateOf(formats.newest, writes) };
  if ((await table.advanceMeta(0, to, nowMs)) !== 'written') throw unfinished();
  return count;
}

const unfinished = (): StoreError => new StoreError('unavailable', 'the objects could not all be written');

async function refuseUsed(table: Table): Promise<void> {
  const { logIndex, revision } = await table.readMeta();
  const { entries } = await table.readEntries(0, 1);
  if (logIndex > 0 || revision > 0 || entries.length > 0) throw new StoreError('wrong-format', 'the store holds a cluster already');
}

async function itemOf(
  { key, revision, json }: LoadedObject,
  { table, formats, clock, random }: LoadParts,
  writes: number,
): Promise<ObjectItem> {
  const { resource, namespace, name } = key;
  const { body } = formats.write({ key, body: encodeBody(json) }, writes);
  return { resource, namespace, name, revision, body: await placed(body, table, random), writtenMs: clock.now() };
}

/** A body that is too large for its item lies in a blob beside it. */
async function placed(body: Uint8Array, table: Table, random: Random): Promise<Uint8Array> {
  if (body.length <= defaultLimits.inlineBytesMax) return body;
  const { hash, reference } = blobBody(body, random.uuid());
  if ((await table.putBlob(hash, body)) === 'unknown') throw unfinished();
  return reference;
}

async function* inBatches<T>(items: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < itemsAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
