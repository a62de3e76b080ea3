/** A cordoned node takes only pods that tolerate the cordon. Source: plugins/nodeunschedulable/node_unschedulable.go. */
import { isTolerated } from './taint-toleration.ts';
import { refused, type FilterPlugin } from './plugin.ts';

const cordonTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const pluginName = 'NodeUnschedulable';
const cordoned = refused(pluginName, 'node(s) were unschedulable', false);

export const nodeUnschedulablePlugin: FilterPlugin = {
  name: pluginName,
  hints: {
    node: (_pod, { before, after }) =>
      after !== undefined && after.spec?.unschedulable !== true && (before === undefined || before.spec?.unschedulable === true),
  },
  prepare(pod) {
    if (isTolerated(cordonTaint, pod)) return undefined;
    return { refusal: ({ node }) => (node.spec?.unschedulable === true ? cordoned : undefined) };
  },
};
