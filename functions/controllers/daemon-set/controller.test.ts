import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, createNode, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { DaemonSet, Node, Pod } from '../../kube/generated/types.ts';
import { labelsOf, nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { controllerRevisions, daemonSets, nodes, pods } from '../../kube/resource-type.ts';

const daemonSet = (spec: Partial<DaemonSet['spec']> = {}, image = 'agent:1'): DaemonSet => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { namespace, name: 'agent' },
  spec: { selector: { matchLabels: { app: 'agent' } }, template: template(image), ...spec },
});

const template = (image: string): DaemonSet['spec']['template'] => ({
  metadata: { labels: { app: 'agent' } },
  spec: { containers: [{ name: 'agent', image }] },
});

const surge = (maxSurge: number | string): Partial<DaemonSet['spec']> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable: 0 } },
});

async function running(spec?: Partial<DaemonSet['spec']>): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(daemonSets, daemonSet(spec));
  await cluster.runUntilStable();
  return cluster;
}

const agent = (cluster: Cluster): Promise<DaemonSet> => cluster.get(daemonSets, 'agent');

const setImage = (cluster: Cluster, image: string): Promise<void> =>
  cluster.edit<DaemonSet>(daemonSets, 'agent', ({ spec }) => {
    spec.template = template(image);
  });

/** `node-a agent:1`, sorted. */
const placed = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.pods()).map(({ spec }) => `${spec?.nodeName} ${spec?.containers[0]?.image}`).sort();

const editNode = async (cluster: Cluster, name: string, change: (node: Node) => void): Promise<void> => {
  const node = copy(await cluster.client.get(nodes, { namespace: '', name }));
  change(node);
  await cluster.client.update(nodes, node);
};

const fail = (cluster: Cluster, pod: Pod): Promise<Pod> =>
  cluster.client.update(pods, { ...copy(pod), status: { phase: 'Failed' } }, 'status');

describe('a DaemonSet', () => {
  test('a DaemonSet has a pod on every node, and counts them', async () => {
    const cluster = await running();
    assert.deepEqual(await placed(cluster), ['node-a agent:1', 'node-b agent:1']);
    assert.deepEqual((await agent(cluster)).status, {
      currentNumberScheduled: 2,
      numberMisscheduled: 0,
      desiredNumberScheduled: 2,
      numberReady: 2,
      observedGeneration: 1,
      updatedNumberScheduled: 2,
      numberAvailable: 2,
    });
    await assertSettled(cluster);
  });

  test('a DaemonSet makes pods that only their node takes, and that stay on a node in trouble', async () => {
    const cluster = await running();
    const [pod] = await cluster.pods();
    assert.ok(pod);
    assert.deepEqual(pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms, [
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: [pod.spec?.nodeName] }] },
    ]);
    assert.deepEqual(
      pod.spec?.tolerations?.map(({ key, operator, effect, tolerationSeconds }) => `${key} ${operator} ${effect} ${tolerationSeconds}`),
      [
        'node.kubernetes.io/not-ready Exists NoExecute undefined',
        'node.kubernetes.io/unreachable Exists NoExecute undefined',
        'node.kubernetes.io/disk-pressure Exists NoSchedule undefined',
        'node.kubernetes.io/memory-pressure Exists NoSchedule undefined',
        'node.kubernetes.io/pid-pressure Exists NoSchedule undefined',
        'node.kubernetes.io/unschedulable Exists NoSchedule undefined',
      ],
    );
    const [revision] = (await cluster.client.list(controllerRevisions, { namespace })).items;
    assert.ok(revision);
    const hash = labelsOf(revision)['controller-revision-hash'];
    assert.equal(nameOf(revision), `agent-${hash}`);
    assert.deepEqual(labelsOf(pod), { app: 'agent', 'controller-revision-hash': hash, 'pod-template-generation': '1' });
  });

  test('a DaemonSet follows nodes that join, leave, and change their labels', async () => {
    const cluster = await running({
      template: { ...template('agent:1'), spec: { ...template('agent:1').spec, nodeSelector: { disk: 'fast' } } },
    });
    assert.deepEqual(await placed(cluster), []);
    await editNode(cluster, 'node-a', ({ metadata }) => {
      metadata.labels = { disk: 'fast' };
    });
    await cluster.runUntilStable();
    assert.deepEqual(await placed(cluster), ['node-a agent:1']);
    await createNode(cluster.client, cluster.world, 'node-c');
    await editNode(cluster, 'node-c', ({ metadata }) => {
      metadata.labels = { disk: 'fast' };
    });
    await cluster.runUntilStable();
    assert.deepEqual(await placed(cluster), ['node-a agent:1', 'node-c agent:1']);
    await editNode(cluster, 'node-a', ({ metadata }) => {
      metadata.labels = {};
    });
    await cluster.client.delete(nodes, { namespace: '', name: 'node-c' });
    await cluster.runUntilStable();
    assert.deepEqual((await agent(cluster)).status?.desiredNumberScheduled, 0);
    assert.ok(!(await placed(cluster)).includes('node-a agent:1'));
  });

  test('a DaemonSet stays away from a taint that forbids scheduling, and leaves one that evicts', async () => {
    const cluster = await running();
    await editNode(cluster, 'node-a', ({ spec }) => {
      spec.taints = [{ key: 'dedicated', value: 'x', effect: 'NoSchedule' }];
    });
    await cluster.runUntilStable();
    assert.equal((await placed(cluster)).length, 2);
    assert.equal((await agent(cluster)).status?.numberMisscheduled, 1);
    await editNode(cluster, 'node-a', ({ spec }) => {
      spec.taints = [{ key: 'dedicated', value: 'x', effect: 'NoExecute' }];
    });
    await cluster.runUntilStable();
    assert.deepEqual(await placed(cluster), ['node-b agent:1']);
  });

  test('a DaemonSet replaces a failed pod at once, and waits longer the more often its successors fail', async () => {
    const cluster = await running();
    const failOn = async (nodeName: string): Promise<void> => {
      const pod = (await cluster.pods()).find(({ spec, status }) => spec?.nodeName === nodeName && status?.phase === 'Running');
      assert.ok(pod);
      await fail(cluster, pod);
    };
    const isReplaced = async (): Promise<boolean> => (await cluster.pods()).every(isPodReady);
    // A run waits for a second itself.
    for (const waitMs of [0, 0, 2_000, 4_000]) {
      await failOn('node-a');
      await cluster.runUntilStable();
      assert.equal(await isReplaced(), waitMs === 0);
      await cluster.advance(waitMs / 2);
      assert.equal(await isReplaced(), waitMs === 0);
      await cluster.advance(waitMs / 2);
      await cluster.runUntilStable();
      assert.equal(await isReplaced(), true);
    }
    assert.equal(
      cluster.events.filter((event) => event.startsWith('Warning FailedDaemonPod Found failed daemon pod default/agent-')).length,
      4,
    );
  });

  test('a DaemonSet rolls one node after the other to a new template', async () => {
    const cluster = await running();
    await setImage(cluster, 'agent:2');
    await cluster.settle();
    assert.equal((await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length, 1);
    assert.equal((await agent(cluster)).status?.numberAvailable, 2);
    await cluster.runUntilStable();
    assert.deepEqual(await placed(cluster), ['node-a agent:2', 'node-b agent:2']);
    const numbers = (await cluster.client.list(controllerRevisions, { namespace })).items.map(({ revision }) => revision);
    assert.deepEqual(
      numbers.map(Number).sort((a, b) => a - b),
      [1, 2],
    );
    await assertSettled(cluster);
  });

  test('a DaemonSet surges: the old pod of a node goes once the new one is ready', async () => {
    const cluster = await running(surge('100%'));
    await setImage(cluster, 'agent:2');
    await cluster.settle();
    assert.equal((await cluster.pods()).length, 4);
    assert.equal((await cluster.pods()).filter(isPodReady).length, 2);
    await cluster.runUntilStable();
    assert.deepEqual(await placed(cluster), ['node-a agent:2', 'node-b agent:2']);
    await assertSettled(cluster);
  });

  test('a DaemonSet leaves pods alone under OnDelete until they are deleted', async () => {
    const cluster = await running({ updateStrategy: { type: 'OnDelete' } });
    await setImage(cluster, 'agent:2');
    await cluster.runUntilStable();
    assert.deepEqual(await placed(cluster), ['node-a agent:1', 'node-b agent:1']);
    const [pod] = await cluster.pods();
    assert.ok(pod);
    await cluster.client.delete(pods, { namespace, name: nameOf(pod) });
    await cluster.runUntilStable();
    assert.equal((await placed(cluster)).filter((text) => text.endsWith('agent:2')).length, 1);
    assert.equal((await agent(cluster)).status?.updatedNumberScheduled, 1);
  });

  test('going back to a template reuses its revision under a new number', async () => {
    const cluster = await running();
    await setImage(cluster, 'agent:2');
    await cluster.runUntilStable();
    await setImage(cluster, 'agent:1');
    await cluster.runUntilStable();
    const revisions = (await cluster.client.list(controllerRevisions, { namespace })).items;
    assert.deepEqual(
      revisions.map(({ revision }) => Number(revision)).sort((a, b) => a - b),
      [2, 3],
    );
    assert.deepEqual(await placed(cluster), ['node-a agent:1', 'node-b agent:1']);
  });

  test('a DaemonSet keeps no more old revisions than its limit, and those of its pods', async () => {
    const cluster = await running({ revisionHistoryLimit: 1 });
    for (const image of ['agent:2', 'agent:3', 'agent:4']) {
      await setImage(cluster, image);
      await cluster.runUntilStable();
    }
    const numbers = (await cluster.client.list(controllerRevisions, { namespace })).items.map(({ revision }) => revision);
    assert.deepEqual(
      numbers.map(Number).sort((a, b) => a - b),
      [3, 4],
    );
  });

  test('a DaemonSet takes another hash when another template has the name of its revision', async () => {
    const cluster = await running();
    const [revision] = (await cluster.client.list(controllerRevisions, { namespace })).items;
    assert.ok(revision);
    await cluster.client.delete(daemonSets, { namespace, name: 'agent' }, { propagationPolicy: 'Background' });
    await cluster.runUntilStable();
    await cluster.client.create(controllerRevisions, {
      metadata: { namespace, name: nameOf(revision), labels: { app: 'other' } },
      data: { spec: {} },
      revision: 1,
    });
    await cluster.client.create(daemonSets, daemonSet());
    await cluster.runUntilStable();
    assert.equal((await agent(cluster)).status?.collisionCount, 1);
    assert.equal((await placed(cluster)).length, 2);
  });

  test('a DaemonSet comes to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(daemonSets, daemonSet());
        await cluster.runUntilStable();
        await setImage(cluster, 'agent:2');
      },
      async (cluster) => ({ status: (await agent(cluster)).status, pods: await placed(cluster) }),
    );
  });
});
