/** A pod that names its node goes there or nowhere. Source: plugins/nodename/node_name.go. */
import { refused, type FilterPlugin } from './plugin.ts';

const otherNode = refused("node(s) didn't match the requested node name", false);

export const nodeNamePlugin: FilterPlugin = {
  name: 'NodeName',
  prepare({ spec }) {
    const wanted = spec.nodeName ?? '';
    return wanted === '' ? undefined : { refusal: ({ name }) => (name === wanted ? undefined : otherNode) };
  },
};
