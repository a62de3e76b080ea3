/** Two pods cannot have the same port of a node. Source: plugins/nodeports/node_ports.go. */
import { demandOf, type HostPort } from '../pod-demand.ts';
import { refused, type FilterPlugin } from './plugin.ts';

const wildcard = '0.0.0.0';

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.hostIp === b.hostIp || a.hostIp === wildcard || b.hostIp === wildcard);

const taken = refused("node(s) didn't have free ports for the requested pod ports", true);

export const nodePortsPlugin: FilterPlugin = {
  name: 'NodePorts',
  prepare(pod) {
    const { hostPorts } = demandOf(pod);
    if (hostPorts.length === 0) return undefined;
    return {
      refusal({ pods }) {
        for (const other of pods)
          for (const port of demandOf(other).hostPorts) if (hostPorts.some((wanted) => clash(wanted, port))) return taken;
        return undefined;
      },
    };
  },
};
