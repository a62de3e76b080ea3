/** What a node hears of pods whose stored bytes are damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compact } from '../../../test/contract/cluster.ts';
import { damagedTable, noDamage } from '../../../test/support/damaged-table.ts';
import { virtualWorld, type VirtualWorld } from '../../../test/support/virtual-world.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { leases, nodes, pods } from '../../kube/resource-type.ts';
import { createRelayHub } from '../relay/relay-hub.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { memoryCluster, type MemoryCluster } from './memory-cluster.ts';
import { isUnreadableNews, nodeSnapshot, unreadableFor } from './node-changes.ts';
import { createNodePoll } from './node-poll.ts';
import { createNodeReports } from './node-reports.ts';
import { createPodsOfNode } from './pods-of-node.ts';

const pod = (name: string): Pod => ({ metadata: { name, namespace: 'default' }, spec: { nodeName: 'n', containers: [{ name: 'c' }] } });

/** A process that starts from a checkpoint with damaged objects of these names. The node's pod `web` is well. */
async function withDamaged(...names: readonly string[]): Promise<MemoryCluster & { readonly world: VirtualWorld }> {
  const damage = noDamage();
  const world = virtualWorld();
  const table = damagedTable(memoryTable({ clock: world.clock }), damage);
  const first = await memoryCluster(world, table);
  for (const name of ['damaged', 'web']) await first.put(pods, pod(name));
  await first.put(nodes, { metadata: { name: 'n' }, spec: {} });
  await first.put(leases, { metadata: { name: 'n', namespace: 'kube-node-lease' }, spec: { renewTime: '2020-01-01T00:00:00.000000Z' } });
  await compact(first.store, world);
  for (const name of names) damage.objects.add(name);
  return { ...(await memoryCluster(world, table)), world };
}

test('a snapshot names the pods that cannot be read, and brings all others', async () => {
  const { store } = await withDamaged('damaged');
  const source = { podsOfNode: createPodsOfNode(store), view: store.view() };
  assert.deepEqual(
    nodeSnapshot('n', source).map(({ metadata }) => metadata.name),
    ['web', 'n'],
  );
  assert.deepEqual(unreadableFor('n', source), [{ kind: 'Pod', namespace: 'default', name: 'damaged' }]);
});

test('the deletion of a pod that cannot be read is news for each node, and ends its mention', async () => {
  const { store } = await withDamaged('damaged');
  const podsOfNode = createPodsOfNode(store);
  assert.equal(podsOfNode.unreadable().length, 1);
  const { revision } = store.view();
  const key = { resource: 'pods', namespace: 'default', name: 'damaged' };
  await store.commit({ keys: [key], decide: () => ({ outcome: 'write', writes: [{ type: 'delete', key }], answer: () => undefined }) });
  assert.deepEqual((await store.changesAfter(revision, 10)).map(isUnreadableNews), [true]);
  assert.deepEqual(unreadableFor('n', { podsOfNode, view: store.view() }), []);
});

test('a node hears its news though the pod that it reports, its Node and its Lease cannot be read', async () => {
  const { store, world } = await withDamaged('damaged', 'n');
  const written: string[] = [];
  const write = async <T>(type: { readonly kind: string }, object: T): Promise<T> => {
    written.push(type.kind);
    return object;
  };
  const client = { create: write, update: write, get: () => assert.fail(), delete: () => assert.fail() };
  const reports = createNodeReports({ ...world, view: () => store.view(), client });
  const parts = { store, podsOfNode: createPodsOfNode(store), reports, hub: createRelayHub(world), clock: world.clock };
  const report = { namespace: 'default', name: 'damaged', uid: 'uid-damaged', status: { phase: 'Running' }, finished: true };
  const asked = { waitSeconds: 0, status: { nodeInfo: { kubeletVersion: 'v1' } as never }, pods: [report] };
  const { objects } = await createNodePoll(parts).poll('n', asked, new AbortController().signal);
  assert.deepEqual(
    objects.map(({ metadata }) => metadata.name),
    ['web'],
  );
  assert.deepEqual(written, []);
});
