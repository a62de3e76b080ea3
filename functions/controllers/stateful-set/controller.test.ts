import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../../kube/generated/types.ts';
import { labelsOf, nameOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../../kube/resource-type.ts';

type Spec = StatefulSet['spec'];

const template = (image: string): Spec['template'] => ({
  metadata: { labels: { app: 'db' } },
  spec: { containers: [{ name: 'db', image }] },
});

const statefulSet = (spec: Partial<Spec> = {}): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { namespace, name: 'db' },
  spec: { replicas: 3, serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template: template('db:1'), ...spec },
});

const withClaims = (spec: Partial<Spec> = {}): Partial<Spec> => ({
  volumeClaimTemplates: [
    {
      metadata: { name: 'data', labels: { tier: 'disk' } },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ],
  ...spec,
});

async function running(spec?: Partial<Spec>): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(statefulSets, statefulSet(spec));
  await cluster.runUntilStable();
  return cluster;
}

const db = (cluster: Cluster): Promise<StatefulSet> => cluster.get(statefulSets, 'db');

const change = (cluster: Cluster, spec: Partial<Spec>): Promise<void> =>
  cluster.edit<StatefulSet>(statefulSets, 'db', (set) => {
    set.spec = { ...set.spec, ...spec };
  });

/** `db-0 db:1`, sorted; `-` before one that is going away. */
const shown = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.pods())
    .map((pod) => `${pod.metadata.deletionTimestamp === undefined ? '' : '-'}${nameOf(pod)} ${pod.spec?.containers[0]?.image}`)
    .sort();

const claimNames = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.client.list<PersistentVolumeClaim>(persistentVolumeClaims, { namespace })).items.map(nameOf);

const breakPod = async (cluster: Cluster, name: string): Promise<void> => {
  const pod = copy(await cluster.get<Pod>(pods, name));
  pod.status = { ...pod.status, phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };
  await cluster.client.update(pods, pod, 'status');
};

describe('a StatefulSet', () => {
  test('a StatefulSet makes its pods one after the other, each once the one before is ready', async () => {
    const cluster = await createCluster();
    await cluster.client.create(statefulSets, statefulSet());
    const steps: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await cluster.settle();
      steps.push((await cluster.pods()).length);
      await cluster.playNodes();
    }
    assert.deepEqual(steps, [1, 2, 3, 3]);
    await cluster.runUntilStable();
    const { currentRevision, ...status } = (await db(cluster)).status ?? {};
    assert.deepEqual(status, {
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      updateRevision: currentRevision,
      collisionCount: 0,
      availableReplicas: 3,
    });
    assert.deepEqual(cluster.events, [
      'Normal SuccessfulCreate Create Pod db-0 in StatefulSet db successful',
      'Normal SuccessfulCreate Create Pod db-1 in StatefulSet db successful',
      'Normal SuccessfulCreate Create Pod db-2 in StatefulSet db successful',
    ]);
    await assertSettled(cluster);
  });

  test('a StatefulSet gives each pod its name, its number and its revision', async () => {
    const cluster = await running({ replicas: 1, ordinals: { start: 5 } });
    const [pod] = await cluster.pods();
    assert.ok(pod);
    const { currentRevision } = (await db(cluster)).status ?? {};
    assert.equal(nameOf(pod), 'db-5');
    assert.equal(pod.metadata.generateName, 'db-');
    assert.equal(pod.spec?.hostname, 'db-5');
    assert.equal(pod.spec?.subdomain, 'db');
    assert.deepEqual(labelsOf(pod), {
      app: 'db',
      'apps.kubernetes.io/pod-index': '5',
      'controller-revision-hash': currentRevision,
      'statefulset.kubernetes.io/pod-name': 'db-5',
    });
    const [revision] = (await cluster.client.list(controllerRevisions, { namespace })).items;
    assert.equal(`db-${labelsOf(revision ?? { metadata: {} })['controller.kubernetes.io/hash']}`, currentRevision);
  });

  test('a StatefulSet makes them all at once under Parallel', async () => {
    const cluster = await createCluster();
    await cluster.client.create(statefulSets, statefulSet({ podManagementPolicy: 'Parallel' }));
    await cluster.settle();
    assert.equal((await cluster.pods()).length, 3);
  });

  test('a StatefulSet scales down from the end, one pod at a time', async () => {
    const cluster = await running();
    await change(cluster, { replicas: 0 });
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['-db-2 db:1', 'db-0 db:1', 'db-1 db:1']);
    await cluster.playNodes();
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['-db-1 db:1', 'db-0 db:1']);
    await cluster.runUntilStable();
    assert.equal((await db(cluster)).status?.replicas, 0);
  });

  test('a StatefulSet does not scale down while an earlier pod is unready', async () => {
    const cluster = await running();
    await breakPod(cluster, 'db-0');
    await change(cluster, { replicas: 1 });
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['db-0 db:1', 'db-1 db:1', 'db-2 db:1']);
  });

  test('a StatefulSet rolls from the end, and waits for each new pod', async () => {
    const cluster = await running();
    await change(cluster, { template: template('db:2') });
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['-db-2 db:1', 'db-0 db:1', 'db-1 db:1']);
    await cluster.playNodes();
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    await cluster.runUntilStable();
    assert.deepEqual(await shown(cluster), ['db-0 db:2', 'db-1 db:2', 'db-2 db:2']);
    const { currentRevision, updateRevision } = (await db(cluster)).status ?? {};
    assert.equal(currentRevision, updateRevision);
    await assertSettled(cluster);
  });

  test('a StatefulSet leaves pods below the partition, and brings them back as they were', async () => {
    const cluster = await running({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
    await change(cluster, { template: template('db:2') });
    await cluster.runUntilStable();
    assert.deepEqual(await shown(cluster), ['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    await cluster.client.delete(pods, { namespace, name: 'db-0' });
    await cluster.runUntilStable();
    assert.deepEqual(await shown(cluster), ['db-0 db:1', 'db-1 db:1', 'db-2 db:2']);
    const { status } = await db(cluster);
    assert.deepEqual([status?.currentReplicas, status?.updatedReplicas], [2, 1]);
  });

  const twoDown = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } }, replicas: 4 };

  test('a StatefulSet takes as many pods down as maxUnavailable allows', async () => {
    const cluster = await running(twoDown);
    await change(cluster, { template: template('db:2') });
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['-db-2 db:1', '-db-3 db:1', 'db-0 db:1', 'db-1 db:1']);
  });

  test('under Parallel, a pod that is unready anyway goes first and counts', async () => {
    const cluster = await running({ ...twoDown, podManagementPolicy: 'Parallel' });
    await breakPod(cluster, 'db-0');
    await change(cluster, { template: template('db:2') });
    await cluster.settle();
    assert.deepEqual(await shown(cluster), ['-db-0 db:1', '-db-3 db:1', 'db-1 db:1', 'db-2 db:1']);
  });

  test('a StatefulSet replaces a failed pod under the same name', async () => {
    const cluster = await running({ replicas: 1 });
    const before = await cluster.get<Pod>(pods, 'db-0');
    await cluster.client.update(pods, { ...copy(before), status: { phase: 'Failed' } }, 'status');
    await cluster.runUntilStable();
    const after = await cluster.get<Pod>(pods, 'db-0');
    assert.notEqual(after.metadata.uid, before.metadata.uid);
    assert.equal(after.status?.phase, 'Running');
  });

  test('a StatefulSet waits until a pod was ready long enough', async () => {
    const cluster = await running({ replicas: 2, minReadySeconds: 30 });
    assert.equal((await cluster.pods()).length, 1);
    await cluster.advance(30_000);
    await cluster.runUntilStable();
    assert.equal((await cluster.pods()).length, 2);
    assert.equal((await db(cluster)).status?.availableReplicas, 1);
    await cluster.advance(30_000);
    assert.equal((await db(cluster)).status?.availableReplicas, 2);
    await assertSettled(cluster);
  });

  test('a StatefulSet gives each pod claims, which stay when the pod goes', async () => {
    const cluster = await running(withClaims({ replicas: 2 }));
    assert.deepEqual(await claimNames(cluster), ['data-db-0', 'data-db-1']);
    const claim = await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data-db-0');
    assert.deepEqual(labelsOf(claim), { app: 'db', tier: 'disk' });
    assert.deepEqual(claim.metadata.ownerReferences ?? [], []);
    const pod = await cluster.get<Pod>(pods, 'db-0');
    assert.deepEqual(
      pod.spec?.volumes?.find(({ name }) => name === 'data'),
      { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
    );
    assert.ok(cluster.events.includes('Normal SuccessfulCreate Create Claim data-db-0 Pod db-0 in StatefulSet db success'));
    await change(cluster, { replicas: 0 });
    await cluster.runUntilStable();
    assert.deepEqual(await claimNames(cluster), ['data-db-0', 'data-db-1']);
  });

  for (const [whenDeleted, whenScaled, owners] of [
    ['Retain', 'Retain', [undefined, undefined]],
    ['Delete', 'Retain', ['db', 'db']],
    ['Retain', 'Delete', [undefined, 'db-1']],
    ['Delete', 'Delete', ['db', 'db-1']],
  ] as const)
    test(`claims belong to whom the policy names, deleted: ${whenDeleted}, scaled: ${whenScaled}`, async () => {
      const cluster = await running(withClaims({ replicas: 2, persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } }));
      await change(cluster, { replicas: 1 });
      await cluster.settle();
      const ownerOf = async (name: string): Promise<string | undefined> =>
        controllerOf(await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, name))?.name;
      assert.deepEqual([await ownerOf('data-db-0'), await ownerOf('data-db-1')], owners);
    });

  test('a StatefulSet adopts a pod of its name and labels it', async () => {
    const cluster = await createCluster();
    await cluster.client.create(pods, {
      metadata: { namespace, name: 'db-0', labels: { app: 'db' } },
      spec: { containers: [{ name: 'db', image: 'db:1' }] },
    });
    await cluster.client.create(statefulSets, statefulSet({ replicas: 1, updateStrategy: { type: 'OnDelete' } }));
    await cluster.runUntilStable();
    const [pod] = await cluster.pods();
    assert.ok(pod);
    assert.equal(controllerOf(pod)?.name, 'db');
    assert.equal(labelsOf(pod)['statefulset.kubernetes.io/pod-name'], 'db-0');
  });

  test('going back to a template reuses its revision, and old ones go beyond the limit', async () => {
    const cluster = await running({ replicas: 1, revisionHistoryLimit: 1 });
    for (const image of ['db:2', 'db:3', 'db:2']) {
      await change(cluster, { template: template(image) });
      await cluster.runUntilStable();
    }
    const numbers = (await cluster.client.list(controllerRevisions, { namespace })).items.map(({ revision }) => revision);
    assert.deepEqual(
      numbers.map(Number).sort((a, b) => a - b),
      [3, 4],
    );
  });

  test('a StatefulSet comes to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(statefulSets, statefulSet(withClaims({ replicas: 2 })));
        await cluster.runUntilStable();
        await change(cluster, { template: template('db:2') });
        await cluster.runUntilStable();
        await change(cluster, { replicas: 1 });
      },
      async (cluster) => ({ status: (await db(cluster)).status, pods: await shown(cluster), claims: await claimNames(cluster) }),
    );
  });
});
