import type { FilterPlugin } from './plugin.ts';

/** A pod that names its node goes there or nowhere. Source: plugins/nodename/node_name.go. */
export const nodeNamePlugin: FilterPlugin = {
  name: 'NodeName',
  resolvable: () => false,
  filter: (pod, { name }) =>
    pod.spec.nodeName === undefined || pod.spec.nodeName === '' || pod.spec.nodeName === name
      ? []
      : ["node(s) didn't match the requested node name"],
};
