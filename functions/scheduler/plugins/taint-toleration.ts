/** Taints keep pods away unless they tolerate them. Source: plugins/tainttoleration/taint_toleration.go. */
import type { Node, Pod, Taint, Toleration } from '../../kube/generated/types.ts';
import { refused, type FilterPlugin, type ScorePlugin } from './plugin.ts';

/** Source: k8s.io/component-helpers, scheduling/corev1/helpers.go. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  const anyKey = toleration.key === undefined || toleration.key === '';
  if (!anyKey && toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (!anyKey && (toleration.value ?? '') === (taint.value ?? ''));
}

const keepsOut = (taint: Taint): boolean => taint.effect === 'NoSchedule' || taint.effect === 'NoExecute';

export function isTolerated(taint: Taint, { spec }: Pod): boolean {
  return (spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint));
}

/** Whether a taint of the node keeps the pod out. */
export const isKeptOut = (pod: Pod, taints: readonly Taint[]): boolean =>
  taints.some((taint) => keepsOut(taint) && !isTolerated(taint, pod));

const isAllowed = (pod: Pod, { spec }: Node): boolean => !isKeptOut(pod, spec?.taints ?? []);

const pluginName = 'TaintToleration';
const untolerated = refused(pluginName, 'node(s) had untolerated taint(s)', false);

export const taintTolerationFilter: FilterPlugin = {
  name: pluginName,
  hints: {
    node: (pod, { before, after }) => after !== undefined && isAllowed(pod, after) && (before === undefined || !isAllowed(pod, before)),
  },
  prepare: (pod) => ({ refusal: ({ node }) => (isAllowed(pod, node) ? undefined : untolerated) }),
};

/** Tolerations that speak of this effect, or of all. */
const tolerationsOfPreference = ({ spec }: Pod): readonly Toleration[] =>
  (spec.tolerations ?? []).filter(({ effect = '' }) => effect === '' || effect === 'PreferNoSchedule');

export const taintTolerationScore = (weight: number): ScorePlugin => ({
  name: pluginName,
  weight,
  prepare(pod) {
    const tolerations = tolerationsOfPreference(pod);
    const isShunned = (taint: Taint): boolean =>
      taint.effect === 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, taint));
    return {
      by: 'comparison',
      direction: 'less is better',
      of: ({ node }) => (node.spec?.taints ?? []).filter(isShunned).length,
    };
  },
});
