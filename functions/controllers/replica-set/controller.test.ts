import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { Pod, ReplicaSet } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { pods, replicaSets, replicationControllers } from '../../kube/resource-type.ts';

const replicaSet = (replicas: number, spec: Partial<ReplicaSet['spec']> = {}): ReplicaSet => ({
  metadata: { namespace, name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web', tier: 'front' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    ...spec,
  },
});

const nakedPod = (name: string): Pod => ({
  metadata: { namespace, name, labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:0' }] },
});

async function running(replicas: number, spec?: Partial<ReplicaSet['spec']>): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(replicaSets, replicaSet(replicas, spec));
  await cluster.runUntilStable();
  return cluster;
}

const scaleTo = (cluster: Cluster, replicas: number): Promise<void> =>
  cluster.edit<ReplicaSet>(replicaSets, 'web', ({ spec }) => {
    spec.replicas = replicas;
  });

describe('a ReplicaSet', () => {
  test('a ReplicaSet has as many pods as it wants, and counts them', async () => {
    const cluster = await running(3);
    assert.equal((await cluster.pods()).length, 3);
    assert.deepEqual((await cluster.get(replicaSets, 'web')).status, {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    await scaleTo(cluster, 1);
    await cluster.runUntilStable();
    assert.equal((await cluster.pods()).length, 1);
    await assertSettled(cluster);
  });

  test('a ReplicaSet records an Event for each pod that it creates and deletes', async () => {
    const cluster = await running(1);
    const [pod] = await cluster.pods();
    assert.ok(pod);
    await scaleTo(cluster, 0);
    await cluster.settle();
    assert.deepEqual(cluster.events, [
      `Normal SuccessfulCreate Created pod: ${nameOf(pod)}`,
      `Normal SuccessfulDelete Deleted pod: ${nameOf(pod)}`,
    ]);
  });

  test('a ReplicaSet replaces a pod that was deleted before it is gone, and one that failed', async () => {
    const cluster = await running(2);
    const [deleted, failed] = await cluster.pods();
    assert.ok(deleted && failed);
    await cluster.client.delete(pods, { namespace, name: nameOf(deleted) });
    await cluster.client.update(pods, { ...copy(failed), status: { phase: 'Failed' } }, 'status');
    await cluster.settle();
    assert.equal((await cluster.pods()).length, 4);
    await assertSettled(cluster);
  });

  test('a ReplicaSet adopts a pod that matches, and makes only the rest', async () => {
    const cluster = await createCluster();
    await cluster.client.create(pods, nakedPod('stray'));
    await cluster.client.create(replicaSets, replicaSet(2));
    await cluster.runUntilStable();
    const owner = await cluster.get(replicaSets, 'web');
    assert.equal((await cluster.pods()).length, 2);
    assert.equal(controllerOf(await cluster.get(pods, 'stray'))?.uid, owner.metadata.uid);
    assert.equal(owner.status?.fullyLabeledReplicas, 1);
  });

  test('a ReplicaSet lets go of a pod whose labels no longer match, and makes another', async () => {
    const cluster = await running(2);
    const [pod] = await cluster.pods();
    assert.ok(pod);
    await cluster.client.patch(pods, { namespace, name: nameOf(pod) }, { metadata: { labels: { app: 'debug' } } });
    await cluster.runUntilStable();
    assert.deepEqual((await cluster.get(pods, nameOf(pod))).metadata.ownerReferences ?? [], []);
    assert.equal((await cluster.pods()).length, 3);
    await assertSettled(cluster);
  });

  test('a ReplicaSet counts a pod as available when it was ready long enough', async () => {
    const cluster = await running(1, { minReadySeconds: 30 });
    const available = async (): Promise<unknown> => (await cluster.get(replicaSets, 'web')).status?.availableReplicas;
    assert.equal(await available(), undefined);
    await cluster.advance(20_000);
    assert.equal(await available(), undefined);
    await cluster.advance(10_000);
    assert.equal(await available(), 1);
    await assertSettled(cluster);
  });

  test('a ReplicaSet records why it could not create a pod, and creates it later', async () => {
    const probe = await createCluster();
    const cluster = await createCluster({ fails: (call) => call === probe.calls() + 1 });
    await cluster.client.create(replicaSets, replicaSet(2));
    await cluster.runUntilStable();
    assert.equal(cluster.events[0], 'Warning FailedCreate Error creating: injected');
    assert.equal((await cluster.pods()).length, 2);
    assert.equal((await cluster.get(replicaSets, 'web')).status?.conditions, undefined);
  });

  test('a ReplicaSet reports in unchanging words that pods cannot be created', async () => {
    const template = replicaSet(1).spec.template!;
    const cluster = await createCluster();
    const spec = { ...template.spec!, serviceAccountName: 'nope' };
    await cluster.client.create(replicaSets, replicaSet(3, { template: { ...template, spec } }));
    await cluster.settle();
    await cluster.advance(4_000);
    const why = 'error looking up service account default/nope: serviceaccount "nope" not found';
    assert.deepEqual(new Set(cluster.events), new Set([`Warning FailedCreate Error creating: pods "web-" is forbidden: ${why}`]));
    const { conditions } = (await cluster.get(replicaSets, 'web')).status ?? {};
    assert.deepEqual(
      conditions?.map(({ type, reason, message }) => [type, reason, message]),
      [['ReplicaFailure', 'FailedCreate', `pods "web-" is forbidden: ${why}`]],
    );
  });

  test('a ReplicaSet makes 300 pods without asking for more', async () => {
    const cluster = await running(300);
    assert.equal((await cluster.pods()).length, 300);
    assert.equal(cluster.events.filter((event) => event.includes('SuccessfulCreate')).length, 300);
  });

  test('a ReplicaSet comes to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(pods, nakedPod('stray'));
        await cluster.client.create(replicaSets, replicaSet(3));
        await cluster.runUntilStable();
        await scaleTo(cluster, 1);
      },
      async (cluster) => ({ status: (await cluster.get(replicaSets, 'web')).status, pods: (await cluster.pods()).length }),
    );
  });
});

test('a ReplicationController keeps its pods as a ReplicaSet does', async () => {
  const cluster = await createCluster();
  const { spec } = replicaSet(2);
  await cluster.client.create(replicationControllers, {
    metadata: { namespace, name: 'old' },
    spec: { replicas: 2, selector: { app: 'web' }, template: spec.template },
  });
  await cluster.runUntilStable();
  const [pod] = await cluster.pods();
  assert.ok(pod);
  const owner = controllerOf(pod);
  assert.deepEqual([owner?.apiVersion, owner?.kind, owner?.name], ['v1', 'ReplicationController', 'old']);
  assert.equal((await cluster.get(replicationControllers, 'old')).status?.availableReplicas, 2);
  await assertSettled(cluster);
});
