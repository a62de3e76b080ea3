import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createCluster, deployment, type Cluster } from '../../test/support/cluster.ts';
import type { ManyWrite, Refused } from '../client/client.ts';
import { createControllers } from '../controllers/all.ts';
import { quotaRules } from '../resources/core/resourcequota/quota-rules.ts';
import { StatusError } from '../kube/status-error.ts';
import { conditionOf } from '../kube/conditions.ts';
import type { Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import * as types from '../kube/resource-type.ts';
import { createDefinitions } from '../resources/all.ts';
import type { Controller } from '../workers/controller.ts';
import { createScheduler } from './scheduler.ts';

const resourceTypes = createDefinitions().map(({ type }) => type);

const everything = (): readonly Controller[] => [
  ...createControllers({ resourceTypes: () => resourceTypes, quotaRules, certificateAuthorityPem: 'PEM', listeningSinceMs: 0 }),
  createScheduler(),
];

const pod = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'i' }], ...spec },
});

const asking = (cpu: string): Partial<Pod['spec']> => ({ containers: [{ name: 'main', image: 'i', resources: { requests: { cpu } } }] });

const giveRoom = async (cluster: Cluster, name: string, cpu: string): Promise<void> => {
  const node = await cluster.get(types.nodes, name);
  await cluster.client.update(
    types.nodes,
    { ...node, status: { ...node.status, allocatable: { cpu, memory: '8Gi', pods: '110' } } },
    'status',
  );
};

describe('the scheduler in a cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await createCluster({ controllers: everything() });
    await giveRoom(cluster, 'node-a', '2');
    await giveRoom(cluster, 'node-b', '2');
    await cluster.settle();
  });
  after(() => cluster.close());

  const nodeOf = async (name: string): Promise<string | undefined> => (await cluster.get(types.pods, name)).spec.nodeName;

  test('the scheduler in a cluster binds a pod, records an Event, and sets its condition', async () => {
    await cluster.client.create(types.pods, pod('first'));
    await cluster.settle();
    const bound = await cluster.get(types.pods, 'first');
    assert.match(bound.spec.nodeName ?? '', /^node-[ab]$/);
    assert.equal(conditionOf(bound.status?.conditions, 'PodScheduled')?.status, 'True');
    assert.ok(cluster.events.includes(`Normal Scheduled Successfully assigned default/first to ${bound.spec.nodeName}`));
  });

  test('the scheduler in a cluster leaves pods of other schedulers and gated pods alone', async () => {
    await cluster.client.create(types.pods, pod('foreign', { schedulerName: 'mine' }));
    await cluster.client.create(types.pods, pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    await cluster.settle();
    assert.equal(await nodeOf('foreign'), undefined);
    assert.equal(await nodeOf('gated'), undefined);
  });

  test('a pod that fits nowhere has the reason in its status once, and is placed when room comes', async () => {
    const reports = (): number => cluster.events.filter((event) => event.startsWith('Warning FailedScheduling')).length;
    await cluster.client.create(types.pods, pod('large', asking('3')));
    await cluster.settle();
    const message =
      '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';
    const condition = conditionOf((await cluster.get(types.pods, 'large')).status?.conditions, 'PodScheduled');
    assert.deepEqual([condition?.status, condition?.reason, condition?.message], ['False', 'Unschedulable', message]);
    assert.equal(reports(), 1);

    await cluster.client.create(types.pods, pod('small'));
    await cluster.settle();
    assert.equal(reports(), 1, 'the same message is not repeated');

    await giveRoom(cluster, 'node-b', '8');
    await cluster.settle();
    assert.equal(await nodeOf('large'), 'node-b');
  });

  test('room that a deleted pod leaves is used', async () => {
    await cluster.client.create(types.pods, pod('waits', asking('4')));
    await cluster.client.create(types.pods, pod('waits-too', asking('4')));
    await cluster.settle();
    const [placed, waiting] = (await nodeOf('waits')) === undefined ? ['waits-too', 'waits'] : ['waits', 'waits-too'];
    assert.equal(await nodeOf(waiting ?? ''), undefined);
    await cluster.client.delete(types.pods, { namespace: 'default', name: placed ?? '' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.equal(await nodeOf(waiting ?? ''), 'node-b');
  });

  test('a settled cluster is not written to', async () => {
    const { revision } = await cluster.store.fresh();
    await cluster.settle();
    assert.equal((await cluster.store.fresh()).revision, revision);
  });
});

test('ten replicas of a Deployment are spread over both nodes', async () => {
  const cluster = await createCluster({ controllers: everything() });
  await giveRoom(cluster, 'node-a', '8');
  await giveRoom(cluster, 'node-b', '8');
  await cluster.client.create(types.deployments, deployment({ replicas: 10 }));
  await cluster.settle();
  const nodes = (await cluster.pods()).map(({ spec }) => spec.nodeName);
  assert.deepEqual([nodes.filter((name) => name === 'node-a').length, nodes.filter((name) => name === 'node-b').length], [5, 5]);
  await cluster.close();
});

test('a higher priority is served first', async () => {
  const cluster = await createCluster({ controllers: everything() });
  await giveRoom(cluster, 'node-a', '1');
  await giveRoom(cluster, 'node-b', '0');
  await cluster.client.create(types.pods, pod('humble', { ...asking('1') }));
  await cluster.client.create(types.pods, pod('proud', { ...asking('1'), priorityClassName: 'system-cluster-critical' }));
  await cluster.settle();
  const placed = (await cluster.pods()).filter(({ spec }) => spec.nodeName !== undefined).map(nameOf);
  assert.deepEqual(placed, ['proud']);
  await cluster.close();
});

test('a pod takes room from pods of less priority, and waits until they are gone', async () => {
  const cluster = await createCluster({ controllers: everything() });
  await giveRoom(cluster, 'node-a', '1');
  await giveRoom(cluster, 'node-b', '0');
  await cluster.client.create(types.pods, pod('humble', asking('1')));
  await cluster.settle();
  await cluster.client.create(types.pods, pod('proud', { ...asking('1'), priorityClassName: 'system-cluster-critical' }));
  await cluster.settle();
  const humble = await cluster.get(types.pods, 'humble');
  const proud = await cluster.get(types.pods, 'proud');
  const disruption = conditionOf(humble.status?.conditions, 'DisruptionTarget');
  assert.deepEqual(
    [disruption?.reason, disruption?.message],
    ['PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'],
  );
  assert.ok(humble.metadata.deletionTimestamp !== undefined);
  assert.equal(proud.status?.nominatedNodeName, 'node-a');
  assert.equal(proud.spec.nodeName, undefined);
  assert.ok(cluster.events.includes(`Normal Preempted Preempted by pod ${proud.metadata.uid} on node node-a`));

  await cluster.client.delete(types.pods, { namespace: 'default', name: 'humble' }, { gracePeriodSeconds: 0 });
  await cluster.settle();
  assert.equal((await cluster.get(types.pods, 'proud')).spec.nodeName, 'node-a');
  await cluster.close();
});

test('a pod that waits to be near another is placed in the same pass', async () => {
  const cluster = await createCluster({ controllers: everything() });
  await giveRoom(cluster, 'node-a', '2');
  await giveRoom(cluster, 'node-b', '2');
  for (const name of ['node-a', 'node-b']) {
    const node = await cluster.get(types.nodes, name);
    await cluster.client.update(types.nodes, { ...node, metadata: { ...node.metadata, labels: { 'kubernetes.io/hostname': name } } });
  }
  const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } };
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  await cluster.client.create(types.pods, pod('near', { affinity }));
  await cluster.client.create(types.pods, { ...pod('db'), metadata: { name: 'db', namespace: 'default', labels: { app: 'db' } } });
  await cluster.settle();
  const placed = (await cluster.pods()).map(({ spec }) => spec.nodeName);
  assert.ok(placed[0] !== undefined && placed[0] === placed[1], String(placed));
  await cluster.close();
});

test('a pod that waits is tried again only where a change may help it', async () => {
  const cluster = await createCluster({ controllers: everything() });
  await giveRoom(cluster, 'node-a', '1');
  await giveRoom(cluster, 'node-b', '1');
  await cluster.client.create(types.pods, pod('large', asking('2')));
  await cluster.settle();
  const reports = (): number => cluster.events.filter((event) => event.startsWith('Warning FailedScheduling')).length;
  const cordon = (unschedulable: boolean): Promise<unknown> =>
    cluster.client.patch(types.nodes, { namespace: '', name: 'node-a' }, { spec: { unschedulable } });
  await cordon(true);
  await cluster.settle();
  assert.equal(reports(), 1, 'a cordon does not help');
  await giveRoom(cluster, 'node-b', '1500m');
  await cluster.settle();
  assert.equal(reports(), 1, 'a node that stays too small does not help');
  await giveRoom(cluster, 'node-b', '2');
  await cluster.settle();
  assert.equal((await cluster.get(types.pods, 'large')).spec.nodeName, 'node-b');
  await cluster.close();
});

test('a pod that waits is tried again after five minutes, whether or not anything changes', async () => {
  const cluster = await createCluster({ controllers: [createScheduler()] });
  await giveRoom(cluster, 'node-a', '1');
  await cluster.client.create(types.serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  await cluster.client.create(types.pods, pod('large', asking('2')));
  const outcome = await cluster.settle();
  assert.ok(outcome.outcome === 'quiet');
  assert.equal(outcome.nextDeadlineMs, cluster.world.clock.now() + 300_000);
  await cluster.close();
});

test('a pod that another scheduler binds helps one that waits to be near it', async () => {
  const cluster = await createCluster({ controllers: everything() });
  await giveRoom(cluster, 'node-a', '2');
  await cluster.client.patch(types.nodes, { namespace: '', name: 'node-a' }, { metadata: { labels: { zone: 'a' } } });
  const term = { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'db' } } };
  const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  const at = { name: 'db', namespace: 'default' };
  await cluster.client.create(types.pods, { ...pod('db', { schedulerName: 'mine' }), metadata: { ...at, labels: { app: 'db' } } });
  await cluster.client.create(types.pods, pod('near', { affinity }));
  await cluster.settle();
  assert.equal((await cluster.get(types.pods, 'near')).spec.nodeName, undefined);
  const target = { apiVersion: 'v1', kind: 'Node', name: 'node-a' };
  await cluster.client.createSubresource(types.pods, at, 'binding', { apiVersion: 'v1', kind: 'Binding', metadata: at, target });
  await cluster.settle();
  assert.equal((await cluster.get(types.pods, 'near')).spec.nodeName, 'node-a');
  await cluster.close();
});

/** Writes to the status of this pod are refused, as by a webhook. */
const refusingWritesTo = (name: string, controller: Controller): Controller => ({
  ...controller,
  reconcile(request, context) {
    const { client } = context;
    const write = async (one: ManyWrite): Promise<Refused> =>
      one.verb === 'patch' && one.at.name === name
        ? new StatusError(403, 'Forbidden', 'denied the request')
        : (await client.writeMany([one]))[0];
    return controller.reconcile(request, { ...context, client: { ...client, writeMany: (writes) => Promise.all(writes.map(write)) } });
  },
});

test('a victim that may not be marked stays, and keeps no other pod from its room', async () => {
  const others = everything().filter(({ name }) => name !== 'scheduler');
  const cluster = await createCluster({ controllers: [...others, refusingWritesTo('kept', createScheduler())] });
  await giveRoom(cluster, 'node-a', '1');
  await giveRoom(cluster, 'node-b', '1');
  for (const name of ['kept', 'humble']) await cluster.client.create(types.pods, pod(name, asking('1')));
  await cluster.settle();
  for (const name of ['proud', 'prouder'])
    await cluster.client.create(types.pods, pod(name, { ...asking('1'), priorityClassName: 'system-cluster-critical' }));
  await cluster.settle();
  const isLeaving = async (name: string): Promise<boolean> =>
    (await cluster.get(types.pods, name)).metadata.deletionTimestamp !== undefined;
  assert.deepEqual([await isLeaving('kept'), await isLeaving('humble')], [false, true]);
  assert.equal(cluster.events.filter((event) => event.startsWith('Normal Preempted')).length, 1);
  for (const name of ['proud', 'prouder']) {
    const { status } = await cluster.get(types.pods, name);
    assert.equal(conditionOf(status?.conditions, 'PodScheduled')?.reason, 'Unschedulable', name);
  }
  await cluster.close();
});
