/** `nodeSelector` and node affinity. Source: plugins/nodeaffinity/node_affinity.go, component-helpers nodeaffinity. */
import type { Node, NodeSelectorRequirement, NodeSelectorTerm } from '../../kube/generated/types.ts';
import { labelsOf, nameOf } from '../../kube/object.ts';
import { normalized, type FilterPlugin, type ScorePlugin } from './plugin.ts';

function matchesRequirement({ operator, values = [] }: NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual);
    case 'NotIn':
      return actual === undefined || !values.includes(actual);
    case 'Exists':
      return actual !== undefined;
    case 'DoesNotExist':
      return actual === undefined;
    case 'Gt':
    case 'Lt': {
      const [left, right] = [Number.parseInt(actual ?? '', 10), Number.parseInt(values[0] ?? '', 10)];
      // Neither holds when one side is no number.
      return operator === 'Gt' ? left > right : left < right;
    }
    default:
      return false;
  }
}

/** An empty term matches nothing. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = labelsOf(node);
  return (
    matchExpressions.every((requirement) => matchesRequirement(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && matchesRequirement(requirement, nameOf(node)))
  );
}

export const nodeAffinityFilter: FilterPlugin = {
  name: 'NodeAffinity',
  resolvable: () => false,
  filter(pod, { node }) {
    const labels = labelsOf(node);
    const selected = Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
    const wanted = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    return selected && (wanted === undefined || wanted.some((term) => matchesTerm(term, node)))
      ? []
      : ["node(s) didn't match Pod's node affinity/selector"];
  },
};

export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  score(pod, nodes) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const weightOf = (node: Node): number =>
      preferred.filter(({ preference }) => matchesTerm(preference, node)).reduce((sum, { weight }) => sum + weight, 0);
    return normalized(
      nodes.map(({ node }) => weightOf(node)),
      'more is better',
    );
  },
};
