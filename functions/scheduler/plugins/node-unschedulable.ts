import { tolerates } from './taint-toleration.ts';
import type { FilterPlugin } from './plugin.ts';

const cordonTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** A cordoned node takes only pods that tolerate the cordon. Source: plugins/nodeunschedulable/node_unschedulable.go. */
export const nodeUnschedulablePlugin: FilterPlugin = {
  name: 'NodeUnschedulable',
  resolvable: () => false,
  filter: (pod, { node }) =>
    node.spec.unschedulable === true && !(pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, cordonTaint))
      ? ['node(s) were unschedulable']
      : [],
};
