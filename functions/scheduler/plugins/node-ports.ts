/** Two pods cannot have the same port of a node. Source: plugins/nodeports/node_ports.go. */
import { noFreePorts, portsClash } from '../../kube/host-ports.ts';
import { demandOf } from '../pod-demand.ts';
import { refused, type FilterPlugin } from './plugin.ts';
import { came } from './queueing-hints.ts';

const pluginName = 'NodePorts';
const taken = refused(pluginName, noFreePorts, true);

export const nodePortsPlugin: FilterPlugin = {
  name: pluginName,
  hints: {
    node: (_pod, change) => came(change),
    placedPod: (pod, { before, after }) =>
      before !== undefined && after === undefined && portsClash(demandOf(pod).hostPorts, demandOf(before).hostPorts),
  },
  prepare(pod) {
    const { hostPorts } = demandOf(pod);
    if (hostPorts.length === 0) return undefined;
    return {
      refusal({ pods }) {
        for (const other of pods) if (portsClash(hostPorts, demandOf(other).hostPorts)) return taken;
        return undefined;
      },
    };
  },
};
