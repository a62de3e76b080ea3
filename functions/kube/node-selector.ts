/** Which nodes a pod or a volume may be on, by the nodes' labels and names. Source: component-helpers, scheduling/corev1/nodeaffinity. */
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from './generated/types.ts';
import { labelsOf, nameOf } from './object.ts';

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
export function matchesNodeTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = labelsOf(node);
  return (
    matchExpressions.every((requirement) => matchesRequirement(requirement, labels[requirement.key])) &&
    matchFields.every((requirement) => requirement.key === 'metadata.name' && matchesRequirement(requirement, nameOf(node)))
  );
}

/** Any term is enough; no term at all matches nothing. */
export const matchesNodeTerms = (terms: readonly NodeSelectorTerm[], node: Node): boolean =>
  terms.some((term) => matchesNodeTerm(term, node));

/** The pod's `nodeSelector` and its required node affinity. */
export function matchesNodeAffinity({ nodeSelector = {}, affinity }: Pick<PodSpec, 'nodeSelector' | 'affinity'>, node: Node): boolean {
  const labels = labelsOf(node);
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (required === undefined || matchesNodeTerms(required, node))
  );
}
