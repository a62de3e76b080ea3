import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, deployment, setImage } from '../../../test/support/cluster.ts';
import type { Deployment } from '../../kube/generated/types.ts';
import { annotationsOf, nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { deployments, pods, replicaSets } from '../../kube/resource-type.ts';

type Spec = Parameters<typeof deployment>[0];

async function running(spec: Spec = {}): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(deployments, deployment(spec));
  await cluster.runUntilStable();
  return cluster;
}

const web = (cluster: Cluster): Promise<Deployment> => cluster.get(deployments, 'web');

const conditionTexts = ({ status }: Deployment): string[] =>
  (status?.conditions ?? []).map(({ type, status: state, reason, message }) => `${type}=${state} ${reason}: ${message}`);

/** Image and size of each ReplicaSet that wants pods, by revision. */
async function sizes(cluster: Cluster): Promise<string[]> {
  const sets = await cluster.replicaSets();
  return sets
    .filter(({ spec }) => spec.replicas !== 0)
    .map((set) => `${set.spec.template?.spec.containers[0]?.image} ${set.spec.replicas}`)
    .sort();
}

const summary = async (cluster: Cluster): Promise<unknown> => {
  const { status, metadata } = await web(cluster);
  const { conditions: _conditions, ...counts } = status ?? {};
  return { sizes: await sizes(cluster), pods: (await cluster.pods()).length, counts, annotations: metadata.annotations };
};

describe('a Deployment', () => {
  test('a Deployment gets a ReplicaSet, pods and its conditions in one run of the worker', async () => {
    const cluster = await createCluster();
    await cluster.client.create(deployments, deployment());
    await cluster.settle();
    const [set] = await cluster.replicaSets();
    assert.ok(set);
    const hash = set.metadata.labels?.['pod-template-hash'];
    assert.equal(nameOf(set), `web-${hash}`);
    assert.deepEqual(set.spec.selector, { matchLabels: { app: 'web', 'pod-template-hash': hash } });
    assert.deepEqual(set.metadata.annotations, {
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
      'deployment.kubernetes.io/revision': '1',
    });
    for (const pod of await cluster.pods()) {
      assert.ok(nameOf(pod).startsWith(`${nameOf(set)}-`));
      assert.deepEqual(pod.metadata.ownerReferences, [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: nameOf(set), uid: set.metadata.uid, controller: true, blockOwnerDeletion: true },
      ]);
    }
    assert.deepEqual(conditionTexts(await web(cluster)), [
      'Available=False MinimumReplicasUnavailable: Deployment does not have minimum availability.',
      `Progressing=True ReplicaSetUpdated: ReplicaSet "web-${hash}" is progressing.`,
    ]);
    await cluster.runUntilStable();
    const after = await web(cluster);
    assert.equal(annotationsOf(after)['deployment.kubernetes.io/revision'], '1');
    assert.deepEqual(conditionTexts(after), [
      'Available=True MinimumReplicasAvailable: Deployment has minimum availability.',
      `Progressing=True NewReplicaSetAvailable: ReplicaSet "web-${hash}" has successfully progressed.`,
    ]);
    await assertSettled(cluster);
  });

  for (const [maxSurge, maxUnavailable] of [
    [1, 0],
    [0, 1],
    ['25%', '25%'],
    ['100%', 0],
    [3, 3],
  ] as const)
    test(`a Deployment rolls out within surge ${maxSurge} and unavailable ${maxUnavailable}, step by step`, async () => {
      const replicas = 6;
      const cluster = await running({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } });
      const surge = typeof maxSurge === 'number' ? maxSurge : Math.ceil((Number.parseInt(maxSurge, 10) * replicas) / 100);
      const down = typeof maxUnavailable === 'number' ? maxUnavailable : Math.floor((Number.parseInt(maxUnavailable, 10) * replicas) / 100);
      await cluster.edit(deployments, 'web', setImage('web:2'));
      for (let step = 0; step < 50; step += 1) {
        await cluster.settle();
        const now = (await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        assert.ok(now.length <= replicas + surge, `${now.length} pods`);
        assert.ok(now.filter(isPodReady).length >= replicas - down, `${now.filter(isPodReady).length} ready`);
        if ((await cluster.playNodes()) === 0) break;
      }
      assert.deepEqual(await sizes(cluster), ['web:2 6']);
      await assertSettled(cluster);
    });

  test('a Deployment keeps old pods while new ones are not ready, and reports a missed progress deadline', async () => {
    const cluster = await running({ replicas: 4, progressDeadlineSeconds: 60 });
    await cluster.edit(deployments, 'web', setImage('web:broken'));
    await cluster.settle();
    assert.deepEqual(await sizes(cluster), ['web:1 3', 'web:broken 2']);
    await cluster.advance(70_000);
    const stuck = await web(cluster);
    const [, broken] = (await cluster.replicaSets()).toSorted(
      (a, b) =>
        Number(annotationsOf(a)['deployment.kubernetes.io/revision']) - Number(annotationsOf(b)['deployment.kubernetes.io/revision']),
    );
    assert.ok(broken);
    assert.deepEqual(conditionTexts(stuck), [
      'Available=True MinimumReplicasAvailable: Deployment has minimum availability.',
      `Progressing=False ProgressDeadlineExceeded: ReplicaSet "${nameOf(broken)}" has timed out progressing.`,
    ]);
    await cluster.edit(deployments, 'web', setImage('web:1'));
    await cluster.runUntilStable();
    assert.deepEqual(await sizes(cluster), ['web:1 4']);
  });

  test('a Deployment goes back to a ReplicaSet that it has, under a new number', async () => {
    const cluster = await running();
    await cluster.edit(deployments, 'web', setImage('web:2'));
    await cluster.runUntilStable();
    await cluster.edit(deployments, 'web', setImage('web:1'));
    await cluster.runUntilStable();
    const sets = await cluster.replicaSets();
    assert.equal(sets.length, 2);
    const current = sets.find(({ spec }) => spec.replicas === 3);
    assert.ok(current);
    assert.equal(annotationsOf(current)['deployment.kubernetes.io/revision'], '3');
    assert.equal(annotationsOf(current)['deployment.kubernetes.io/revision-history'], '1');
    assert.equal(annotationsOf(await web(cluster))['deployment.kubernetes.io/revision'], '3');
  });

  test('a Deployment keeps no more old ReplicaSets than its limit', async () => {
    const cluster = await running({ revisionHistoryLimit: 2 });
    for (const image of ['web:2', 'web:3', 'web:4', 'web:5']) {
      await cluster.edit(deployments, 'web', setImage(image));
      await cluster.runUntilStable();
    }
    const revisions = (await cluster.replicaSets()).map((set) => annotationsOf(set)['deployment.kubernetes.io/revision']);
    assert.deepEqual(new Set(revisions), new Set(['3', '4', '5']));
  });

  test('a Deployment is scaled without a rollout', async () => {
    const cluster = await running();
    const scaleTo = async (replicas: number): Promise<void> => {
      await cluster.edit<Deployment>(deployments, 'web', ({ spec }) => {
        spec.replicas = replicas;
      });
      await cluster.runUntilStable();
    };
    await scaleTo(5);
    assert.deepEqual([await sizes(cluster), (await cluster.pods()).length], [['web:1 5'], 5]);
    await scaleTo(1);
    assert.deepEqual([await sizes(cluster), (await cluster.pods()).length], [['web:1 1'], 1]);
    await scaleTo(0);
    assert.equal((await cluster.pods()).length, 0);
    assert.deepEqual((await web(cluster)).status?.observedGeneration, 4);
    await assertSettled(cluster);
  });

  test('a Deployment is scaled in proportion while a rollout is stuck', async () => {
    const cluster = await running({ replicas: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } });
    await cluster.edit(deployments, 'web', setImage('web:broken'));
    await cluster.settle();
    assert.deepEqual(await sizes(cluster), ['web:1 8', 'web:broken 5']);
    await cluster.edit<Deployment>(deployments, 'web', ({ spec }) => {
      spec.replicas = 15;
    });
    await cluster.settle();
    assert.deepEqual(await sizes(cluster), ['web:1 11', 'web:broken 7']);
    await assertSettled(cluster);
  });

  test('a Deployment stands still while paused, but is scaled', async () => {
    const cluster = await running();
    await cluster.edit<Deployment>(deployments, 'web', (object) => {
      object.spec.paused = true;
      object.spec.replicas = 4;
      setImage('web:2')(object);
    });
    await cluster.runUntilStable();
    assert.deepEqual(await sizes(cluster), ['web:1 4']);
    assert.ok(conditionTexts(await web(cluster)).includes('Progressing=Unknown DeploymentPaused: Deployment is paused'));
    await assertSettled(cluster);
    await cluster.edit<Deployment>(deployments, 'web', ({ spec }) => {
      delete spec.paused;
    });
    await cluster.runUntilStable();
    assert.deepEqual(await sizes(cluster), ['web:2 4']);
    await assertSettled(cluster);
  });

  test('a Deployment with Recreate starts no new pod before the last old one is gone', async () => {
    const cluster = await running({ strategy: { type: 'Recreate' } });
    await cluster.edit(deployments, 'web', setImage('web:2'));
    await cluster.settle();
    const images = async (): Promise<unknown[]> => (await cluster.pods()).map(({ spec }) => spec?.containers[0]?.image);
    assert.deepEqual(await images(), ['web:1', 'web:1', 'web:1']);
    const [first] = await cluster.pods();
    assert.ok(first);
    await cluster.client.delete(pods, { namespace: 'default', name: nameOf(first) }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.deepEqual(await images(), ['web:1', 'web:1']);
    await cluster.runUntilStable();
    assert.deepEqual(await images(), ['web:2', 'web:2', 'web:2']);
    await assertSettled(cluster);
  });

  test('a Deployment adopts a ReplicaSet that matches, and makes no second one', async () => {
    const cluster = await running();
    await cluster.client.delete(deployments, { namespace: 'default', name: 'web' }, { propagationPolicy: 'Orphan' });
    await cluster.runUntilStable();
    const [orphan] = await cluster.replicaSets();
    assert.deepEqual(orphan?.metadata.ownerReferences ?? [], []);
    await cluster.client.create(deployments, deployment());
    await cluster.runUntilStable();
    const sets = await cluster.replicaSets();
    assert.deepEqual([sets.length, sets[0]?.metadata.ownerReferences?.[0]?.uid], [1, (await web(cluster)).metadata.uid]);
    assert.equal((await cluster.pods()).length, 3);
  });

  test('a Deployment uses another hash when another ReplicaSet has its name', async () => {
    const probe = await running();
    const [taken] = await probe.replicaSets();
    assert.ok(taken);
    const cluster = await createCluster();
    const labels = { app: 'other' };
    await cluster.client.create(replicaSets, {
      metadata: { namespace: 'default', name: nameOf(taken) },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: { ...taken.spec.template!, metadata: { labels } } },
    });
    await cluster.client.create(deployments, deployment());
    await cluster.runUntilStable();
    assert.equal((await web(cluster)).status?.collisionCount, 1);
    assert.deepEqual(await sizes(cluster), ['web:1 3']);
  });

  test('a Deployment comes to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(async (cluster) => {
      await cluster.client.create(deployments, deployment({ replicas: 2 }));
      await cluster.runUntilStable();
      await cluster.edit(deployments, 'web', setImage('web:2'));
      await cluster.runUntilStable();
    }, summary);
  });
});
