import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Namespace, NetworkPolicy, NetworkPolicySpec, Pod } from '../../kube/generated/types.ts';
import type { NodePollResponse } from '../../node-protocol/node-poll.ts';
import type { PolicyPeer } from '../../kube/policy-peers.ts';
import { namespaces, networkPolicies, pods } from '../../kube/resource-type.ts';
import { createRelayHub } from '../relay/relay-hub.ts';
import { memoryCluster } from './memory-cluster.ts';
import { createNodePoll } from './node-poll.ts';
import { createPodsOfNode } from './pods-of-node.ts';

const never = new AbortController().signal;
const noReports = { heartbeat: async () => true, nodeStatus: async () => {}, podReports: async () => {} };

/** A cluster in which node a polls. `news`: what of policies it hears since the poll before. */
async function setUp() {
  const world = virtualWorld();
  const cluster = await memoryCluster(world);
  const node = createNodePoll({
    store: cluster.store,
    podsOfNode: createPodsOfNode(cluster.store),
    reports: noReports,
    hub: createRelayHub(world),
    clock: world.clock,
  });
  let since: string | undefined;
  const news = async (waitSeconds = 0): Promise<string[]> => {
    const answer = await node.poll('a', { waitSeconds, ...(since === undefined ? {} : { since }) }, never);
    since = answer.revision;
    return sent(answer);
  };
  return { ...cluster, world, news };
}

function sent({ objects, gone }: NodePollResponse): string[] {
  const peers = objects.filter(({ kind }) => kind === 'PolicyPeer') as PolicyPeer[];
  return [
    ...objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => `policy ${metadata.name}`),
    ...peers.map(({ metadata, addresses, groups }) => `peer ${metadata.name} at ${addresses.join() || 'the node'} in ${groups.length}`),
    ...gone.filter(({ kind }) => kind === 'PolicyPeer' || kind === 'NetworkPolicy').map(({ kind, name }) => `gone ${kind} ${name}`),
  ].sort();
}

type Labels = Record<string, string>;

const pod = (name: string, labels: Labels, more: { node?: string; ip?: string; phase?: string; namespace?: string } = {}): Pod => ({
  metadata: { name, namespace: more.namespace ?? 'default', labels },
  spec: { nodeName: more.node ?? 'b', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 80 }] }] },
  status: { phase: more.phase ?? 'Running', ...(more.ip === undefined ? {} : { podIP: more.ip }) },
});
const namespace = (name: string, labels: Labels = {}): Namespace => ({ metadata: { name, labels }, spec: {} });
const policy = (name: string, spec: Partial<NetworkPolicySpec> = {}): NetworkPolicy => ({
  metadata: { name, namespace: 'default' },
  spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }], ...spec },
});
const fromNamespaces = { ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'x' } } }] }] };

/** Node a runs the database; a policy lets web pods in. */
async function withPolicy() {
  const cluster = await setUp();
  await cluster.put(pods, pod('db', { app: 'db' }, { node: 'a', ip: '10.244.1.2' }));
  await cluster.put(pods, pod('web', { app: 'web' }, { ip: '10.244.2.2' }));
  await cluster.put(pods, pod('batch', { app: 'batch' }, { ip: '10.244.2.3' }));
  await cluster.put(networkPolicies, policy('to-db'));
  assert.deepEqual(await cluster.news(), ['peer web at 10.244.2.2 in 1', 'policy to-db']);
  return cluster;
}

test('a snapshot has the policies of the node’s pods and the peers of these, and no other', async () => {
  const cluster = await withPolicy();
  await cluster.put(networkPolicies, policy('to-web', { podSelector: { matchLabels: { app: 'web' } } }));
  assert.deepEqual(await cluster.news(), []);
});

describe('a peer', () => {
  test('a peer that comes is sent once it has an address', async () => {
    const { put, news } = await withPolicy();
    await put(pods, pod('web-2', { app: 'web' }));
    assert.deepEqual(await news(), []);
    await put(pods, pod('web-2', { app: 'web' }, { ip: '10.244.2.4' }));
    assert.deepEqual(await news(), ['peer web-2 at 10.244.2.4 in 1']);
  });
  test('a peer that only reports its state again is no news', async () => {
    const { put, news } = await withPolicy();
    const again = pod('web', { app: 'web' }, { ip: '10.244.2.2' });
    await put(pods, { ...again, status: { ...again.status, message: 'still running' } });
    assert.deepEqual(await news(), []);
  });
  test('a peer that gets other labels goes, and comes back', async () => {
    const { put, news } = await withPolicy();
    await put(pods, pod('web', { app: 'other' }, { ip: '10.244.2.2' }));
    assert.deepEqual(await news(), ['gone PolicyPeer web']);
    await put(pods, pod('web', { app: 'web' }, { ip: '10.244.2.2' }));
    assert.deepEqual(await news(), ['peer web at 10.244.2.2 in 1']);
  });
  test('a peer that ended goes', async () => {
    const { put, news } = await withPolicy();
    await put(pods, pod('web', { app: 'web' }, { ip: '10.244.2.2', phase: 'Succeeded' }));
    assert.deepEqual(await news(), ['gone PolicyPeer web']);
  });
  test('a peer that is deleted goes', async () => {
    const { remove, news } = await withPolicy();
    await remove(pods, { namespace: 'default', name: 'web' });
    assert.deepEqual(await news(), ['gone PolicyPeer web']);
  });
  test('a pod in the host’s network is no peer of a policy', async () => {
    const { put, news } = await withPolicy();
    const host = pod('host', { app: 'web' }, { ip: '192.0.2.1' });
    await put(pods, { ...host, spec: { ...host.spec!, hostNetwork: true } });
    assert.deepEqual(await news(), []);
  });
});

describe('a policy', () => {
  test('a policy that changes is sent with all that it selects', async () => {
    const { put, news } = await withPolicy();
    await put(networkPolicies, policy('to-db', { ingress: [{ from: [{ podSelector: {} }] }] }));
    assert.deepEqual(await news(), [
      'peer batch at 10.244.2.3 in 1',
      'peer db at 10.244.1.2 in 1',
      'peer web at 10.244.2.2 in 1',
      'policy to-db',
    ]);
  });
  test('a policy that is deleted goes', async () => {
    const { remove, news } = await withPolicy();
    await remove(networkPolicies, { namespace: 'default', name: 'to-db' });
    assert.deepEqual(await news(), ['gone NetworkPolicy to-db']);
  });
  test('a policy comes with the first pod that it selects, and not again with the second', async () => {
    const { put, news } = await setUp();
    await put(networkPolicies, policy('to-db'));
    await put(pods, pod('web', { app: 'web' }, { ip: '10.244.2.2' }));
    assert.deepEqual(await news(), []);
    await put(pods, pod('db', { app: 'db' }, { node: 'a' }));
    assert.deepEqual(await news(), ['peer web at 10.244.2.2 in 1', 'policy to-db']);
    await put(pods, pod('db-2', { app: 'db' }, { node: 'a' }));
    assert.deepEqual(await news(), []);
  });
  test('a policy comes when a pod of the node gets the labels that it selects', async () => {
    const { put, news } = await withPolicy();
    await put(pods, pod('plain', {}, { node: 'a' }));
    await put(networkPolicies, policy('to-plain', { podSelector: { matchLabels: { app: 'plain' } } }));
    assert.deepEqual(await news(), []);
    await put(pods, pod('plain', { app: 'plain' }, { node: 'a' }));
    assert.deepEqual(await news(), ['peer web at 10.244.2.2 in 1', 'policy to-plain']);
  });
});

describe('namespaces', () => {
  test('namespaces are selected by their labels, and their pods follow when these change', async () => {
    const { put, news } = await withPolicy();
    await put(namespaces, namespace('x'));
    await put(pods, pod('far', {}, { namespace: 'x', ip: '10.244.2.9' }));
    await put(networkPolicies, policy('to-db', fromNamespaces));
    assert.deepEqual(await news(), ['policy to-db']);
    await put(namespaces, namespace('x', { team: 'x' }));
    assert.deepEqual(await news(), ['peer far at 10.244.2.9 in 1']);
    await put(namespaces, namespace('x'));
    assert.deepEqual(await news(), ['gone PolicyPeer far']);
  });
  test('namespaces with labels that no policy asks for end no poll', async () => {
    const { put, news } = await withPolicy();
    await put(namespaces, namespace('x', { team: 'x' }));
    assert.deepEqual(await news(), []);
  });
});

test('the name server is a peer of policies that mean the pods of the cluster’s DNS', async () => {
  const { put, news } = await withPolicy();
  await put(namespaces, namespace('kube-system', { 'kubernetes.io/metadata.name': 'kube-system' }));
  const to = [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }];
  await put(networkPolicies, policy('to-db', { policyTypes: ['Egress'], ingress: [], egress: [{ to }] }));
  assert.deepEqual(await news(), ['peer kube-dns at the node in 1', 'policy to-db']);
});

test('a held poll ends for a peer that comes, and not for a pod that is none', async () => {
  const { put, news, world } = await withPolicy();
  let heard: string[] | undefined;
  const held = news(20).then((answer) => (heard = answer));
  await world.settle();
  await put(pods, pod('batch-2', { app: 'batch' }, { ip: '10.244.2.8' }));
  await world.settle();
  assert.equal(heard, undefined);
  await put(pods, pod('web-2', { app: 'web' }, { ip: '10.244.2.7' }));
  assert.deepEqual(await held, ['peer web-2 at 10.244.2.7 in 1']);
});
