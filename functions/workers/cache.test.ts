import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreClient } from '../../test/support/store-client.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import { pods } from '../kube/resource-type.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { createCache } from './cache.ts';
import type { Cache, Index } from './controller.ts';

const ownedBy = (uid: string): Pod['metadata']['ownerReferences'] => [
  { apiVersion: 'v1', kind: 'Owner', name: 'owner', uid, controller: true },
];

const podOf = (name: string, owner?: string): Pod => ({
  metadata: { namespace: 'default', name, ...(owner !== undefined && { ownerReferences: ownedBy(owner) }) },
  spec: { containers: [], nodeName: 'node' },
});

async function setup(): Promise<{ client: StoreClient; cache: Cache }> {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  return { client: new StoreClient(store, world), cache: createCache(store) };
}

const names = (found: readonly Pod[]): string[] => found.map(nameOf);

test('objects are found by the owner that controls them, and those without one under no name', async () => {
  const { client, cache } = await setup();
  await client.create(pods, podOf('b', '1'));
  assert.deepEqual(names(cache.controlledBy(pods, '1')), ['b']);
  await client.create(pods, podOf('c', '1'));
  await client.create(pods, podOf('a', '1'));
  await client.create(pods, podOf('free'));
  assert.deepEqual(names(cache.controlledBy(pods, '1')), ['a', 'b', 'c']);
  assert.deepEqual(names(cache.controlledBy(pods, '')), ['free']);
});

test('an object moves with its owner, and goes when it is deleted', async () => {
  const { client, cache } = await setup();
  await client.create(pods, podOf('a', '1'));
  assert.deepEqual(names(cache.controlledBy(pods, '1')), ['a']);
  await client.patch(pods, { namespace: 'default', name: 'a' }, { metadata: { ownerReferences: ownedBy('2') } });
  assert.deepEqual([names(cache.controlledBy(pods, '1')), names(cache.controlledBy(pods, '2'))], [[], ['a']]);
  await client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
  assert.deepEqual(names(cache.controlledBy(pods, '2')), []);
});

test('reads are never older than the own last write', async () => {
  const { client, cache } = await setup();
  const at = { namespace: 'default', name: 'a' };
  await client.create(pods, podOf('a'));
  await client.patch(pods, at, { metadata: { labels: { tier: 'web' } } });
  assert.equal(cache.get(pods, at)?.metadata.labels?.['tier'], 'web');
  assert.deepEqual([names(cache.list(pods)), names(cache.list(pods, 'default')), names(cache.list(pods, 'other'))], [['a'], ['a'], []]);
});

test('a controller may file objects as it likes', async () => {
  const { client, cache } = await setup();
  const byNode: Index<Pod> = { type: pods, values: (pod) => [pod.spec?.nodeName ?? ''] };
  await client.create(pods, podOf('a'));
  assert.deepEqual([names(cache.by(byNode, 'node')), names(cache.by(byNode, 'other'))], [['a'], []]);
});
