/**
 * Pods of one workload like to be apart: over nodes, and over zones where nodes name them. This is the built-in
 * default of PodTopologySpread (whenUnsatisfiable: ScheduleAnyway), and honours a pod's own soft constraints.
 * Source: plugins/podtopologyspread/scoring.go and the default constraints of plugins/podtopologyspread/plugin.go.
 */
import type { Pod, TopologySpreadConstraint } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { isTerminating, labelsOf, namespaceOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import type { NodeState } from '../node-state.ts';
import { normalized, type ScorePlugin } from './plugin.ts';

type Belongs = (other: Pod) => boolean;

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

/** Pods of the same controller; a pod without one has no companions. */
function sameController(pod: Pod): Belongs | undefined {
  const uid = controllerOf(pod)?.uid;
  return uid === undefined ? undefined : (other) => controllerOf(other)?.uid === uid;
}

function selectedBy({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, pod: Pod): Belongs {
  const requirements = requirementsOf(labelSelector);
  return (other) =>
    matchesLabels(requirements, labelsOf(other)) && matchLabelKeys.every((key) => labelsOf(other)[key] === labelsOf(pod)[key]);
}

interface Constraint {
  readonly topologyKey: string;
  readonly belongs: Belongs;
}

function constraintsOf(pod: Pod): readonly Constraint[] {
  const own = (pod.spec.topologySpreadConstraints ?? []).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway');
  if (own.length > 0) return own.map((constraint) => ({ topologyKey: constraint.topologyKey, belongs: selectedBy(constraint, pod) }));
  const belongs = sameController(pod);
  return belongs === undefined ? [] : [hostname, zone].map((topologyKey) => ({ topologyKey, belongs }));
}

const domainOf = ({ node, name }: NodeState, topologyKey: string): string | undefined =>
  topologyKey === hostname ? name : labelsOf(node)[topologyKey];

function companions(pod: Pod, nodes: readonly NodeState[], { topologyKey, belongs }: Constraint): readonly number[] {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const domain = domainOf(node, topologyKey);
    if (domain === undefined) continue;
    const here = node.pods.filter((other) => namespaceOf(other) === namespaceOf(pod) && !isTerminating(other) && belongs(other)).length;
    counts.set(domain, (counts.get(domain) ?? 0) + here);
  }
  return nodes.map((node) => counts.get(domainOf(node, topologyKey) ?? '') ?? 0);
}

export const podTopologySpread: ScorePlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  score(pod, nodes) {
    const sums = nodes.map(() => 0);
    for (const constraint of constraintsOf(pod)) {
      companions(pod, nodes, constraint).forEach((count, index) => {
        sums[index] = (sums[index] ?? 0) + count;
      });
    }
    return normalized(sums, 'less is better');
  },
};
