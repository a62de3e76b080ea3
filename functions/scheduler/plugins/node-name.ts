/** A pod that names its node goes there or nowhere. Source: plugins/nodename/node_name.go. */
import { refused, type FilterPlugin } from './plugin.ts';
import { came } from './queueing-hints.ts';

const pluginName = 'NodeName';
const otherNode = refused(pluginName, "node(s) didn't match the requested node name", false);

export const nodeNamePlugin: FilterPlugin = {
  name: pluginName,
  hints: { node: ({ spec }, change) => came(change) && change.after?.metadata.name === spec.nodeName },
  prepare({ spec }) {
    const wanted = spec.nodeName ?? '';
    return wanted === '' ? undefined : { refusal: ({ name }) => (name === wanted ? undefined : otherNode) };
  },
};
