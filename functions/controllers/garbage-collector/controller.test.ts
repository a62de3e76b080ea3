import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, deployment, namespace } from '../../../test/support/cluster.ts';
import type { ConfigMap, OwnerReference } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { configMaps, deployments, leases, namespaces, nodes, replicaSets } from '../../kube/resource-type.ts';
import { mayConcern } from '../../workers/doorbell/rings-of-changes.ts';
import { createGarbageCollector } from './controller.ts';

const at = (name: string): { namespace: string; name: string } => ({ namespace, name });

function reference(owner: ConfigMap, options: Partial<OwnerReference> = {}): OwnerReference {
  return { apiVersion: 'v1', kind: 'ConfigMap', name: nameOf(owner), uid: owner.metadata.uid ?? '', ...options };
}

const make = (cluster: Cluster, name: string, ownerReferences: OwnerReference[] = []): Promise<ConfigMap> =>
  cluster.client.create(configMaps, { metadata: { ...at(name), ownerReferences } });

const names = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.client.list(configMaps, { namespace })).items.map(nameOf).filter((name) => name !== 'kube-root-ca.crt');

describe('the garbage collector', () => {
  test('the garbage collector deletes what belongs to a deleted owner, all the way down', async () => {
    const cluster = await createCluster();
    await cluster.client.create(deployments, deployment());
    await cluster.runUntilStable();
    await cluster.client.delete(deployments, at('web'), { propagationPolicy: 'Background' });
    await cluster.runUntilStable();
    assert.deepEqual([await cluster.replicaSets(), await cluster.pods()], [[], []]);
    await assertSettled(cluster);
  });

  test('the garbage collector deletes objects whose owner is gone already, or was replaced under the same name', async () => {
    const cluster = await createCluster();
    const owner = await make(cluster, 'owner');
    await make(cluster, 'late', [reference(owner, { uid: 'gone' })]);
    await make(cluster, 'lost', [reference(owner, { name: 'nobody', uid: 'nobody' })]);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['owner']);
  });

  test('objects that name an owner of another namespace or kind are deleted, the former with an Event', async () => {
    const cluster = await createCluster();
    await cluster.client.create(namespaces, { metadata: { name: 'other' }, spec: {} });
    const owner = await cluster.client.create(configMaps, { metadata: { namespace: 'other', name: 'owner' } });
    const same = await make(cluster, 'owner');
    await make(cluster, 'across', [reference(owner)]);
    await make(cluster, 'miscalled', [reference(same, { kind: 'Secret' })]);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['owner']);
    const meant = `[v1/ConfigMap, namespace: ${namespace}, name: owner, uid: ${owner.metadata.uid}]`;
    assert.deepEqual(
      cluster.events.filter((event) => event.includes('ownerRef')),
      [`Warning OwnerRefInvalidNamespace ownerRef ${meant} does not exist in namespace "${namespace}"`],
    );
  });

  test('the garbage collector lets nodes renew their Leases undisturbed, and deletes the Lease of a node that is gone', async () => {
    const cluster = await createCluster();
    const node = await cluster.client.get(nodes, { namespace: '', name: 'node-a' });
    const leaseAt = { namespace: 'kube-node-lease', name: 'node-a' };
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'node-a', uid: node.metadata.uid ?? '' };
    await cluster.client.patch(leases, leaseAt, { metadata: { ownerReferences: [owner] } });
    await cluster.settle();
    const { revision } = await cluster.store.fresh();
    await cluster.client.patch(leases, leaseAt, { spec: { leaseTransitions: 7 } });
    const controllers = [createGarbageCollector(() => [leases, nodes])];
    assert.equal(mayConcern(controllers)(await cluster.store.changesAfter(revision, 10)), false);
    await cluster.client.delete(nodes, { namespace: '', name: 'node-a' });
    await cluster.settle();
    assert.deepEqual((await cluster.client.list(leases, { namespace: 'kube-node-lease' })).items.map(nameOf), ['node-b']);
  });

  test('the garbage collector waits with a foreground deletion for those that block it', async () => {
    const cluster = await createCluster();
    await cluster.client.create(deployments, deployment());
    await cluster.runUntilStable();
    await cluster.client.delete(deployments, at('web'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual([await cluster.exists(deployments, 'web'), (await cluster.replicaSets()).length], [true, 1]);
    assert.ok((await cluster.pods()).every(({ metadata }) => metadata.deletionTimestamp !== undefined));
    await cluster.runUntilStable();
    assert.deepEqual([await cluster.exists(deployments, 'web'), await cluster.replicaSets(), await cluster.pods()], [false, [], []]);
  });

  test('the garbage collector does not wait for those that do not block', async () => {
    const cluster = await createCluster();
    const owner = await make(cluster, 'owner');
    const held = await make(cluster, 'held', [reference(owner, { blockOwnerDeletion: false })]);
    await cluster.client.patch(configMaps, at(nameOf(held)), { metadata: { finalizers: ['example.com/held'] } });
    await cluster.client.delete(configMaps, at('owner'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['held']);
  });

  test('the garbage collector sets the dependents free when they are to be orphaned', async () => {
    const cluster = await createCluster();
    await cluster.client.create(deployments, deployment());
    await cluster.runUntilStable();
    await cluster.client.delete(deployments, at('web'), { propagationPolicy: 'Orphan' });
    await cluster.runUntilStable();
    assert.equal(await cluster.exists(deployments, 'web'), false);
    assert.deepEqual(
      (await cluster.replicaSets()).map(({ metadata }) => metadata.ownerReferences ?? []),
      [[]],
    );
    assert.equal((await cluster.pods()).length, 3);
    await cluster.client.delete(replicaSets, at(nameOf((await cluster.replicaSets())[0]!)), { propagationPolicy: 'Background' });
    await cluster.runUntilStable();
    assert.deepEqual(await cluster.pods(), []);
  });

  test('the garbage collector only takes the reference away when another owner is left', async () => {
    const cluster = await createCluster();
    const [stays, goes] = [await make(cluster, 'stays'), await make(cluster, 'goes')];
    await make(cluster, 'child', [reference(stays), reference(goes, { blockOwnerDeletion: true })]);
    await cluster.client.delete(configMaps, at('goes'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['child', 'stays']);
    assert.deepEqual((await cluster.get(configMaps, 'child')).metadata.ownerReferences, [reference(stays)]);
  });

  test('the garbage collector is not stopped by a circle of owners', async () => {
    const cluster = await createCluster();
    const [a, b] = [await make(cluster, 'a'), await make(cluster, 'b')];
    const c = await make(cluster, 'c', [reference(b, { blockOwnerDeletion: true })]);
    const own = (name: string, owner: ConfigMap): Promise<unknown> =>
      cluster.client.patch(configMaps, at(name), { metadata: { ownerReferences: [reference(owner, { blockOwnerDeletion: true })] } });
    await own('b', a);
    await own('a', c);
    await cluster.client.delete(configMaps, at('a'), { propagationPolicy: 'Foreground' });
    await cluster.settle();
    assert.deepEqual(await names(cluster), []);
  });

  test('the garbage collector leaves alone what an unknown kind owns', async () => {
    const cluster = await createCluster();
    await make(cluster, 'child', [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'w' }]);
    await cluster.settle();
    assert.deepEqual(await names(cluster), ['child']);
    await assertSettled(cluster);
  });

  for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const)
    test(`the garbage collector comes to the same end of a deletion (${propagationPolicy}) when any one call fails`, async () => {
      await assertSurvivesAnyFailure(
        async (cluster) => {
          await cluster.client.create(deployments, deployment({ replicas: 1 }));
          await cluster.runUntilStable();
          await cluster.client.delete(deployments, at('web'), { propagationPolicy });
        },
        async (cluster) => [await cluster.exists(deployments, 'web'), (await cluster.replicaSets()).length, (await cluster.pods()).length],
      );
    });
});
