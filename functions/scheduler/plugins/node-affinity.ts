/** `nodeSelector` and node affinity, and what the profile adds to it. Source: plugins/nodeaffinity/node_affinity.go, component-helpers nodeaffinity. */
import type { Node } from '../../kube/generated/types.ts';
import { matchesNodeAffinity, matchesNodeTerm, matchesNodeTerms } from '../../kube/node-selector.ts';
import type { PluginArguments } from '../configuration/configuration.ts';
import { refused, type FilterPlugin, type ScorePlugin } from './plugin.ts';

type Arguments = PluginArguments['NodeAffinity'];

const otherNodes = refused("node(s) didn't match Pod's node affinity/selector", false);
const notOfProfile = refused("node(s) didn't match scheduler-enforced node affinity", false);

export const nodeAffinityFilter = ({ addedAffinity }: Arguments): FilterPlugin => ({
  name: 'NodeAffinity',
  prepare({ spec }) {
    const added = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
    if (added === undefined && required === undefined && spec.nodeSelector === undefined) return undefined;
    return {
      refusal({ node }) {
        if (added !== undefined && !matchesNodeTerms(added, node)) return notOfProfile;
        return matchesNodeAffinity(spec, node) ? undefined : otherNodes;
      },
    };
  },
});

export const nodeAffinityScore = ({ addedAffinity }: Arguments, weight: number): ScorePlugin => ({
  name: 'NodeAffinity',
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
