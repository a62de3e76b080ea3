/** Taints keep pods away unless they tolerate them. Source: plugins/tainttoleration/taint_toleration.go. */
import type { Pod, Taint, Toleration } from '../../kube/generated/types.ts';
import { normalized, type FilterPlugin, type ScorePlugin } from './plugin.ts';

/** Source: k8s.io/component-helpers, scheduling/corev1/helpers.go. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect) return false;
  const anyKey = toleration.key === undefined || toleration.key === '';
  if (!anyKey && toleration.key !== taint.key) return false;
  return toleration.operator === 'Exists' || (!anyKey && (toleration.value ?? '') === (taint.value ?? ''));
}

const untolerated = (pod: Pod, taints: readonly Taint[], effects: readonly string[]): Taint[] =>
  taints.filter(
    (taint) => effects.includes(taint.effect) && !(pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );

export const taintTolerationFilter: FilterPlugin = {
  name: 'TaintToleration',
  resolvable: () => false,
  filter(pod, { node }) {
    const [first] = untolerated(pod, node.spec.taints ?? [], ['NoSchedule', 'NoExecute']);
    return first === undefined ? [] : [`node(s) had untolerated taint {${first.key}: ${first.value ?? ''}}`];
  },
};

export const taintTolerationScore: ScorePlugin = {
  name: 'TaintToleration',
  weight: 3,
  score: (pod, nodes) =>
    normalized(
      nodes.map(({ node }) => untolerated(pod, node.spec.taints ?? [], ['PreferNoSchedule']).length),
      'less is better',
    ),
};
