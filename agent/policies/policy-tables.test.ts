import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NetworkPolicy, NetworkPolicySpec, Pod } from '../../functions/kube/generated/types.ts';
import { groupsOfPolicy, selectsPod, type PolicyPeer } from '../../functions/kube/policy-peers.ts';
import { changedTable, noTable, wholeTable } from './nftables.ts';
import { policyChains } from './policy-chains.ts';
import { createPolicyTables, type PolicyInput, type TableChanges } from './policy-tables.ts';

const policy = (spec: Partial<NetworkPolicySpec>, name = 'p'): NetworkPolicy => ({
  metadata: { name, namespace: 'default' },
  spec: { podSelector: {}, ...spec },
});

const pod = (name: string, ports: { name: string; containerPort: number; protocol?: string }[] = []): Pod => ({
  metadata: { name, namespace: 'default', uid: name, labels: { app: name } },
  spec: { containers: [{ name: 'c', ports }] },
});

const peer = (name: string, address: string, groups: readonly string[]): PolicyPeer => ({
  apiVersion: 'agent.hibernetes.dev/v1',
  kind: 'PolicyPeer',
  metadata: { name, namespace: 'default', uid: name },
  addresses: [address],
  groups,
});

describe('a rule', () => {
  /** The lines with the names of sets as short as they can be. */
  const lines = (spec: Partial<NetworkPolicySpec>, direction: 'ingress' | 'egress' = 'ingress'): string[] =>
    (policyChains(policy(spec))[direction] ?? ['none']).map((line) => line.replaceAll(/_[0-9a-f]{12}/g, ''));

  const cases: Record<string, [Partial<NetworkPolicySpec>, string[]]> = {
    'without peers and ports accepts all': [{ ingress: [{}] }, ['accept']],
    'with a port accepts it of TCP': [{ ingress: [{ ports: [{ port: 80 }] }] }, ['meta l4proto tcp th dport { 80 } accept']],
    'with a range of ports accepts each': [
      { ingress: [{ ports: [{ port: 8000, endPort: 8010, protocol: 'SCTP' }] }] },
      ['meta l4proto sctp th dport { 8000-8010 } accept'],
    ],
    'with ranges that overlap joins them': [
      { ingress: [{ ports: [{ port: 80, endPort: 90 }, { port: 85, endPort: 95 }, { port: 443 }] }] },
      ['meta l4proto tcp th dport { 80-95, 443 } accept'],
    ],
    'with a protocol alone accepts all its ports': [{ ingress: [{ ports: [{ protocol: 'UDP' }] }] }, ['meta l4proto udp accept']],
    'with a block leaves out its exceptions': [
      { ingress: [{ from: [{ ipBlock: { cidr: '10.1.2.3/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }] }] },
      ['ip saddr 10.0.0.0/8 ip saddr != 10.1.0.0/16 ip saddr != 10.2.0.0/16 accept'],
    ],
    'with everything as a block is of one family': [
      { ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }, { ipBlock: { cidr: '::/0' } }] }] },
      ['meta nfproto ipv4 ip saddr != 10.0.0.0/8 accept', 'meta nfproto ipv6 accept'],
    ],
    'with a selector accepts the addresses of a set': [
      { ingress: [{ from: [{ podSelector: {} }] }] },
      ['ip saddr @group4 accept', 'ip6 saddr @group6 accept'],
    ],
    'with a named port accepts what pods call so': [
      { ingress: [{ ports: [{ port: 'web' }], from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] },
      ['ip saddr 10.0.0.0/8 ip daddr . meta l4proto . th dport @own_port4 accept'],
    ],
    'that is not there denies all': [{ policyTypes: ['Ingress'] }, []],
    'of the other direction denies nothing': [{ policyTypes: ['Egress'], egress: [] }, ['none']],
  };
  for (const [what, [spec, expected]] of Object.entries(cases)) test(`a rule ${what}`, () => assert.deepEqual(lines(spec), expected));

  test('an egress rule matches the address that is called', () =>
    assert.deepEqual(
      lines({ egress: [{ to: [{ podSelector: {} }], ports: [{ port: 'web' }, { port: 53, protocol: 'UDP' }] }] }, 'egress'),
      [
        'ip daddr @group4 ip daddr . meta l4proto . th dport @other_port4 accept',
        'ip daddr @group4 meta l4proto udp th dport { 53 } accept',
        'ip6 daddr @group6 ip6 daddr . meta l4proto . th dport @other_port6 accept',
        'ip6 daddr @group6 meta l4proto udp th dport { 53 } accept',
      ],
    ));
});

const fromWeb = policy({ ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] }, 'from-web');
const webGroup = groupsOfPolicy(fromWeb)[0]!.key;

const input = (more: Partial<PolicyInput> = {}): PolicyInput => ({
  pods: [{ pod: pod('db'), addresses: ['10.244.1.2'], policies: [fromWeb] }],
  policies: [fromWeb],
  peers: [peer('web', '10.244.2.2', [webGroup])],
  nameServer: '169.254.20.10',
  ...more,
});

/** How many elements and lines a kernel has to change. */
const sizeOf = ({ sets, chains, chainsRemoved }: TableChanges): number =>
  [...sets.made.values(), ...sets.added.values()].reduce((sum, elements) => sum + elements.size, 0) +
  [...sets.deleted.values()].reduce((sum, elements) => sum + elements.length, 0) +
  [...chains.values()].reduce((sum, lines) => sum + lines.length, 0) +
  chainsRemoved.length +
  sets.removed.length;

describe('the tables', () => {
  test('the tables need no change for the same objects', () => {
    const tables = createPolicyTables();
    const same = input();
    tables.update(same);
    assert.equal(changedTable(tables.update(same)), '');
  });

  test('the tables of a pod and a policy send the pod’s address to its chains', () => {
    const tables = createPolicyTables();
    tables.update(input());
    const { sets, chains } = tables.whole();
    const [[address, verdict] = []] = [...sets.get('ingress4')!];
    assert.equal(address, '10.244.1.2');
    const lines = chains.get(verdict!.replace('goto ', ''));
    assert.deepEqual([lines?.length, lines?.[1]], [2, 'drop']);
    assert.deepEqual([...sets.get(`group4_${webGroup}`)!.keys()], ['10.244.2.2']);
    assert.deepEqual(sets.get('egress4'), new Map());
  });

  test('change by one element when a peer comes, and by one when it goes', () => {
    const tables = createPolicyTables();
    const before = input();
    tables.update(before);
    const more = { ...before, peers: [...before.peers, peer('web-2', '10.244.2.3', [webGroup])] };
    assert.equal(changedTable(tables.update(more)), `add element inet hibernetes_policies group4_${webGroup} { 10.244.2.3 }\n`);
    assert.equal(changedTable(tables.update(before)), `delete element inet hibernetes_policies group4_${webGroup} { 10.244.2.3 }\n`);
  });

  test('the tables keep an address while one of two peers that had it is left', () => {
    const tables = createPolicyTables();
    const [one, other] = [peer('web', '10.244.2.2', [webGroup]), peer('web-new', '10.244.2.2', [webGroup])];
    tables.update(input({ peers: [one] }));
    assert.equal(sizeOf(tables.update(input({ peers: [one, other] }))), 0);
    assert.equal(sizeOf(tables.update(input({ peers: [other] }))), 0);
  });

  test('the tables lose chains and sets with the last policy', () => {
    const tables = createPolicyTables();
    tables.update(input());
    const changes = tables.update(input({ policies: [], peers: [], pods: [{ pod: pod('db'), addresses: ['10.244.1.2'], policies: [] }] }));
    assert.deepEqual([changes.chainsRemoved.length, changes.sets.removed.length, tables.isEmpty()], [2, 2, true]);
  });

  test('the tables write a policy that changed again, and the pods’ chain stays', () => {
    const tables = createPolicyTables();
    tables.update(input());
    const changed = { ...fromWeb, spec: { ...fromWeb.spec!, ingress: [{}] } };
    const changes = tables.update(
      input({ policies: [changed], pods: [{ pod: pod('db'), addresses: ['10.244.1.2'], policies: [changed] }] }),
    );
    assert.deepEqual([...changes.chains.values()], [['accept']]);
    assert.deepEqual([changes.chainsRemoved, changes.sets.removed.length], [[], 2]);
  });

  test('the tables have the ports that own pods name', () => {
    const named = policy({ ingress: [{ ports: [{ port: 'web' }] }] }, 'named');
    const tables = createPolicyTables();
    const ports = [{ name: 'web', containerPort: 8080 }];
    tables.update(input({ policies: [named], peers: [], pods: [{ pod: pod('db', ports), addresses: ['10.244.1.2'], policies: [named] }] }));
    const [, elements] = [...tables.whole().sets].find(([name]) => name.startsWith('own_port4'))!;
    assert.deepEqual([...elements.keys()], ['10.244.1.2 . tcp . 8080']);
  });

  test('the tables give the name server’s peer the node’s address', () => {
    const tables = createPolicyTables();
    tables.update(input({ peers: [{ ...peer('kube-dns', '', [webGroup]), addresses: [], isNameServer: true }] }));
    assert.deepEqual([...tables.whole().sets.get(`group4_${webGroup}`)!.keys()], ['169.254.20.10']);
  });
});

test('with a thousand policies and ten thousand pods a pod that changes costs the elements of its groups', () => {
  const policies = Array.from({ length: 1000 }, (_, index) =>
    policy(
      {
        podSelector: { matchLabels: { app: `a${index % 100}` } },
        ingress: [{ from: [{ podSelector: { matchLabels: { group: `g${index}` } } }] }],
      },
      `p${index}`,
    ),
  );
  const groups = policies.map((one) => groupsOfPolicy(one)[0]!.key);
  const own = Array.from({ length: 100 }, (_, index) => pod(`a${index}`));
  const pods = own.map((one, index) => ({
    pod: one,
    addresses: [`10.244.1.${index + 1}`],
    policies: policies.filter((p) => selectsPod(p, one)),
  }));
  const peers = Array.from({ length: 10_000 }, (_, index) =>
    peer(`pod-${index}`, `10.245.${index >> 8}.${index & 255}`, [groups[index % 1000]!, groups[(index + 7) % 1000]!]),
  );
  const tables = createPolicyTables();
  const wanted = { pods, policies, peers, nameServer: '' };
  tables.update(wanted);
  // One peer leaves one of its two groups; one pod of the node is replaced by another at another address.
  assert.equal(sizeOf(tables.update({ ...wanted, peers: peers.with(5, peer('pod-5', '10.245.0.5', [groups[5]!])) })), 1);
  tables.update(wanted);
  const replaced = { ...pods[3]!, pod: { ...own[3]!, metadata: { ...own[3]!.metadata, uid: 'new' } }, addresses: ['10.244.1.200'] };
  // The old address leaves the map of pods and the set of pods that may call themselves; the new one joins both.
  assert.equal(sizeOf(tables.update({ ...wanted, pods: pods.with(3, replaced) })), 4);
});

test('a table is replaced in one transaction, and none is left where there is no policy', () => {
  const tables = createPolicyTables();
  tables.update(input());
  assert.match(wholeTable(tables.whole()), /^add table inet hibernetes_policies\ndelete table inet hibernetes_policies\nadd table/);
  assert.equal(noTable, 'add table inet hibernetes_policies\ndelete table inet hibernetes_policies\n');
});
