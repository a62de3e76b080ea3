import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Client } from '../../client/client.ts';
import type { ConfigMap, EndpointSlice, Node, Pod, PodStatus, Secret, Service } from '../../kube/generated/types.ts';
import { localPathNodeAnnotation, localPathProvisioner } from '../../kube/local-path.ts';
import type { NodePollRequest, NodePollResponse } from '../../node-protocol/node-poll.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { configMaps, endpointSlices, leases, nodes, pods, resourceType, secrets, services } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { StatusError, conflict, notFound } from '../../kube/status-error.ts';
import { createRelayHub } from '../relay/relay-hub.ts';
import { announce } from '../relay/waiting-relays.ts';
import { memoryCluster } from './memory-cluster.ts';
import type { MemoryCluster } from './memory-cluster.ts';
import { createNodePoll } from './node-poll.ts';
import { createNodeReports } from './node-reports.ts';
import { createPodsOfNode } from './pods-of-node.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import type { Table } from '../../store/table.ts';

const never = new AbortController().signal;

/** Writes to the store with the API's rule that an old resourceVersion is a conflict. `calls` counts what was written. */
function clientOf({ put, get, remove }: MemoryCluster, calls: string[]): Pick<Client, 'create' | 'delete' | 'get' | 'update'> {
  const existing = <T extends KubeObject>(type: ResourceType<T>, { namespace, name }: ObjectName): T => {
    const object = get(type, { namespace, name });
    if (object === undefined) throw notFound(type, name);
    return object;
  };
  return {
    async create(type, object) {
      calls.push(`create ${type.resource} ${object.metadata.name}`);
      return put(type, object);
    },
    async update(type, object, subresource) {
      const { name = '', namespace = '', resourceVersion } = object.metadata;
      calls.push(`update ${type.resource} ${name} ${subresource ?? ''}`.trim());
      const current = existing(type, { namespace, name });
      if (resourceVersion !== current.metadata.resourceVersion) throw conflict(type, name, 'old');
      return put(type, object);
    },
    async delete(type, at, options) {
      calls.push(`delete ${type.resource} ${at.name} ${JSON.stringify(options)}`);
      if (existing(type, at).metadata.uid !== options?.preconditions?.uid) throw conflict(type, at.name, 'uid');
      await remove(type, at);
    },
    get: async (type, at) => existing(type, at),
  };
}

async function setUp({ table, ...options }: { holdSecondsMax?: number; table?: Table } = {}) {
  const world = virtualWorld();
  const cluster = await memoryCluster(world, table);
  const calls: string[] = [];
  const podsOfNode = createPodsOfNode(cluster.store);
  const hub = createRelayHub(world);
  const reports = createNodeReports({ ...world, view: () => cluster.store.view(), client: clientOf(cluster, calls) });
  const { poll } = createNodePoll({ store: cluster.store, podsOfNode, reports, hub, clock: world.clock, ...options });
  // Most tests are not about the heartbeat, so that is there already.
  await poll('a', { waitSeconds: 0 }, never);
  calls.length = 0;
  return {
    ...cluster,
    world,
    hub,
    calls,
    poll: (request: Partial<NodePollRequest> = {}, signal = never) => poll('a', { waitSeconds: 0, ...request }, signal),
  };
}

const pod = (name: string, nodeName = 'a', needs: { config?: string; secret?: string } = {}): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName,
    containers: [{ name: 'c', ...(needs.config && { envFrom: [{ configMapRef: { name: needs.config } }] }) }],
    ...(needs.secret && { volumes: [{ name: 's', secret: { secretName: needs.secret } }] }),
  },
});
const config = (name: string, value = '1'): ConfigMap => ({ metadata: { name, namespace: 'default' }, data: { value } });
const secret = (name: string): Secret => ({ metadata: { name, namespace: 'default' } });
const service = (name: string): Service => ({ metadata: { name, namespace: 'default' }, spec: {} });
const slice = (name: string): EndpointSlice => ({ metadata: { name, namespace: 'default' }, addressType: 'IPv4', endpoints: [] });
const node = (name: string, status: Node['status'] = {}): Node => ({ metadata: { name }, spec: { podCIDR: '10.244.1.0/24' }, status });

const received = ({ objects, gone }: NodePollResponse): string[] => [
  ...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
  ...gone.map(({ kind, name, uid }) => `gone ${kind} ${name} ${uid}`),
];

test('the first answer is everything that a node should know', async () => {
  const { put, poll } = await setUp();
  await put(pods, pod('web', 'a', { config: 'web-config', secret: 'web-secret' }));
  await put(pods, pod('other', 'b', { config: 'other-config' }));
  await put(pods, pod('waiting', ''));
  await put(configMaps, config('web-config'));
  await put(configMaps, config('other-config'));
  await put(secrets, secret('web-secret'));
  await put(services, service('front'));
  await put(endpointSlices, slice('front-1'));
  await put(nodes, node('b'));
  const answer = await poll();
  assert.equal(answer.snapshot, true);
  assert.deepEqual(received(answer), [
    'Pod web',
    'ConfigMap web-config',
    'Secret web-secret',
    'Service front',
    'EndpointSlice front-1',
    'Node b',
  ]);
  assert.deepEqual(
    answer.objects.map(({ apiVersion }) => apiVersion),
    ['v1', 'v1', 'v1', 'v1', 'discovery.k8s.io/v1', 'v1'],
  );
});

test('later answers are what changed since', async () => {
  const { put, remove, poll } = await setUp();
  await put(configMaps, config('shared'));
  await put(configMaps, config('unused'));
  await put(pods, pod('web', '', { config: 'shared', secret: 'missing' }));
  await put(pods, pod('more', 'a', { config: 'shared' }));
  let since = (await poll()).revision;
  const next = async (): Promise<string[]> => {
    const answer = await poll({ since });
    assert.equal(answer.snapshot, false);
    since = answer.revision;
    return received(answer);
  };
  assert.deepEqual(await next(), []);
  await put(pods, pod('web', 'a', { config: 'shared', secret: 'missing' }));
  assert.deepEqual(await next(), ['Pod web', 'ConfigMap shared'], 'a pod that is bound brings what it names');
  await put(pods, { ...pod('web', 'a', { config: 'shared', secret: 'missing' }), status: { phase: 'Running' } });
  assert.deepEqual(await next(), ['Pod web'], 'and does not bring it again');
  await put(secrets, secret('missing'));
  await put(configMaps, config('shared', '2'));
  await put(configMaps, config('unused', '2'));
  assert.deepEqual(await next(), ['Secret missing', 'ConfigMap shared']);
  await put(services, service('front'));
  await put(services, { ...service('front'), spec: { clusterIP: '10.96.0.7' } });
  assert.deepEqual(await next(), ['Service front'], 'two changes of one object are one');
  await remove(services, { namespace: 'default', name: 'front' });
  assert.deepEqual(await next(), ['gone Service front uid-front']);
  await put(pods, pod('elsewhere', 'b'));
  assert.deepEqual(await next(), []);
  await remove(pods, { namespace: 'default', name: 'web' });
  assert.deepEqual(await next(), ['gone Pod web uid-web', 'gone Secret missing uid-missing'], 'shared is still named by more');
});

test('a pod that is replaced under its name is gone and may be there again', async () => {
  const { put, remove, poll } = await setUp();
  await put(pods, pod('web'));
  const { revision: since } = await poll();
  await remove(pods, { namespace: 'default', name: 'web' });
  await put(pods, { ...pod('web'), metadata: { name: 'web', namespace: 'default', uid: 'second' } });
  assert.deepEqual(received(await poll({ since })), ['Pod web', 'gone Pod web uid-web']);
});

test('a node gets the objects that its pods name, and what those name in turn, until its last pod goes', async () => {
  const { put, remove, poll } = await setUp();
  const runtimeClasses = resourceType('node.k8s.io/v1', 'runtimeclasses', 'RuntimeClass', 'Cluster');
  const claims = resourceType('v1', 'persistentvolumeclaims', 'PersistentVolumeClaim');
  const volumes = resourceType('v1', 'persistentvolumes', 'PersistentVolume', 'Cluster');
  const claim = (volumeName?: string): KubeObject =>
    ({ metadata: { name: 'disk', namespace: 'default' }, spec: { volumeName } }) as KubeObject;
  const user = (name: string): Pod => {
    const { spec, ...rest } = pod(name);
    const own = [{ name: 'd', persistentVolumeClaim: { claimName: 'disk' } }];
    return { ...rest, spec: { ...spec, containers: [], runtimeClassName: 'kata', volumes: own } };
  };
  for (const name of ['kata', 'other']) await put(runtimeClasses, { metadata: { name } });
  for (const name of ['pv-1', 'pv-2']) await put(volumes, { metadata: { name } });
  await put(claims, claim());
  const kinds = ({ objects, gone }: NodePollResponse): string[][] => [
    objects
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      .filter((text) => !text.startsWith('Node '))
      .toSorted(),
    gone.map(({ kind, name }) => `${kind} ${name}`).toSorted(),
  ];
  let { revision: since } = await poll();
  const news = async (): Promise<string[][]> => {
    const answer = await poll({ since });
    since = answer.revision;
    return kinds(answer);
  };
  await put(pods, user('one'));
  assert.deepEqual(await news(), [['PersistentVolumeClaim disk', 'Pod one', 'RuntimeClass kata'], []]);
  await put(claims, claim('pv-1'));
  assert.deepEqual(await news(), [['PersistentVolume pv-1', 'PersistentVolumeClaim disk'], []]);
  for (const name of ['pv-1', 'pv-2']) await put(volumes, { metadata: { name, labels: { changed: 'yes' } } });
  await put(runtimeClasses, { metadata: { name: 'other', labels: { changed: 'yes' } } });
  assert.deepEqual(await news(), [['PersistentVolume pv-1'], []]);
  assert.deepEqual(kinds(await poll())[0], ['PersistentVolume pv-1', 'PersistentVolumeClaim disk', 'Pod one', 'RuntimeClass kata']);
  await put(pods, user('two'));
  await remove(pods, { namespace: 'default', name: 'one' });
  assert.deepEqual((await news())[1], ['Pod one']);
  await remove(pods, { namespace: 'default', name: 'two' });
  assert.deepEqual(await news(), [[], ['PersistentVolume pv-1', 'PersistentVolumeClaim disk', 'Pod two', 'RuntimeClass kata']]);
});

test('every node has what administrators choose about names, whether or not its pods name it too', async () => {
  const { put, poll, remove } = await setUp();
  const configMap: ConfigMap = { metadata: { name: 'kube-dns', namespace: 'kube-system' }, data: { upstreamNameservers: '[]' } };
  const naming = { ...pod('p', 'a', { config: 'kube-dns' }), metadata: { name: 'p', namespace: 'kube-system' } };
  const first = await poll();
  await put(configMaps, configMap);
  await put(pods, naming);
  const answer = await poll({ since: first.revision });
  assert.ok(answer.objects.some(({ metadata }) => metadata.name === 'kube-dns'));
  await remove(pods, { namespace: 'kube-system', name: 'p' });
  const later = await poll({ since: answer.revision });
  assert.deepEqual(
    later.gone.map(({ name }) => name),
    ['p'],
  );
  await remove(configMaps, { namespace: 'kube-system', name: 'kube-dns' });
  assert.deepEqual(
    (await poll({ since: later.revision })).gone.map(({ name }) => name),
    ['kube-dns'],
  );
  assert.ok((await poll()).objects.every(({ metadata }) => metadata.name !== 'kube-dns'));
});

test('a node hears of a released volume whose data it is to remove, and of its end', async () => {
  const { put, remove, poll } = await setUp();
  const volumes = resourceType('v1', 'persistentvolumes', 'PersistentVolume', 'Cluster');
  const annotations = (node: string): Record<string, string> => ({
    'pv.kubernetes.io/provisioned-by': localPathProvisioner,
    [localPathNodeAnnotation]: node,
  });
  const volume = (name: string, node: string, phase: string): KubeObject =>
    ({ metadata: { name, annotations: annotations(node), deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { phase } }) as KubeObject;
  const received = ({ objects, gone }: NodePollResponse): string[] => [
    ...objects.filter(({ kind }) => kind === 'PersistentVolume').map(({ metadata }) => metadata.name ?? ''),
    ...gone.map(({ name }) => `-${name}`),
  ];
  const { revision: since } = await poll();
  await put(volumes, volume('mine', 'a', 'Released'));
  await put(volumes, volume('bound', 'a', 'Bound'));
  await put(volumes, volume('elsewhere', 'b', 'Released'));
  const news = await poll({ since });
  assert.deepEqual(received(news), ['mine']);
  assert.deepEqual(received(await poll()), ['mine']);
  await remove(volumes, { namespace: '', name: 'mine' });
  assert.deepEqual(received(await poll({ since: news.revision })), ['-mine']);
});

test('a revision that makes no sense here is answered with everything', async () => {
  const { poll } = await setUp();
  for (const since of ['99999', 'x', '-1']) assert.equal((await poll({ since })).snapshot, true);
});

test('an answer is held until something happens', async () => {
  const { put, poll, world } = await setUp();
  const { revision: since } = await poll();
  let answer: NodePollResponse | undefined;
  const polling = poll({ since, waitSeconds: 30 }).then((got) => (answer = got));
  await world.advance(20_000);
  await put(pods, pod('elsewhere', 'b'));
  await put(configMaps, config('nobody-names-it'));
  await world.settle();
  assert.equal(answer, undefined);
  await put(pods, pod('web'));
  await polling;
  assert.deepEqual(received(answer!), ['Pod web']);
});

test('an answer is held no longer than asked, and carries the revision up to which it has read', async () => {
  const { put, poll, world, store } = await setUp();
  const { revision: since } = await poll();
  const polling = poll({ since, waitSeconds: 5 });
  await put(pods, pod('elsewhere', 'b'));
  await world.advance(5_000);
  const answer = await polling;
  assert.deepEqual([received(answer), answer.snapshot, answer.revision], [[], false, String(store.view().revision)]);
  assert.equal(answer.pollAfterSeconds, 0);
});

test('what all nodes hear of is gathered for a moment, and heartbeats of other nodes wake no poll', async () => {
  const { put, poll, world } = await setUp();
  await put(nodes, node('b'));
  await world.advance(100);
  const { revision: since } = await poll();
  let answer: NodePollResponse | undefined;
  const polling = poll({ since, waitSeconds: 30 }).then((got) => (answer = got));
  await world.settle();
  await put(nodes, node('b', { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }] }));
  await world.advance(1_000);
  assert.equal(answer, undefined);
  await put(services, service('one'));
  await put(services, service('two'));
  await world.advance(49);
  assert.equal(answer, undefined);
  await world.advance(1);
  await polling;
  assert.deepEqual(received(answer!), ['Node b', 'Service one', 'Service two']);
});

test('an agent that leaves is not waited for', async () => {
  const { poll } = await setUp();
  const { revision: since } = await poll();
  const leaving = new AbortController();
  const polling = poll({ since, waitSeconds: 30 }, leaving.signal);
  leaving.abort();
  assert.deepEqual(received(await polling), []);
});

test('a relay that a client asks for ends the wait, once', async () => {
  const { poll, hub, world } = await setUp();
  const { revision: since } = await poll();
  const polling = poll({ since, waitSeconds: 30 });
  await world.settle();
  const relayRequest = {
    transport: 'stream',
    subresource: 'log',
    pod: { namespace: 'default', name: 'web', uid: 'u' },
    query: '',
    method: 'GET',
    headers: [],
  } as const;
  const asked = hub.ask('a', relayRequest, never).catch((error: unknown) => error);
  const { relays } = await polling;
  assert.deepEqual(
    relays.map((relay) => relay.transport),
    ['stream'],
  );
  let again: NodePollResponse | undefined;
  const second = poll({ since, waitSeconds: 30 }).then((got) => (again = got));
  await world.advance(1_900);
  assert.equal(again, undefined);
  await world.advance(200);
  await second;
  assert.deepEqual(again!.relays, relays);
  await world.advance(10_000);
  assert.ok((await asked) instanceof StatusError);
});

/** As another process would, in the log. */
function announced(
  { store, world }: Pick<Awaited<ReturnType<typeof setUp>>, 'store' | 'world'>,
  id: string,
  nodeName = 'a',
): Promise<void> {
  const ofPod = { namespace: 'default', name: 'web', uid: 'u1' };
  const request = { id, transport: 'mailbox', subresource: 'log', pod: ofPod, query: '', method: 'GET', headers: [] } as const;
  const nowMs = world.clock.now();
  return store.commit(announce({ nodeName, request, untilMs: nowMs + 30_000 }, nowMs));
}

const idsOf = ({ relays }: NodePollResponse): string[] => relays.map(({ id }) => id);

test('a client that waits in another process ends the wait, and is announced again when the answer was lost', async () => {
  const cluster = await setUp();
  const { poll, world } = cluster;
  const { revision: since } = await poll();
  const polling = poll({ since, waitSeconds: 20 });
  await world.settle();
  await announced(cluster, 'r1');
  const answer = await polling;
  assert.deepEqual([idsOf(answer), received(answer)], [['r1'], []]);
  assert.deepEqual(idsOf(await poll({ since, waitSeconds: 20 })), ['r1']);
  assert.deepEqual(idsOf(await poll()), ['r1']);
  const next = poll({ since: answer.revision, waitSeconds: 20 });
  await world.advance(19_000);
  await announced(cluster, 'r2');
  assert.deepEqual(idsOf(await next), ['r1', 'r2']);
});

test('a client that waits for another node does not wake this node’s poll', async () => {
  const cluster = await setUp();
  const { poll, world } = cluster;
  await announced(cluster, 'r1');
  const { revision: since } = await poll();
  await world.advance(30_000);
  const polling = poll({ since, waitSeconds: 20 });
  await announced(cluster, 'r2', 'b');
  await world.advance(19_000);
  const early = await Promise.race([polling, Promise.resolve('held')]);
  assert.equal(early, 'held');
  await world.advance(1000);
  assert.deepEqual(idsOf(await polling), []);
});

test('where answers cannot be held the agent learns when to come back', async () => {
  const { put, poll } = await setUp({ holdSecondsMax: 0 });
  assert.equal((await poll({ waitSeconds: 30 })).pollAfterSeconds, 20);
  await put(pods, { ...pod('web'), status: { phase: 'Pending' } });
  assert.equal((await poll({ waitSeconds: 30 })).pollAfterSeconds, 1);
});

test('where answers cannot be held, logs that were read lately are reason to come soon', async () => {
  const cluster = await setUp({ holdSecondsMax: 0 });
  const { poll, world } = cluster;
  await announced(cluster, 'r1');
  assert.equal((await poll()).pollAfterSeconds, 1);
  await world.advance(60_000);
  assert.equal((await poll()).pollAfterSeconds, 20);
});

test('the heartbeat is renewed when it is ten seconds old', async () => {
  const { poll, world, calls, get, put } = await setUp();
  await put(nodes, node('a'));
  await poll();
  await world.advance(9_000);
  await poll();
  assert.deepEqual(calls, []);
  await world.advance(1_000);
  await poll();
  assert.deepEqual(calls, ['update leases a']);
  const lease = get(leases, { namespace: 'kube-node-lease', name: 'a' });
  assert.deepEqual(lease?.spec, { holderIdentity: 'a', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:10.000000Z' });
  assert.deepEqual(lease?.metadata.ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name: 'a', uid: 'uid-a' }]);
});

test('a node’s status is merged: its own conditions get times, others’ conditions stay, an empty list takes away', async () => {
  const { poll, put, get, world, calls } = await setUp();
  const other = { type: 'NetworkUnavailable', status: 'False' };
  await put(nodes, node('a', { conditions: [other], nodeInfo: undefined, volumesInUse: ['kubernetes.io/csi/d^v'] }));
  const status = { capacity: { cpu: '2' }, volumesInUse: [], conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] };
  await poll({ status });
  await poll({ status });
  assert.deepEqual(calls, ['update nodes a status'], 'saying it twice writes once');
  const now = '2026-01-01T00:00:00Z';
  const written = get(nodes, { namespace: '', name: 'a' })?.status;
  assert.deepEqual([written?.capacity, written?.volumesInUse], [{ cpu: '2' }, undefined]);
  assert.deepEqual(written?.conditions, [
    other,
    { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now },
  ]);
  await world.advance(300_000);
  await poll({ status });
  const [, ready] = get(nodes, { namespace: '', name: 'a' })?.status?.conditions ?? [];
  assert.deepEqual([ready?.lastHeartbeatTime, ready?.lastTransitionTime], ['2026-01-01T00:05:00Z', now]);
});

test('a node that was given up is asked for its status at once', async () => {
  const { poll, put } = await setUp();
  await put(nodes, node('a', { conditions: [{ type: 'Ready', status: 'Unknown' }] }));
  const { revision: since, wantsStatus } = await poll();
  assert.equal(wantsStatus, true);
  assert.equal((await poll({ since, waitSeconds: 30 })).wantsStatus, true);
  const answer = await poll({ since, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
  assert.equal(answer.wantsStatus, undefined);
});

const report = (name: string, status: PodStatus, parts: object = {}) => ({
  namespace: 'default',
  name,
  uid: `uid-${name}`,
  status,
  ...parts,
});

test('a pod’s status is written when it is news about the same pod on this node', async () => {
  const { poll, put, get, calls } = await setUp();
  const scheduled = { type: 'PodScheduled', status: 'True' };
  await put(pods, { ...pod('web'), status: { phase: 'Pending', qosClass: 'BestEffort', message: 'old', conditions: [scheduled] } });
  await put(pods, pod('elsewhere', 'b'));
  const running: PodStatus = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const all = [
    report('web', running),
    report('elsewhere', running),
    report('web', { phase: 'Failed' }, { uid: 'older' }),
    report('absent', running),
  ];
  await poll({ pods: all });
  await poll({ pods: all });
  assert.deepEqual(calls, ['update pods web status']);
  assert.deepEqual(get(pods, { namespace: 'default', name: 'web' })?.status, {
    qosClass: 'BestEffort',
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastProbeTime: null, lastTransitionTime: null }, scheduled],
  });
});

test('a pod’s status is written by a process that has not read of the pod yet', async () => {
  const table = memoryTable();
  const { poll, world, get } = await setUp({ table });
  const other = await memoryCluster(world, table);
  await other.put(pods, pod('web'));
  await poll({ since: String(other.store.view().revision), pods: [report('web', { phase: 'Running' })] });
  assert.equal(get(pods, { namespace: 'default', name: 'web' })?.status?.phase, 'Running');
});

test('a finished pod goes, and only that one', async () => {
  const { poll, put, get, calls } = await setUp();
  await put(pods, { ...pod('web'), status: { phase: 'Succeeded', conditions: [] } });
  const finished = report('web', { phase: 'Succeeded' }, { finished: true });
  await poll({ pods: [finished] });
  await poll({ pods: [finished] });
  assert.deepEqual(calls, ['delete pods web {"gracePeriodSeconds":0,"preconditions":{"uid":"uid-web"}}']);
  assert.equal(get(pods, { namespace: 'default', name: 'web' }), undefined);
});
