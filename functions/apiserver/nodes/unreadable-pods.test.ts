/** What a node hears of pods whose stored bytes are damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compact } from '../../../test/contract/cluster.ts';
import { damagedTable, noDamage } from '../../../test/support/damaged-table.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { pods } from '../../kube/resource-type.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { memoryCluster, type MemoryCluster } from './memory-cluster.ts';
import { isUnreadableNews, nodeSnapshot, unreadableFor } from './node-changes.ts';
import { createPodsOfNode } from './pods-of-node.ts';

const pod = (name: string): Pod => ({ metadata: { name, namespace: 'default' }, spec: { nodeName: 'n', containers: [{ name: 'c' }] } });

/** A process that starts from a checkpoint with a damaged pod. The node's other pod is well. */
async function withDamagedPod(): Promise<MemoryCluster> {
  const damage = noDamage();
  const world = virtualWorld();
  const table = damagedTable(memoryTable({ clock: world.clock }), damage);
  const first = await memoryCluster(world, table);
  for (const name of ['damaged', 'web']) await first.put(pods, pod(name));
  await compact(first.store, world);
  damage.objects.add('damaged');
  return memoryCluster(world, table);
}

test('a snapshot names the pods that cannot be read, and brings all others', async () => {
  const { store } = await withDamagedPod();
  const source = { podsOfNode: createPodsOfNode(store), view: store.view() };
  assert.deepEqual(
    nodeSnapshot('n', source).map(({ metadata }) => metadata.name),
    ['web'],
  );
  assert.deepEqual(unreadableFor('n', source), [{ kind: 'Pod', namespace: 'default', name: 'damaged' }]);
});

test('the deletion of a pod that cannot be read is news for each node, and ends its mention', async () => {
  const { store } = await withDamagedPod();
  const podsOfNode = createPodsOfNode(store);
  assert.equal(podsOfNode.unreadable().length, 1);
  const { revision } = store.view();
  const key = { resource: 'pods', namespace: 'default', name: 'damaged' };
  await store.commit({ keys: [key], decide: () => ({ outcome: 'write', writes: [{ type: 'delete', key }], answer: () => undefined }) });
  assert.deepEqual((await store.changesAfter(revision, 10)).map(isUnreadableNews), [true]);
  assert.deepEqual(unreadableFor('n', { podsOfNode, view: store.view() }), []);
});
