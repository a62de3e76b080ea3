import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, createCluster, deployment, namespace, nodeNames } from '../../../test/support/cluster.ts';
import { conditionOf } from '../../kube/conditions.ts';
import type { Node, Pod } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { deployments, nodes, pods } from '../../kube/resource-type.ts';

const [lost = '', other = ''] = nodeNames;
const node = (cluster: Cluster, name: string): Promise<Node> => cluster.client.get(nodes, { namespace: '', name });
const readyOf = ({ status }: Node | Pod): string | undefined =>
  conditionOf<{ type: string; status: string }>(status?.conditions, 'Ready')?.status;
const taintTexts = ({ spec }: Node): string[] => (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);

const tolerations = ['not-ready', 'unreachable'].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

async function running(): Promise<Cluster> {
  const cluster = await createCluster();
  const web = deployment({ replicas: 4 });
  web.spec.template.spec.tolerations = tolerations;
  await cluster.client.create(deployments, web);
  await cluster.runUntilStable();
  return cluster;
}

const podsOn = async (cluster: Cluster, name: string): Promise<readonly Pod[]> =>
  (await cluster.pods()).filter(({ spec }) => spec?.nodeName === name);

describe('a node', () => {
  test('a node stays ready as long as it renews its lease', async () => {
    const cluster = await running();
    await cluster.advance(300_000);
    assert.deepEqual([readyOf(await node(cluster, lost)), taintTexts(await node(cluster, lost))], ['True', []]);
    await assertSettled(cluster);
  });

  test('a node that becomes unresponsive is unknown after 40 seconds, tainted, and its pods are not ready', async () => {
    const cluster = await running();
    cluster.unresponsiveNodes.add(lost);
    await cluster.advance(30_000);
    assert.equal(readyOf(await node(cluster, lost)), 'True');
    await cluster.advance(20_000);
    const silent = await node(cluster, lost);
    const ready = conditionOf(silent.status?.conditions, 'Ready');
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ['Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'],
    );
    assert.deepEqual(taintTexts(silent), ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']);
    assert.deepEqual((await podsOn(cluster, lost)).map(readyOf), ['False', 'False']);
    assert.deepEqual((await podsOn(cluster, other)).map(readyOf), ['True', 'True']);
    assert.ok(cluster.events.includes(`Normal NodeNotReady Node ${lost} status is now: NodeNotReady`));
    await assertSettled(cluster);
  });

  test('a node that stays unresponsive loses its pods after their tolerationSeconds, and runs none once it is back', async () => {
    const cluster = await running();
    cluster.unresponsiveNodes.add(lost);
    await cluster.advance(300_000);
    assert.equal((await podsOn(cluster, lost)).length, 2);
    await cluster.advance(60_000);
    assert.ok((await podsOn(cluster, lost)).every(({ metadata }) => metadata.deletionTimestamp !== undefined));
    await cluster.runUntilStable();
    const [evicted] = await podsOn(cluster, lost);
    assert.equal(conditionOf(evicted?.status?.conditions, 'DisruptionTarget')?.message, 'Taint manager: deleting due to NoExecute taint');
    assert.equal((await podsOn(cluster, other)).length, 4);

    cluster.unresponsiveNodes.delete(lost);
    await cluster.advance(20_000);
    await cluster.runUntilStable();
    assert.deepEqual([readyOf(await node(cluster, lost)), taintTexts(await node(cluster, lost))], ['True', []]);
    assert.equal((await cluster.pods()).length, 4);
    await assertSettled(cluster);
  });

  test('no pod is evicted when all nodes are unresponsive', async () => {
    const cluster = await running();
    for (const name of nodeNames) cluster.unresponsiveNodes.add(name);
    await cluster.advance(900_000);
    assert.deepEqual(taintTexts(await node(cluster, lost)), ['node.kubernetes.io/unreachable:NoSchedule']);
    assert.equal((await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined).length, 4);
  });

  test('a node gets a new grace period after the control plane was away, and no more than that', async () => {
    const cluster = await running();
    // The clock advances without a reconcile and without a heartbeat.
    await cluster.world.advance(600_000);
    await cluster.settle();
    assert.equal(readyOf(await node(cluster, lost)), 'True');
    cluster.unresponsiveNodes.add(lost);
    await cluster.advance(30_000);
    assert.equal(readyOf(await node(cluster, lost)), 'True');
    await cluster.advance(20_000);
    assert.deepEqual([readyOf(await node(cluster, lost)), readyOf(await node(cluster, other))], ['Unknown', 'True']);
  });

  test('a node is given up although its neighbours go on', async () => {
    const cluster = await running();
    cluster.unresponsiveNodes.add(lost);
    for (let beat = 0; beat < 5; beat += 1) {
      await cluster.advance(10_000);
      await cluster.edit(nodes, other, ({ metadata }) => (metadata.labels = { beat: `${beat}` }));
    }
    assert.deepEqual([readyOf(await node(cluster, lost)), readyOf(await node(cluster, other))], ['Unknown', 'True']);
  });

  test('a node that is cordoned is tainted for it, and keeps other taints', async () => {
    const cluster = await running();
    const foreign = { key: 'dedicated', value: 'db', effect: 'NoSchedule' };
    await cluster.client.patch(nodes, { namespace: '', name: lost }, { spec: { unschedulable: true, taints: [foreign] } });
    await cluster.settle();
    assert.deepEqual(taintTexts(await node(cluster, lost)), ['dedicated:NoSchedule', 'node.kubernetes.io/unschedulable:NoSchedule']);
    await cluster.client.patch(nodes, { namespace: '', name: lost }, { spec: { unschedulable: null } });
    await cluster.settle();
    assert.deepEqual((await node(cluster, lost)).spec.taints, [foreign]);
  });

  test('a node that never reported anything is unknown after a minute', async () => {
    const cluster = await createCluster();
    await cluster.client.create(nodes, { metadata: { name: 'mute' }, spec: {} });
    cluster.unresponsiveNodes.add('mute');
    await cluster.advance(70_000);
    const ready = conditionOf((await node(cluster, 'mute')).status?.conditions, 'Ready');
    assert.deepEqual(
      [ready?.status, ready?.reason, ready?.message],
      ['Unknown', 'NodeStatusNeverUpdated', 'Kubelet never posted node status.'],
    );
  });
});

describe('pods', () => {
  const naked = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
    metadata: { namespace, name },
    spec: { containers: [{ name: 'c', image: 'c:1' }], nodeName: lost, ...spec },
  });

  test('a NoExecute taint evicts pods at once, after their tolerationSeconds, or never if they tolerate it', async () => {
    const cluster = await createCluster();
    await cluster.client.create(pods, naked('never'));
    const tolerate = (tolerationSeconds?: number): object => ({
      tolerations: [{ key: 'maintenance', operator: 'Exists', effect: 'NoExecute', tolerationSeconds }],
    });
    await cluster.client.create(pods, naked('a-while', tolerate(60)));
    await cluster.client.create(pods, naked('always', tolerate()));
    await cluster.client.patch(nodes, { namespace: '', name: lost }, { spec: { taints: [{ key: 'maintenance', effect: 'NoExecute' }] } });
    await cluster.settle();
    const staying = async (): Promise<string[]> =>
      (await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(nameOf);
    assert.deepEqual(await staying(), ['a-while', 'always']);
    await cluster.advance(50_000);
    assert.deepEqual(await staying(), ['a-while', 'always']);
    await cluster.advance(10_000);
    assert.deepEqual(await staying(), ['always']);
  });
});
