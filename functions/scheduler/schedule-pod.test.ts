import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Node, Pod, PodDisruptionBudget, PodSpec } from '../kube/generated/types.ts';
import type { KubeObject } from '../kube/object.ts';
import { replicaSets } from '../kube/resource-type.ts';
import { cacheOf } from '../../test/support/cache.ts';
import { defaultArguments, type PluginArguments, type ProfileSettings } from './configuration/configuration.ts';
import { defaultSettings, profileOf } from './profile.ts';
import { ClusterState } from './cluster-state.ts';
import { preempt } from './preemption.ts';
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

const pod = (
  name: string,
  spec: Partial<PodSpec> = {},
  { owner, labels = {} }: { owner?: string; labels?: Record<string, string> } = {},
): Pod => ({
  metadata: {
    name,
    namespace: 'default',
    uid: name,
    labels,
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }] }),
  },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

const asking = (cpu: string): Partial<PodSpec> => ({ containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }] });

const states = (nodes: readonly Node[], pods: readonly Pod[] = []): ClusterState => new ClusterState({ nodes, pods });

/** Without Services and controllers to spread by, but for the ReplicaSet `rs`. */
const cache = cacheOf([
  replicaSets,
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'rs', namespace: 'default', uid: 'rs' },
    spec: { selector: { matchLabels: { app: 'rs' } } },
  } as KubeObject,
]);
const profile = profileOf(defaultSettings(), { cache, volumes: undefined });
const args = defaultArguments.DefaultPreemption;

const place = (candidate: Pod, cluster: ClusterState, budgets: readonly PodDisruptionBudget[] = []): string => {
  const placement = schedulePod(candidate, cluster, profile, () => 0);
  if (placement.outcome === 'fits') return placement.node.name;
  const { refusals, podClass } = placement;
  return unschedulableMessage(refusals, preempt(candidate, { cluster, podClass, refusals, budgets, args, random: () => 0 }));
};

const notHelpful = (count: number): string =>
  `preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`;

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
    assert.equal(place(pod('p'), states([tainted])), `0/1 nodes are available: 1 node(s) had untolerated taint(s). ${notHelpful(1)}`);
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

  test('a pod’s requests must fit in what its node has left', () => {
    const nodes = states(
      [node('a'), node('b', { allocatable: { cpu: '400m' } })],
      [{ ...pod('old', asking('1500m')), spec: { ...pod('old', asking('1500m')).spec, nodeName: 'a' } }],
    );
    assert.equal(place(pod('p', asking('500m')), nodes), 'a');
    assert.equal(
      place(pod('p', asking('1')), nodes),
      '0/2 nodes are available: 2 Insufficient cpu. preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    );
  });

  test('a node takes no more pods than its capacity', () => {
    const full = node('a', { allocatable: { pods: '1' } });
    const old = { ...pod('old'), spec: { ...pod('old').spec, nodeName: 'a' } };
    assert.equal(
      place(pod('p'), states([full], [old])),
      '0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
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

  test('a cluster without nodes has no node for a pod', () => {
    assert.equal(place(pod('p'), states([])), 'no nodes available to schedule pods');
  });

  test('each reason why a node does not fit is counted', () => {
    const nodes = states([node('a', { spec: { unschedulable: true } }), node('b', { allocatable: { cpu: '100m' } })]);
    assert.equal(
      place(pod('p', asking('1')), nodes),
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    );
  });
});

describe('a pod goes where it is best', () => {
  test('ten pods of one controller spread evenly over two nodes', () => {
    const cluster = states([node('a'), node('b')]);
    for (let index = 0; index < 10; index += 1) {
      const next = pod(`p${index}`, {}, { owner: 'rs', labels: { app: 'rs' } });
      const placement = schedulePod(next, cluster, profile, () => 0.5);
      assert.equal(placement.outcome, 'fits');
      if (placement.outcome === 'fits') cluster.add(next, placement.node);
    }
    assert.deepEqual(
      cluster.nodes.map(({ pods }) => pods.size),
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

  test('preferred affinity draws a pod to a node', () => {
    const preferred = [{ weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } }];
    const affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    assert.equal(place(pod('p', { affinity }), states([node('a'), node('b', { labels: { disk: 'ssd' } })])), 'b');
  });
});

const on = (nodeName: string, one: Pod): Pod => ({ ...one, spec: { ...one.spec, nodeName } });
const zoned = (name: string, zone: string): Node => node(name, { labels: { 'topology.kubernetes.io/zone': zone } });
const zoneKey = 'topology.kubernetes.io/zone';
const hostKey = 'kubernetes.io/hostname';
const app = (value: string): { labels: Record<string, string> } => ({ labels: { app: value } });
const selecting = (value: string) => ({ matchLabels: { app: value } });

describe('pods that are near or far', () => {
  const near = (value: string, topologyKey: string): Partial<PodSpec> => ({
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: selecting(value) }] } },
  });
  const far = (value: string, topologyKey: string): Partial<PodSpec> => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: selecting(value) }] } },
  });
  const nodes = [zoned('a', 'z1'), zoned('b', 'z1'), zoned('c', 'z2')];

  test('a pod goes into the zone of the pods that it wants to be near', () => {
    assert.equal(place(pod('p', near('db', zoneKey)), states(nodes, [on('c', pod('db', {}, app('db')))])), 'c');
    assert.equal(
      place(pod('p', near('db', zoneKey)), states(nodes)),
      `0/3 nodes are available: 3 node(s) didn't match pod affinity rules. ${notHelpful(3)}`,
    );
  });

  test('the first pod of a group that wants to be together goes anywhere', () => {
    assert.equal(place(pod('p', near('db', zoneKey), app('db')), states(nodes)), 'a');
    assert.equal(place(pod('p', near('db', hostKey), app('db')), states(nodes, [on('b', pod('db', {}, app('db')))])), 'b');
  });

  test('a pod stays away from pods that it does not want to be near', () => {
    const there = [on('a', pod('web-1', {}, app('web'))), on('b', pod('web-2', {}, app('web')))];
    assert.equal(place(pod('p', far('web', hostKey)), states(nodes, there)), 'c');
    assert.equal(place(pod('p', far('web', zoneKey)), states(nodes, there.slice(0, 1))), 'c');
    const everywhere = [...there, on('c', pod('web-3', {}, app('web')))];
    assert.equal(
      place(pod('p', far('web', hostKey)), states(nodes, everywhere)),
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
    );
  });

  test('a placed pod keeps away the pods that it does not want to be near', () => {
    const lonely = on('a', pod('lonely', far('web', zoneKey)));
    assert.equal(place(pod('p', {}, app('web')), states(nodes, [lonely])), 'c');
  });

  test('terms mean pods of the own namespace, unless they name or select others', () => {
    const other = on('c', { ...pod('db', {}, app('db')), metadata: { name: 'db', namespace: 'other', labels: { app: 'db' } } });
    const wanting = (rest: object): Pod => {
      const term = { topologyKey: zoneKey, labelSelector: selecting('db'), ...rest };
      return pod('p', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } });
    };
    assert.match(place(wanting({}), states(nodes, [other])), /^0\/3/);
    assert.equal(place(wanting({ namespaces: ['other'] }), states(nodes, [other])), 'c');
    assert.equal(place(wanting({ namespaceSelector: {} }), states(nodes, [other])), 'c');
  });

  test('preferred affinity draws pods together, preferred anti-affinity keeps them apart', () => {
    const preferring = (kind: 'podAffinity' | 'podAntiAffinity'): Partial<PodSpec> => ({
      affinity: {
        [kind]: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, podAffinityTerm: { topologyKey: hostKey, labelSelector: selecting('web') } },
          ],
        },
      },
    });
    const there = [on('b', pod('web', {}, app('web')))];
    assert.equal(place(pod('p', preferring('podAffinity')), states(nodes, there)), 'b');
    assert.notEqual(place(pod('p', preferring('podAntiAffinity')), states(nodes, there)), 'b');
  });
});

describe('pods that are spread', () => {
  const spread = (rest: object = {}): Partial<PodSpec> => ({
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: zoneKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selecting('web'), ...rest },
    ],
  });
  const web = (name: string): Pod => pod(name, {}, app('web'));
  const nodes = [zoned('a', 'z1'), zoned('b', 'z2')];

  test('a spread pod goes where the difference stays within maxSkew', () => {
    assert.equal(place(pod('p', spread(), app('web')), states(nodes, [on('a', web('1'))])), 'b');
    const full = node('b', { labels: { [zoneKey]: 'z2' }, allocatable: { pods: '0' } });
    assert.equal(
      place(pod('p', spread(), app('web')), states([zoned('a', 'z1'), full], [on('a', web('1'))])),
      "0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match pod topology spread constraints. preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod.",
    );
  });

  test('a node without the topology label takes no pod that is to be spread', () => {
    assert.equal(
      place(pod('p', spread(), app('web')), states([node('a')])),
      `0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). ${notHelpful(1)}`,
    );
  });

  test('a spread constraint with minDomains counts missing domains as empty', () => {
    assert.match(place(pod('p', spread({ minDomains: 3 }), app('web')), states(nodes, [on('a', web('1')), on('b', web('2'))])), /^0\/2/);
    assert.match(place(pod('p', spread(), app('web')), states(nodes, [on('a', web('1')), on('b', web('2'))])), /^[ab]$/);
  });

  test('a spread constraint counts nodes that the pod cannot use only where its policies include them', () => {
    const tainted = { ...zoned('b', 'z2'), spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } };
    const there = [on('a', web('1'))];
    assert.match(place(pod('p', spread(), app('web')), states([zoned('a', 'z1'), tainted], there)), /^0\/2/);
    assert.equal(place(pod('p', spread({ nodeTaintsPolicy: 'Honor' }), app('web')), states([zoned('a', 'z1'), tainted], there)), 'a');
  });
});

describe('pods that take room from others', () => {
  const ranked = (name: string, priority: number, cpu = '1', rest: Partial<PodSpec> = {}): Pod =>
    pod(name, { ...asking(cpu), priority, ...rest }, app(name));
  const victims = (candidate: Pod, cluster: ClusterState, budgets: readonly PodDisruptionBudget[] = []): string => {
    const placement = schedulePod(candidate, cluster, profile, () => 0);
    if (placement.outcome === 'fits') return `fits ${placement.node.name}`;
    const { refusals, podClass } = placement;
    const found = preempt(candidate, { cluster, podClass, refusals, budgets, args, random: () => 0 });
    if (found.outcome !== 'victims') return unschedulableMessage(refusals, found);
    return `${found.victims.node.name}: ${found.victims.pods.map(({ metadata }) => metadata.name).join()}`;
  };

  test('preemption ends the fewest and the least important pods', () => {
    const there = [on('a', ranked('low', 1)), on('a', ranked('middle', 5)), on('b', ranked('high', 50)), on('b', ranked('equal', 100))];
    assert.equal(victims(ranked('p', 100), states([node('a'), node('b')], there)), 'a: low');
    assert.equal(victims(ranked('p', 100, '2'), states([node('a'), node('b')], there)), 'a: middle,low');
  });

  test('preemption leaves pods of the same priority alone', () => {
    const there = [on('a', ranked('same', 100, '2'))];
    assert.match(victims(ranked('p', 100), states([node('a')], there)), /1 No preemption victims found for incoming pod\.$/);
  });

  test('a pod whose policy is Never waits instead of preempting', () => {
    const there = [on('a', ranked('low', 1, '2'))];
    assert.equal(
      victims(ranked('p', 100, '1', { preemptionPolicy: 'Never' }), states([node('a')], there)),
      '0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  test('a disruption budget is broken only where no other node helps', () => {
    const there = [on('a', ranked('kept', 1, '2')), on('b', ranked('free', 5, '2'))];
    const budget = {
      metadata: { name: 'kept', namespace: 'default' },
      spec: { selector: selecting('kept') },
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    } as PodDisruptionBudget;
    assert.equal(victims(ranked('p', 100), states([node('a'), node('b')], there), [budget]), 'b: free');
    assert.equal(victims(ranked('p', 100), states([node('a')], there), [budget]), 'a: kept');
  });

  test('room that was made for a pod is not given to one of less priority', () => {
    const nominated = { ...ranked('first', 100), status: { nominatedNodeName: 'a' } };
    const cluster = states([node('a', { allocatable: { cpu: '1' } })], [nominated]);
    assert.match(victims(ranked('p', 50), cluster), /^0\/1 nodes are available: 1 Insufficient cpu/);
    assert.equal(victims(ranked('p', 200), cluster), 'fits a');
    assert.equal(victims(nominated, cluster), 'fits a');
  });

  test('preemption that was tried leaves no trace', () => {
    const cluster = states([node('a')], [on('a', ranked('low', 1, '2'))]);
    victims(ranked('p', 100), cluster);
    assert.deepEqual([cluster.nodes[0]?.pods.size, cluster.nodes[0]?.requested.get('cpu')], [1, 2000]);
  });
});

test('a pod is drawn to a node that has its images', () => {
  const image = { names: ['registry/app:v1'], sizeBytes: 900 * 1024 * 1024 };
  const withImage = node('b');
  const nameless = JSON.parse('{"names":null,"sizeBytes":5}');
  const there = { ...withImage, status: { ...withImage.status, images: [nameless, image] } };
  assert.equal(place(pod('p', { containers: [{ name: 'c', image: 'registry/app:v1' }] }), states([node('a'), there])), 'b');
});

test('a pod that wants cpu alone goes where memory is taken', () => {
  const memory = on('b', pod('m', { containers: [{ name: 'c', image: 'i', resources: { requests: { memory: '2Gi', cpu: '1m' } } }] }));
  const cpu = on('a', pod('c', asking('1')));
  assert.equal(place(pod('p', asking('500m')), states([node('a'), node('b')], [memory, cpu])), 'b');
});

describe('a profile', () => {
  const settings = defaultSettings();
  const placedBy = (changes: Partial<ProfileSettings>, candidate: Pod, cluster: ClusterState): string => {
    const placement = schedulePod(candidate, cluster, profileOf({ ...settings, ...changes }, { cache, volumes: undefined }), () => 0);
    return placement.outcome === 'fits' ? placement.node.name : placement.refusals.flatMap(({ reasons }) => reasons).join();
  };
  const fit = (changes: Partial<PluginArguments['NodeResourcesFit']>): Partial<ProfileSettings> => ({
    scores: [{ name: 'NodeResourcesFit', weight: 1 }],
    args: { ...defaultArguments, NodeResourcesFit: { ...defaultArguments.NodeResourcesFit, ...changes } },
  });
  const busy = (): ClusterState => states([node('a'), node('b')], [on('b', pod('busy', asking('1')))]);
  const resources = [{ name: 'cpu', weight: 1 }];

  test('a profile of MostAllocated fills one node after the other', () => {
    assert.equal(placedBy(fit({}), pod('p', asking('500m')), busy()), 'a');
    assert.equal(placedBy(fit({ scoringStrategy: { type: 'MostAllocated', resources } }), pod('p', asking('500m')), busy()), 'b');
  });

  test('a profile of RequestedToCapacityRatio goes where its line is highest', () => {
    const shape = [
      { utilization: 0, score: 0 },
      { utilization: 80, score: 10 },
      { utilization: 100, score: 0 },
    ];
    const strategy = { type: 'RequestedToCapacityRatio', resources, requestedToCapacityRatio: { shape } } as const;
    assert.equal(placedBy(fit({ scoringStrategy: strategy }), pod('p', asking('500m')), busy()), 'b');
    assert.equal(placedBy(fit({ scoringStrategy: strategy }), pod('p', asking('1')), busy()), 'a');
  });

  test('a profile ignores resources that it names', () => {
    const candidate = pod('p', { containers: [{ name: 'c', image: 'i', resources: { requests: { 'example.com/slot': '1' } } }] });
    assert.equal(placedBy({}, candidate, states([node('a')])), 'Insufficient example.com/slot');
    assert.equal(placedBy(fit({ ignoredResourceGroups: ['example.com'] }), candidate, states([node('a')])), 'a');
  });

  test('a profile adds affinity of its own', () => {
    const nodeSelectorTerms = [{ matchExpressions: [{ key: 'pool', operator: 'In', values: ['gold'] }] }];
    const addedAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
    const args = { ...defaultArguments, NodeAffinity: { addedAffinity } };
    assert.equal(placedBy({ args }, pod('p'), states([node('a'), node('b', { labels: { pool: 'gold' } })])), 'b');
    assert.equal(placedBy({ args }, pod('p'), states([node('a')])), "node(s) didn't match scheduler-enforced node affinity");
  });

  test('a profile asks only the filters that it has', () => {
    const away = node('a', { spec: { unschedulable: true } });
    assert.equal(placedBy({ filters: ['NodeResourcesFit'] }, pod('p'), states([away])), 'a');
  });
});
