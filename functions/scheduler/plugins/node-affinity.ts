/** `nodeSelector` and node affinity, and what the profile adds to it. Source: plugins/nodeaffinity/node_affinity.go, component-helpers nodeaffinity. */
import type { Node, PodSpec } from '../../kube/generated/types.ts';
import { matchesNodeAffinity, matchesNodeTerm, matchesNodeTerms } from '../../kube/node-selector.ts';
import type { PluginArguments } from '../configuration/configuration.ts';
import { refused, type FilterPlugin, type Refusal, type ScorePlugin } from './plugin.ts';

type Arguments = PluginArguments['NodeAffinity'];

const pluginName = 'NodeAffinity';
const otherNodes = refused(pluginName, "node(s) didn't match Pod's node affinity/selector", false);
const notOfProfile = refused(pluginName, "node(s) didn't match scheduler-enforced node affinity", false);

export function nodeAffinityFilter({ addedAffinity }: Arguments): FilterPlugin {
  const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const refusalOf = (spec: PodSpec, node: Node): Refusal | undefined => {
    if (added !== undefined && !matchesNodeTerms(added, node)) return notOfProfile;
    return matchesNodeAffinity(spec, node) ? undefined : otherNodes;
  };
  return {
    name: pluginName,
    hints: {
      node: ({ spec }, { before, after }) =>
        after !== undefined && refusalOf(spec, after) === undefined && (before === undefined || refusalOf(spec, before) !== undefined),
    },
    prepare({ spec }) {
      const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      if (added === undefined && required === undefined && spec.nodeSelector === undefined) return undefined;
      return { refusal: ({ node }) => refusalOf(spec, node) };
    },
  };
}

export const nodeAffinityScore = ({ addedAffinity }: Arguments, weight: number): ScorePlugin => ({
  name: pluginName,
  weight,
  prepare({ spec }) {
    const preferred = [
      ...(addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
    ];
    if (preferred.length === 0) return undefined;
    const weightOf = (node: Node): number =>
      preferred.filter(({ preference }) => matchesNodeTerm(preference, node)).reduce((sum, term) => sum + term.weight, 0);
    return { by: 'comparison', direction: 'more is better', of: ({ node }) => weightOf(node) };
  },
});
