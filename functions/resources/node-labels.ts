/** Labels of nodes that have other names now. Source: pkg/api/node/util.go. */
import type { LabelSelector } from '../kube/generated/types.ts';

const deprecations: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

export function nodeLabelWarnings(label: string, field: string): string[] {
  const text = deprecations.get(label);
  return text === undefined ? [] : [`${field}: ${text}`];
}

/** Here the warning names the label, too. */
export function nodeSelectorWarnings({ matchExpressions = [], matchLabels = {} }: LabelSelector, path: string): string[] {
  const named = (label: string, field: string): string[] => {
    const text = deprecations.get(label);
    return text === undefined ? [] : [`${field}: ${label} is ${text}`];
  };
  return [
    ...matchExpressions.flatMap(({ key }, index) => named(key, `${path}.matchExpressions[${index}].key`)),
    ...Object.keys(matchLabels)
      .toSorted()
      .flatMap((label) => named(label, `${path}.matchLabels.${label}`)),
  ];
}
