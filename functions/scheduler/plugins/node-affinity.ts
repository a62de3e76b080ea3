/** `nodeSelector` and node affinity. Source: plugins/nodeaffinity/node_affinity.go, component-helpers nodeaffinity. */
import type { Node } from '../../kube/generated/types.ts';
import { matchesNodeAffinity, matchesNodeTerm } from '../../kube/node-selector.ts';
import { normalized, type FilterPlugin, type ScorePlugin } from './plugin.ts';

export const nodeAffinityFilter: FilterPlugin = {
  name: 'NodeAffinity',
  resolvable: () => false,
  filter(pod, { node }) {
    return matchesNodeAffinity(pod.spec, node) ? [] : ["node(s) didn't match Pod's node affinity/selector"];
  },
};

export const nodeAffinityScore: ScorePlugin = {
  name: 'NodeAffinity',
  weight: 2,
  score(pod, nodes) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const weightOf = (node: Node): number =>
      preferred.filter(({ preference }) => matchesNodeTerm(preference, node)).reduce((sum, { weight }) => sum + weight, 0);
    return normalized(
      nodes.map(({ node }) => weightOf(node)),
      'more is better',
    );
  },
};
