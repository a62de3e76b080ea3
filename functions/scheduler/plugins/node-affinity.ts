/** `nodeSelector` and node affinity. Source: plugins/nodeaffinity/node_affinity.go, component-helpers nodeaffinity. */
import type { Node } from '../../kube/generated/types.ts';
import { matchesNodeAffinity, matchesNodeTerm } from '../../kube/node-selector.ts';
import { normalized, refused, type FilterPlugin, type ScorePlugin } from './plugin.ts';

const otherNodes = refused("node(s) didn't match Pod's node affinity/selector", false);

export const nodeAffinityFilter: FilterPlugin = {
  name: 'NodeAffinity',
  prepare({ spec }) {
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (required === undefined && spec.nodeSelector === undefined) return undefined;
    return { refusal: ({ node }) => (matchesNodeAffinity(spec, node) ? undefined : otherNodes) };
  },
};

export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  score(pod, nodes) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const weightOf = (node: Node): number =>
      preferred.filter(({ preference }) => matchesNodeTerm(preference, node)).reduce((sum, { weight }) => sum + weight, 0);
    return normalized(
      nodes.map(({ node }) => weightOf(node)),
      'more is better',
    );
  },
};
