/** NetworkPolicies from the store to the kernels of two hosts, which are namespaces of this machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createDesiredState, type DesiredState } from '../../agent/desired-state.ts';
import { createPolicyEnforcer, type PolicyEnforcer } from '../../agent/policies/policy-enforcer.ts';
import { policyTable } from '../../agent/policies/nftables.ts';
import type { Run } from '../../agent/network/run.ts';
import { memoryCluster, type MemoryCluster } from '../../functions/apiserver/nodes/memory-cluster.ts';
import { createNodePoll, type NodePoll } from '../../functions/apiserver/nodes/node-poll.ts';
import { createPodsOfNode } from '../../functions/apiserver/nodes/pods-of-node.ts';
import { createRelayHub } from '../../functions/apiserver/relay/relay-hub.ts';
import type { NetworkPolicy, NetworkPolicySpec, Pod } from '../../functions/kube/generated/types.ts';
import { namespaces, networkPolicies, pods } from '../../functions/kube/resource-type.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { reaches } from './support/reaches.ts';
import { backEnds, hasTunnels, twoHosts, type TestHost, type TestPod, type TwoHosts } from './support/two-hosts.ts';

const can = await canRunContainers();
const never = new AbortController().signal;
const noReports = { heartbeat: async () => true, nodeStatus: async () => {}, podReports: async () => {} };

/** An answer that comes is waited for as long as a slow machine needs; one that must not come, shortly. */
const patienceMs = { allowed: 20_000, denied: 700 };
const port = 8080;

const policy = (spec: Partial<NetworkPolicySpec>, name = 'p', namespace = 'x'): NetworkPolicy => ({
  metadata: { name, namespace },
  spec: { podSelector: { matchLabels: { app: 'server' } }, ...spec },
});

const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });
const team = (name: string) => ({ namespaceSelector: { matchLabels: { team: name } } });

/**
 *   host a: x/server (with a port `web`), x/near       host b: x/far, y/other (labelled as near is)
 *   in: near, far, other, node b and node a call server over TCP; near also over UDP (`near udp`), far too
 *   out: server calls near, far, other over TCP, far over UDP (`to far udp`)
 */
const inwards = ['near', 'far', 'other', 'node-b', 'near udp', 'far udp'] as const;
const outwards = ['to near', 'to far', 'to other', 'to far udp'] as const;
const everything = [...inwards, ...outwards];
const into = (...names: string[]): string[] => [...names, ...outwards];
const outOf = (...names: string[]): string[] => [...inwards, ...names];

/** The addresses of pods are known once they run. */
type Addresses = Readonly<Record<'server' | 'near' | 'far' | 'other' | 'nodeB', string>>;
type Case = readonly [name: string, policies: (at: Addresses) => readonly NetworkPolicy[], allowed: readonly string[]];

const inTcp = ['near', 'far', 'other', 'node-b'];

const cases: readonly Case[] = [
  ['without policies all is allowed', () => [], everything],
  ['a policy for other pods changes nothing', () => [policy({ podSelector: { matchLabels: { app: 'none' } } })], everything],
  ['a policy of another namespace changes nothing', () => [policy({}, 'p', 'y')], everything],
  ['ingress is denied by a policy without rules', () => [policy({})], into()],
  ['ingress is denied by an empty selector for all pods of the namespace', () => [policy({ podSelector: {} })], ['to other']],
  ['an empty rule allows all ingress', () => [policy({ ingress: [{}] })], everything],
  ['a pod selector allows pods of the same namespace', () => [policy({ ingress: [{ from: [app('near')] }] })], into('near', 'near udp')],
  [
    'an empty pod selector allows the whole namespace',
    () => [policy({ ingress: [{ from: [{ podSelector: {} }] }] })],
    into('near', 'far', 'near udp', 'far udp'),
  ],
  [
    'a selector by expression allows what it matches',
    () => [policy({ ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['near'] }] } }] }] })],
    into('far', 'far udp'),
  ],
  ['a namespace selector allows pods of such namespaces', () => [policy({ ingress: [{ from: [team('y')] }] })], into('other')],
  [
    'an empty namespace selector allows all pods and no node',
    () => [policy({ ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    into('near', 'far', 'other', 'near udp', 'far udp'),
  ],
  ['both selectors in one peer must match', () => [policy({ ingress: [{ from: [{ ...team('y'), ...app('far') }] }] })], into()],
  [
    'both selectors in one peer match the pod that has both',
    () => [policy({ ingress: [{ from: [{ ...team('y'), ...app('near') }] }] })],
    into('other'),
  ],
  [
    'selectors in two peers match either',
    () => [policy({ ingress: [{ from: [team('y'), app('far')] }] })],
    into('far', 'other', 'far udp'),
  ],
  ['a port allows itself and its protocol', () => [policy({ ingress: [{ ports: [{ port }] }] })], into(...inTcp)],
  ['another port allows nothing', () => [policy({ ingress: [{ ports: [{ port: 81 }] }] })], into()],
  ['a port of UDP allows no TCP', () => [policy({ ingress: [{ ports: [{ port, protocol: 'UDP' }] }] })], into('near udp', 'far udp')],
  [
    'a protocol without a port allows all its ports',
    () => [policy({ ingress: [{ ports: [{ protocol: 'UDP' }] }] })],
    into('near udp', 'far udp'),
  ],
  ['a port of SCTP allows neither TCP nor UDP', () => [policy({ ingress: [{ ports: [{ port, protocol: 'SCTP' }] }] })], into()],
  ['a range of ports allows what lies in it', () => [policy({ ingress: [{ ports: [{ port: 8000, endPort: 8100 }] }] })], into(...inTcp)],
  ['a range of ports allows nothing beside it', () => [policy({ ingress: [{ ports: [{ port: 8081, endPort: 8100 }] }] })], into()],
  ['a port by name allows what the pod calls so', () => [policy({ ingress: [{ ports: [{ port: 'web' }] }] })], into(...inTcp)],
  ['a name that the pod does not know allows nothing', () => [policy({ ingress: [{ ports: [{ port: 'other' }] }] })], into()],
  ['peers and ports of one rule must both match', () => [policy({ ingress: [{ from: [app('near')], ports: [{ port }] }] })], into('near')],
  [
    'rules of one policy add up',
    () => [
      policy({
        ingress: [
          { from: [app('near')], ports: [{ port }] },
          { from: [app('far')], ports: [{ protocol: 'UDP' }] },
        ],
      }),
    ],
    into('near', 'far udp'),
  ],
  ['policies add up', () => [policy({}), policy({ ingress: [{ from: [app('far')] }] }, 'q')], into('far', 'far udp')],
  [
    'a block allows its addresses',
    (at) => [policy({ ingress: [{ from: [{ ipBlock: { cidr: `${at.far}/32` } }] }] })],
    into('far', 'far udp'),
  ],
  ['a block allows nodes too', (at) => [policy({ ingress: [{ from: [{ ipBlock: { cidr: `${at.nodeB}/32` } }] }] })], into('node-b')],
  [
    'a block leaves out its exceptions',
    (at) => [policy({ ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: [`${at.far}/32`, `${at.near}/32`] } }] }] })],
    into('other', 'node-b'),
  ],
  ['egress is denied by a policy without rules', () => [policy({ policyTypes: ['Egress'] })], outOf()],
  [
    'egress is allowed to pods of the namespace',
    () => [policy({ policyTypes: ['Egress'], egress: [{ to: [app('near')] }] })],
    outOf('to near'),
  ],
  [
    'egress is allowed to pods of other namespaces',
    () => [policy({ policyTypes: ['Egress'], egress: [{ to: [team('y')] }] })],
    outOf('to other'),
  ],
  [
    'egress is allowed to a port',
    () => [policy({ policyTypes: ['Egress'], egress: [{ ports: [{ port, protocol: 'UDP' }] }] })],
    outOf('to far udp'),
  ],
  [
    'egress is allowed to a port that other pods name',
    () => [policy({ policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }], ports: [{ port: 'far-web' }] }] })],
    outOf('to far'),
  ],
  [
    'egress is allowed to a named port of whatever pod',
    () => [policy({ policyTypes: ['Egress'], egress: [{ ports: [{ port: 'far-web' }] }] })],
    outOf('to far'),
  ],
  [
    'egress is allowed to a block',
    (at) => [policy({ policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.244.0.0/16', except: [`${at.far}/32`] } }] }] })],
    outOf('to near', 'to other'),
  ],
  ['both directions are denied by default', () => [policy({ policyTypes: ['Ingress', 'Egress'] })], []],
  [
    'egress and ingress hold on both ends',
    () => [
      policy({ policyTypes: ['Egress'], egress: [{ to: [app('far')] }] }),
      policy({ ...app('far'), ingress: [{ ports: [{ port }] }] }, 'q'),
    ],
    outOf('to far'),
  ],
];

for (const podNetwork of backEnds)
  describe(`network policies on two nodes by ${podNetwork}`, { skip: can.ok ? false : can.why }, () => {
    const virtual = virtualWorld();
    let world: TwoHosts;
    let cluster: MemoryCluster;
    let poll: NodePoll;
    let nodes: readonly { readonly host: TestHost; readonly desired: DesiredState; readonly enforcer: PolicyEnforcer }[];
    const since = new Map<string, string>();
    const running = new Map<string, TestPod>();
    const podObject = (name: string, namespace: string, labels: Record<string, string>, portName = 'web'): Pod => ({
      metadata: { name, namespace, labels },
      spec: { nodeName: running.get(name)!.host.name, containers: [{ name: 'c', ports: [{ name: portName, containerPort: port }] }] },
      status: { phase: 'Running', podIP: running.get(name)!.address },
    });

    /** Each node hears what is new and does it. */
    const sync = async (): Promise<void> => {
      for (const { host, desired, enforcer } of nodes) {
        const last = since.get(host.name);
        const answer = await poll.poll(host.name, { waitSeconds: 0, ...(last === undefined ? {} : { since: last }) }, never);
        since.set(host.name, answer.revision);
        desired.apply(answer);
        await enforcer.sync({
          pods: desired.pods(),
          policies: desired.networkPolicies(),
          peers: desired.policyPeers(),
          selection: desired.selection,
        });
      }
    };
    const apply = async (wanted: readonly NetworkPolicy[]): Promise<void> => {
      for (const { key } of cluster.store.view().list('networkpolicies.networking.k8s.io')) await cluster.remove(networkPolicies, key);
      for (const one of wanted) await cluster.put(networkPolicies, one);
      await sync();
    };
    const address = (name: string): string => running.get(name)!.address;
    const addresses = (): Addresses => ({
      server: address('server'),
      near: address('near'),
      far: address('far'),
      other: address('other'),
      nodeB: hasTunnels(podNetwork) ? '10.244.2.0' : world.hosts[1].address,
    });

    /** Which of the calls come through; those that should not are waited for only shortly. */
    const through = async (allowed: readonly string[]): Promise<string[]> => {
      const results = await Promise.all(
        everything.map(async (call) => {
          const protocol = call.endsWith(' udp') ? 'udp' : 'tcp';
          const other = call.replace(/^to /, '').replace(/ udp$/, '');
          const run: Run = call.startsWith('to ')
            ? running.get('server')!.run
            : other === 'node-b'
              ? world.hosts[1].run
              : running.get(other)!.run;
          const to = call.startsWith('to ') ? address(other) : address('server');
          const found = await reaches(run, {
            protocol,
            address: to,
            port,
            patienceMs: allowed.includes(call) ? patienceMs.allowed : patienceMs.denied,
          });
          return found ? [call] : [];
        }),
      );
      return results.flat();
    };

    before(async () => {
      world = await twoHosts(podNetwork);
      const [a, b] = world.hosts;
      for (const [name, host] of [
        ['server', a],
        ['near', a],
        ['far', b],
        ['other', b],
      ] as const)
        running.set(name, await world.pod(host, name));
      cluster = await memoryCluster(virtual);
      poll = createNodePoll({
        store: cluster.store,
        podsOfNode: createPodsOfNode(cluster.store),
        reports: noReports,
        hub: createRelayHub(virtual),
        clock: virtual.clock,
      });
      nodes = world.hosts.map((host) => {
        const enforcer = createPolicyEnforcer({ run: host.run, clock: virtual.clock, log: virtual.log, nameServer: '169.254.20.10' });
        return { host, desired: createDesiredState(), enforcer };
      });
      for (const name of ['x', 'y']) await cluster.put(namespaces, { metadata: { name, labels: { team: name } }, spec: {} });
      await cluster.put(pods, podObject('server', 'x', { app: 'server' }));
      await cluster.put(pods, podObject('near', 'x', { app: 'near' }));
      await cluster.put(pods, podObject('far', 'x', { app: 'far' }, 'far-web'));
      await cluster.put(pods, podObject('other', 'y', { app: 'near' }));
      await sync();
    });
    after(() => world.remove());

    for (const [name, policies, allowed] of cases) {
      test(name, async () => {
        await apply(policies(addresses()));
        assert.deepEqual((await through(allowed)).sort(), allowed.toSorted());
      });
    }

    test('a node reaches its own pods whatever their NetworkPolicies are, and a pod reaches itself', async () => {
      await apply([policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })]);
      const own = { protocol: 'tcp', address: address('server'), port, patienceMs: patienceMs.allowed } as const;
      assert.equal(await reaches(world.hosts[0].run, own), true);
      assert.equal(await reaches(running.get('server')!.run, own), true);
    });

    test('a pod may ask the name server when policies let it reach the cluster’s DNS, and not otherwise', async () => {
      const [host] = world.hosts;
      await cluster.put(namespaces, {
        metadata: { name: 'kube-system', labels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        spec: {},
      });
      await world.serve(host, { port: 53, name: 'names' });
      const asks = (within: number): Promise<boolean> =>
        reaches(running.get('server')!.run, { protocol: 'tcp', address: '169.254.20.10', port: 53, patienceMs: within });
      await apply([policy({ policyTypes: ['Egress'], egress: [{ to: [app('far')] }] })]);
      assert.equal(await asks(patienceMs.denied), false);
      const dns = { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };
      await apply([policy({ policyTypes: ['Egress'], egress: [{ to: [dns], ports: [{ port: 53 }] }] })]);
      assert.equal(await asks(patienceMs.allowed), true);
    });

    test('the address of a pod that comes later is let in, and its successor’s is not', async () => {
      await apply([policy({ ingress: [{ from: [app('late')] }] })]);
      assert.deepEqual((await through(into())).sort(), into().toSorted());
      await cluster.put(pods, podObject('far', 'x', { app: 'late' }));
      await sync();
      assert.deepEqual((await through(into('far', 'far udp'))).sort(), into('far', 'far udp').toSorted());
      await cluster.put(pods, podObject('far', 'x', { app: 'far' }, 'far-web'));
      await sync();
      assert.deepEqual((await through(into())).sort(), into().toSorted());
    });

    test('without policies no table is left in the kernel', async () => {
      await apply([]);
      for (const host of world.hosts) assert.doesNotMatch(await host.run(['nft', 'list', 'tables']), new RegExp(policyTable));
    });
  });
