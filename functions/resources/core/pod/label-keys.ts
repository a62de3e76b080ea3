/**
 * Terms that name keys of labels instead of values: a new pod's own values become part of the selectors, so that nothing
 * else needs to know of the keys. Source: pkg/registry/core/pod/strategy.go, applyLabelKeysToLabelSelector.
 */
import type { Affinity, LabelSelector, Pod, PodAffinityTerm } from '../../../kube/generated/types.ts';

interface Term {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** Changes in place. */
export function applyLabelKeys({ metadata, spec }: Pod): void {
  const { labels = {} } = metadata;
  for (const term of [...affinityTerms(spec.affinity), ...(spec.topologySpreadConstraints ?? [])]) applyKeys(term, labels);
}

/** Hard terms after soft ones, as upstream goes through them: each has a selector of its own. */
const affinityTerms = ({ podAffinity, podAntiAffinity }: Affinity = {}): PodAffinityTerm[] =>
  [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ]);

/** A term without a selector matches no pod, whatever its keys are. */
function applyKeys({ labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: Term, labels: Readonly<Record<string, string>>): void {
  if (labelSelector === undefined) return;
  const requirements = (keys: readonly string[], operator: string): NonNullable<LabelSelector['matchExpressions']> =>
    keys.flatMap((key) => {
      const value = labels[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const added = [...requirements(matchLabelKeys, 'In'), ...requirements(mismatchLabelKeys, 'NotIn')];
  if (added.length > 0) labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added];
}
