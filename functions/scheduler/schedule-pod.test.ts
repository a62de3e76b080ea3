import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, Pod, PodSpec } from '../kube/generated/types.ts';
import { defaultProfile } from './default-profile.ts';
import { assumePod, snapshotOf, type NodeState } from './node-state.ts';
import { schedulePod } from './schedule-pod.ts';
import { unschedulableMessage } from './unschedulable-message.ts';

interface NodeShape {
  readonly spec?: Node['spec'];
  readonly labels?: Record<string, string>;
  readonly allocatable?: Record<string, string>;
}

const node = (name: string, { spec = {}, labels = {}, allocatable = {} }: NodeShape = {}): Node => ({
  metadata: { name, uid: name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec,
  status: { allocatable: { cpu: '2', memory: '4Gi', pods: '110', ...allocatable } },
});

const pod = (name: string, spec: Partial<PodSpec> = {}, owner?: string): Pod => ({
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] }),
  },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

const asking = (cpu: string): Partial<PodSpec> => ({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] });

const states = (nodes: readonly Node[], pods: readonly Pod[] = []): NodeState[] => [...snapshotOf(nodes, pods).values()];

const place = (candidate: Pod, nodes: readonly NodeState[]): string => {
  const placement = schedulePod(candidate, nodes, defaultProfile, () => 0);
  return placement.outcome === 'fits' ? placement.node.name : unschedulableMessage(placement.rejections);
};

const notHelpful = (count: number): string =>
  `no new claims to deallocate, preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;

describe('a pod goes only where it may', () => {
  test('a cordoned node takes nothing', () => {
    assert.equal(place(pod('p'), states([node('a', { spec: { unschedulable: true } }), node('b')])), 'b');
    assert.equal(
      place(pod('p'), states([node('a', { spec: { unschedulable: true } })])),
      `0/1 nodes are available: 1 node(s) were unschedulable. ${notHelpful(1)}`,
    );
  });

  test('a taint keeps out who does not tolerate it', () => {
    const tainted = node('a', { spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] } });
    assert.equal(
      place(pod('p'), states([tainted])),
      `0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }. ${notHelpful(1)}`,
    );
    assert.equal(place(pod('p', { tolerations: [{ operator: 'Exists' }] }), states([tainted])), 'a');
    assert.equal(
      place(
        pod('p', { tolerations: [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoSchedule' }] }),
        states([tainted, node('b')]),
      ),
      'b',
    );
  });

  test('a node selector and required affinity choose nodes by label', () => {
    const nodes = states([node('a'), node('b', { labels: { disk: 'ssd' } })]);
    assert.equal(place(pod('p', { nodeSelector: { disk: 'ssd' } }), nodes), 'b');
    const terms = [{ matchExpressions: [{ key: 'disk', operator: 'DoesNotExist' }] }];
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } };
    assert.equal(place(pod('p', { affinity }), nodes), 'a');
    assert.equal(
      place(pod('p', { nodeSelector: { disk: 'tape' } }), nodes),
      `0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. ${notHelpful(2)}`,
    );
  });

  test('requests must fit in what is left', () => {
    const nodes = states(
      [node('a'), node('b', { allocatable: { cpu: '400m' } })],
      [{ ...pod('old', asking('1500m')), spec: { ...pod('old', asking('1500m')).spec, nodeName: 'a' } }],
    );
    assert.equal(place(pod('p', asking('500m')), nodes), 'a');
    assert.equal(
      place(pod('p', asking('1')), nodes),
      '0/2 nodes are available: 2 Insufficient cpu. no new claims to deallocate, preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    );
  });

  test('a node takes no more pods than it says', () => {
    const full = node('a', { allocatable: { pods: '1' } });
    const old = { ...pod('old'), spec: { ...pod('old').spec, nodeName: 'a' } };
    assert.equal(
      place(pod('p'), states([full], [old])),
      '0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
    assert.equal(place(pod('p'), states([full], [{ ...old, status: { phase: 'Succeeded' } }])), 'a');
  });

  test('a host port is taken once', () => {
    const web = (name: string, hostIP?: string): Pod =>
      pod(name, { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 8080, hostIP }] }] });
    const taken = { ...web('old'), spec: { ...web('old').spec, nodeName: 'a' } };
    assert.equal(place(web('p'), states([node('a'), node('b')], [taken])), 'b');
    assert.equal(place(web('p', '127.0.0.1'), states([node('a'), node('b')], [taken])), 'b');
    const elsewhere = { ...web('old', '10.0.0.1'), spec: { ...web('old', '10.0.0.1').spec, nodeName: 'a' } };
    assert.equal(place(web('p', '127.0.0.1'), states([node('a')], [elsewhere])), 'a');
  });

  test('without nodes there is nothing to choose from', () => {
    assert.equal(place(pod('p'), []), 'no nodes available to schedule pods');
  });

  test('each reason is counted', () => {
    const nodes = states([node('a', { spec: { unschedulable: true } }), node('b', { allocatable: { cpu: '100m' } })]);
    assert.equal(
      place(pod('p', asking('1')), nodes),
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    );
  });
});

describe('a pod goes where it is best', () => {
  test('ten pods of one controller spread evenly over two nodes, even where one is larger', () => {
    const nodes = states([node('a'), node('b', { allocatable: { cpu: '64', memory: '256Gi' } })]);
    for (let index = 0; index < 10; index += 1) {
      const next = pod(`p${index}`, {}, 'rs');
      const placement = schedulePod(next, nodes, defaultProfile, () => 0.5);
      assert.equal(placement.outcome, 'fits');
      if (placement.outcome === 'fits') assumePod(placement.node, next);
    }
    assert.deepEqual(
      nodes.map(({ pods }) => pods.length),
      [5, 5],
    );
  });

  test('pods without a controller go where most is left', () => {
    const busy = { ...pod('old', asking('1')), spec: { ...pod('old', asking('1')).spec, nodeName: 'a' } };
    assert.equal(place(pod('p'), states([node('a'), node('b')], [busy])), 'b');
  });

  test('a taint that only prefers is avoided, but used when it must be', () => {
    const shy = node('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } });
    assert.equal(place(pod('p'), states([shy, node('b')])), 'b');
    assert.equal(place(pod('p'), states([shy])), 'a');
  });

  test('preferred affinity draws', () => {
    const preferred = [{ weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } }];
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    assert.equal(place(pod('p', { affinity }), states([node('a'), node('b', { labels: { disk: 'ssd' } })])), 'b');
  });
});
