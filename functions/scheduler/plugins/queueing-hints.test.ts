import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cacheOf } from '../../../test/support/cache.ts';
import type { Node, Pod, PodSpec } from '../../kube/generated/types.ts';
import { ClusterState } from '../cluster-state.ts';
import { defaultSettings, profileOf } from '../profile.ts';

const node = (labels: Record<string, string> = {}, spec: Node['spec'] = {}, allocatable: Record<string, string> = {}): Node => ({
  metadata: { name: 'n', labels },
  spec,
  status: { allocatable: { cpu: '2', pods: '10', ...allocatable } },
});

const pod = (spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'default', uid: 'p', labels },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

const asking = (cpu: string): Partial<PodSpec> => ({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] });
const onPort = (hostPort: number): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 1, hostPort }] }],
});
const withClaim = (claimName: string): Partial<PodSpec> => ({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] });

const db = { matchLabels: { app: 'db' } };
const zone = 'topology.kubernetes.io/zone';
const required = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: zone, labelSelector: db }] };
const near = pod({ affinity: { podAffinity: required } });
const far = pod({ affinity: { podAntiAffinity: required } });
const spread = pod({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: 'DoNotSchedule', labelSelector: db }],
});
const ofDb = pod({}, { app: 'db' });
const inZone = (name: string): Node => node({ [zone]: name });
const tainted = node({}, { taints: [{ key: 'a', effect: 'NoSchedule' }] });

const hints = new Map(
  profileOf(defaultSettings(), { cache: cacheOf(), volumes: undefined }).filters.map((plugin) => [plugin.name, plugin.hints]),
);
const cluster = new ClusterState({ nodes: [], pods: [] });

describe('changes of nodes that may help a pod', () => {
  const cases: readonly [plugin: string, what: string, waiting: Pod, before: Node | undefined, after: Node | undefined, helps: boolean][] =
    [
      ['NodeUnschedulable', 'an uncordoned node', pod(), node({}, { unschedulable: true }), node(), true],
      ['NodeUnschedulable', 'a cordoned node', pod(), node(), node({}, { unschedulable: true }), false],
      ['TaintToleration', 'a node that loses its taint', pod(), tainted, node(), true],
      ['TaintToleration', 'a node that had no taint', pod(), node(), node({ a: 'b' }), false],
      ['TaintToleration', 'a new tainted node', pod(), undefined, tainted, false],
      ['NodeAffinity', 'a node that gets the label', pod({ nodeSelector: { a: 'b' } }), node(), node({ a: 'b' }), true],
      ['NodeAffinity', 'a node that has it already', pod({ nodeSelector: { a: 'b' } }), node({ a: 'b' }), node({ a: 'b', c: 'd' }), false],
      ['NodeResourcesFit', 'a node that offers more', pod(asking('3')), node(), node({}, {}, { cpu: '4' }), true],
      ['NodeResourcesFit', 'a node that offers more, but too little', pod(asking('3')), node(), node({}, {}, { cpu: '2500m' }), false],
      ['NodeResourcesFit', 'a node that offers more of something else', pod(asking('1')), node(), node({}, {}, { 'a/b': '4' }), false],
      ['NodeResourcesFit', 'a new node that is too small', pod(asking('3')), undefined, node(), false],
      ['NodePorts', 'a new node', pod(onPort(80)), undefined, node(), true],
      ['PodTopologySpread', 'a node in a new zone', spread, undefined, inZone('a'), true],
      ['PodTopologySpread', 'a node without a zone', spread, undefined, node(), false],
      ['PodTopologySpread', 'a zone that goes with its node', spread, inZone('a'), undefined, true],
      ['InterPodAffinity', 'a node that comes into a zone', near, node(), inZone('a'), true],
      ['InterPodAffinity', 'a node that stays in its zone', far, inZone('a'), node({ [zone]: 'a', c: 'd' }), false],
      ['InterPodAffinity', 'a node that leaves its zone', far, inZone('a'), node(), true],
      ['VolumeZone', 'a node with other labels', pod(), node(), inZone('a'), true],
      ['VolumeRestrictions', 'a changed node', pod(), node(), inZone('a'), false],
    ];
  for (const [plugin, what, waiting, before, after, helps] of cases)
    test(`${what} ${helps ? 'may help' : 'does not help'} a pod that ${plugin} refused`, () => {
      assert.equal(hints.get(plugin)?.node?.(waiting, { before, after }) ?? false, helps);
    });
});

describe('changes of placed pods that may help a pod', () => {
  const cases: readonly [plugin: string, what: string, waiting: Pod, before: Pod | undefined, after: Pod | undefined, helps: boolean][] = [
    ['NodeResourcesFit', 'a pod that leaves', pod(asking('1')), pod(), undefined, true],
    ['NodeResourcesFit', 'a pod that comes', pod(asking('1')), undefined, pod(), false],
    ['NodeResourcesFit', 'a pod that asks for less', pod(asking('1')), pod(asking('2')), pod(asking('1')), true],
    ['NodePorts', 'a pod that leaves the port', pod(onPort(80)), pod(onPort(80)), undefined, true],
    ['NodePorts', 'a pod that leaves another port', pod(onPort(80)), pod(onPort(81)), undefined, false],
    ['VolumeRestrictions', 'a pod that leaves the claim', pod(withClaim('a')), pod(withClaim('a')), undefined, true],
    ['VolumeRestrictions', 'a pod that leaves another claim', pod(withClaim('a')), pod(withClaim('b')), undefined, false],
    ['NodeVolumeLimits', 'a pod without volumes that leaves', pod(withClaim('a')), pod(), undefined, false],
    ['PodTopologySpread', 'a pod of the kind that comes', spread, undefined, ofDb, true],
    ['PodTopologySpread', 'a pod of another kind that leaves', spread, pod(), undefined, false],
    ['PodTopologySpread', 'a pod that becomes one of the kind', spread, pod(), ofDb, true],
    ['InterPodAffinity', 'a matching pod that comes', near, undefined, ofDb, true],
    ['InterPodAffinity', 'any pod that comes', far, undefined, pod(), false],
    ['InterPodAffinity', 'a matching pod that leaves', near, ofDb, undefined, false],
    ['InterPodAffinity', 'a pod that leaves from which the waiting one keeps away', far, ofDb, undefined, true],
    ['InterPodAffinity', 'a pod that leaves and kept the waiting one away', ofDb, far, undefined, true],
    ['TaintToleration', 'a pod that leaves', pod(), pod(), undefined, false],
  ];
  for (const [plugin, what, waiting, before, after, helps] of cases)
    test(`${what} ${helps ? 'may help' : 'does not help'} a pod that ${plugin} refused`, () => {
      assert.equal(hints.get(plugin)?.placedPod?.(waiting, { before, after }, cluster) ?? false, helps);
    });
});

test('only its own claims help a pod that waits for claims', () => {
  const [own] = hints.get('VolumeRestrictions')?.others ?? [];
  const claim = (name: string) => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'default' } });
  assert.equal(own?.helps(pod(withClaim('a')), { before: undefined, after: claim('a') }), true);
  assert.equal(own?.helps(pod(withClaim('a')), { before: undefined, after: claim('b') }), false);
});
