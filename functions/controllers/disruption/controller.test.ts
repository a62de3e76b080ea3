import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, createCluster, deployment, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { PodDisruptionBudgetSpec, PodDisruptionBudgetStatus } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { controllerReference } from '../../kube/owners.ts';
import { configMaps, deployments, podDisruptionBudgets, pods } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';

const selector = { matchLabels: { app: 'web' } };

async function running(spec: PodDisruptionBudgetSpec, replicas = 4): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(podDisruptionBudgets, { metadata: { namespace, name: 'web' }, spec: { selector, ...spec } });
  await cluster.client.create(deployments, deployment({ replicas }));
  await cluster.runUntilStable();
  return cluster;
}

async function statusOf(cluster: Cluster): Promise<PodDisruptionBudgetStatus> {
  return (await cluster.get(podDisruptionBudgets, 'web')).status ?? {};
}

const counts = ({ disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods }: PodDisruptionBudgetStatus): unknown[] => [
  disruptionsAllowed,
  currentHealthy,
  desiredHealthy,
  expectedPods,
];

const evict = (cluster: Cluster, name: string): Promise<unknown> =>
  cluster.client.createSubresource(pods, { namespace, name }, 'eviction', {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
  });

describe('a budget', () => {
  const table: readonly [string, PodDisruptionBudgetSpec, unknown[]][] = [
    ['counts pods against a number that must be available', { minAvailable: 3 }, [1, 4, 3, 4]],
    ['takes a share of what the Deployment wants', { minAvailable: '60%' }, [1, 4, 3, 4]],
    ['counts down from what the Deployment wants', { maxUnavailable: 2 }, [2, 4, 2, 4]],
    ['rounds a share up', { maxUnavailable: '30%' }, [2, 4, 2, 4]],
    ['allows nothing where all must be available', { minAvailable: '100%' }, [0, 4, 4, 4]],
  ];
  for (const [name, spec, expected] of table) {
    test(`a budget ${name}`, async () => {
      const cluster = await running(spec);
      assert.deepEqual(counts(await statusOf(cluster)), expected);
      await assertSettled(cluster);
    });
  }

  test('a budget reports whether it allows a disruption', async () => {
    const cluster = await running({ minAvailable: 4 });
    const { conditions, observedGeneration } = await statusOf(cluster);
    assert.equal(observedGeneration, 1);
    assert.deepEqual(
      conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
      [['DisruptionAllowed', 'False', 'InsufficientPods', '']],
    );
  });

  test('a budget counts a pod that is not ready as missing', async () => {
    const cluster = await running({ minAvailable: 3 });
    const [pod] = await cluster.pods();
    await cluster.client.update(pods, { ...copy(pod!), status: { ...pod!.status, conditions: [] } }, 'status');
    await cluster.settle();
    assert.deepEqual(counts(await statusOf(cluster)), [0, 3, 3, 4]);
  });

  test('a budget that matches no pods allows no disruption, and gets an Event', async () => {
    const cluster = await running({ minAvailable: 1 }, 0);
    assert.deepEqual(counts(await statusOf(cluster)), [0, 0, 1, 0]);
    assert.ok(cluster.events.includes('Normal NoPods No matching pods found'));
  });

  test('a budget of pods whose controller has no scale fails', async () => {
    const cluster = await running({ maxUnavailable: 1 });
    const owner = await cluster.client.create(configMaps, { metadata: { namespace, name: 'c' } });
    const ownerReferences = [controllerReference(configMaps, owner)];
    const metadata = { namespace, name: 'odd', labels: { app: 'web' }, ownerReferences };
    await cluster.client.create(pods, { metadata, spec: { containers: [{ name: 'web', image: 'web:1' }] } });
    await cluster.settle();
    const { conditions } = await statusOf(cluster);
    assert.deepEqual(
      conditions?.map(({ status, reason, message }) => [status, reason, message]),
      [['False', 'SyncFailed', 'configmaps does not implement the scale subresource']],
    );
  });
});

describe('an eviction', () => {
  test('an eviction is allowed as long as the budget has room, and marks the pod', async () => {
    const cluster = await running({ maxUnavailable: 1 });
    const [first, second] = await cluster.pods();
    await evict(cluster, nameOf(first!));
    const evicted = await cluster.get(pods, nameOf(first!));
    assert.ok(evicted.metadata.deletionTimestamp);
    const marks = evicted.status?.conditions?.filter(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual(
      marks?.map(({ status, reason, message }) => [status, reason, message]),
      [['True', 'EvictionByEvictionAPI', 'Eviction API: evicting']],
    );
    await assert.rejects(evict(cluster, nameOf(second!)), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.code, 429);
      assert.equal(error.message, "Cannot evict pod as it would violate the pod's disruption budget.");
      assert.deepEqual(error.details?.causes, [
        { reason: 'DisruptionBudget', message: 'The disruption budget web does not allow evicting pods currently' },
      ]);
      return true;
    });
    await cluster.runUntilStable();
    await evict(cluster, nameOf(second!));
  });

  test('an eviction that is never carried out is forgotten after two minutes', async () => {
    const cluster = await running({ maxUnavailable: 1 });
    const [pod] = await cluster.pods();
    const budget = copy(await cluster.get(podDisruptionBudgets, 'web'));
    const disruptedPods = { [nameOf(pod!)]: timestamp(cluster.world.clock.now()) };
    await cluster.client.update(podDisruptionBudgets, { ...budget, status: { ...budget.status, disruptedPods } }, 'status');
    await cluster.settle();
    assert.deepEqual(counts(await statusOf(cluster)), [0, 3, 3, 4]);
    await cluster.advance(122_000);
    assert.deepEqual(counts(await statusOf(cluster)), [1, 4, 3, 4]);
    assert.ok(cluster.events.includes("Warning NotDeleted Pod was expected by PDB default/default to be deleted but it wasn't"));
  });
});

test('a pod that was to go and stays loses its mark after two minutes', async () => {
  const cluster = await running({ maxUnavailable: 1 });
  const [pod] = await cluster.pods();
  const mark = { type: 'DisruptionTarget', status: 'True', reason: 'x', lastTransitionTime: timestamp(cluster.world.clock.now()) };
  const status = { ...pod!.status, conditions: [...(pod!.status?.conditions ?? []), mark] };
  await cluster.client.update(pods, { ...copy(pod!), status }, 'status');
  await cluster.advance(122_000);
  const left = (await cluster.get(pods, nameOf(pod!))).status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  assert.equal(left?.status, 'False');
});
