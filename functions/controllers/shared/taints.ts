/** Taints of nodes and the tolerations of pods. Pure. Source: pkg/apis/core/v1/helper/helpers.go; api/core/v1/toleration.go. */
import type { Node, Pod, Taint, Toleration } from '../../kube/generated/types.ts';
import type { Index } from '../../workers/controller.ts';
import { pods } from '../../kube/resource-type.ts';

export const notReadyTaint = 'node.kubernetes.io/not-ready';
export const unreachableTaint = 'node.kubernetes.io/unreachable';

/** Pods by the node that runs them; '' for those that wait for one. */
export const podsByNode: Index<Pod> = { type: pods, values: (pod) => [pod.spec?.nodeName ?? ''] };

export const isSameTaint = (a: Pick<Taint, 'key' | 'effect'>, b: Pick<Taint, 'key' | 'effect'>): boolean =>
  a.key === b.key && a.effect === b.effect;

export const noExecuteTaints = (node: Node): Taint[] => (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

export function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (key !== undefined && key !== '' && key !== taint.key) return false;
  return operator === 'Exists' || (operator === 'Equal' && value === (taint.value ?? ''));
}
