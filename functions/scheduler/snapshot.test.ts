import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreClient } from '../../test/support/store-client.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { Node, Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import { nodes, pods } from '../kube/resource-type.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { createCache } from '../workers/cache.ts';
import type { Cache } from '../workers/controller.ts';
import type { ClusterState } from './cluster-state.ts';
import { Snapshot } from './snapshot.ts';

const nodeOf = (number: number, cpu: string, zone: string): Node => ({
  metadata: { name: `n${number}`, labels: { zone } },
  spec: {},
  status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
});

const podOf = (number: number, nodeName: string): Pod => ({
  metadata: { namespace: 'default', name: `p${number}`, uid: `p${number}`, labels: { app: `a${number % 3}` } },
  spec: {
    containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: `${100 + number}m` } } }],
    priority: number % 2,
    ...(nodeName !== '' && { nodeName }),
  },
});

/** All that decisions read of it. */
function contents(cluster: ClusterState): unknown {
  const { of } = cluster.domainsOf('zone');
  const ofApp = cluster.countsOf('a1', ({ metadata }) => metadata.labels?.['app'] === 'a1');
  return cluster.nodes.map(({ name, index, allocatable, requested, pods: here }) => ({
    name,
    zone: [...of].indexOf(of[index] ?? -1),
    cpu: allocatable.get('cpu'),
    requested: requested.get('cpu') ?? 0,
    pods: [...here].map(nameOf).sort(),
    ofApp: ofApp[index],
  }));
}

const assertSameAsNew = (snapshot: Snapshot, cache: Cache): ClusterState => {
  const cluster = snapshot.at(cache, []);
  assert.deepEqual(contents(cluster), contents(new Snapshot().at(cache, [])));
  return cluster;
};

test('a snapshot that followed every change is the same as a new one', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const [client, cache, snapshot] = [new StoreClient(store, world), createCache(store), new Snapshot()];
  const at = (name: string): { namespace: string; name: string } => ({ namespace: 'default', name });
  const steps: readonly (() => Promise<unknown>)[] = [
    () => client.create(nodes, nodeOf(1, '4', 'a')),
    () => client.create(pods, podOf(1, 'n1')),
    () => client.create(pods, podOf(2, '')),
    () => client.create(pods, podOf(3, 'n2')),
    () => client.create(nodes, nodeOf(2, '2', 'b')),
    () => client.patch(pods, at('p2'), { spec: { nodeName: 'n2' } }),
    () =>
      client.patch(nodes, { namespace: '', name: 'n1' }, { metadata: { labels: { zone: 'b' } }, status: { allocatable: { cpu: '8' } } }),
    () => client.patch(pods, at('p1'), { metadata: { labels: { app: 'a2' } } }),
    () => client.create(pods, podOf(4, 'n1')),
    () => client.patch(pods, at('p3'), { status: { phase: 'Succeeded' } }),
    () => client.delete(pods, at('p2'), { gracePeriodSeconds: 0 }),
    () => client.delete(nodes, { namespace: '', name: 'n2' }),
  ];
  for (const step of steps) {
    await step();
    const cluster = assertSameAsNew(snapshot, cache);
    // What a pass decides and nothing came of is forgotten.
    const [node] = cluster.nodes;
    if (node !== undefined) cluster.assume(podOf(9, ''), node);
    assertSameAsNew(snapshot, cache);
  }
  await store.close();
});

test('room that a pass gave to a pod which never came is free', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const [client, cache, snapshot] = [new StoreClient(store, world), createCache(store), new Snapshot()];
  await client.create(nodes, nodeOf(1, '4', 'a'));
  const [gone, waiting, bound] = [podOf(1, ''), podOf(2, ''), podOf(3, '')];
  const cluster = snapshot.at(cache, [gone, waiting, bound]);
  const [node] = cluster.nodes;
  for (const pod of [gone, waiting, bound]) cluster.assume(pod, node!);
  await client.create(pods, podOf(3, 'n1'));
  snapshot.at(cache, [waiting]);
  const left = snapshot.changes.placedPods.flatMap(({ before, after }) =>
    before !== undefined && after === undefined ? [nameOf(before)] : [],
  );
  assert.deepEqual(left, ['p1']);
  await store.close();
});
