import { hostPortsOf, type HostPort } from '../node-state.ts';
import type { FilterPlugin } from './plugin.ts';

const wildcard = '0.0.0.0';

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.hostIp === b.hostIp || a.hostIp === wildcard || b.hostIp === wildcard);

/** Two pods cannot have the same port of a node. Source: plugins/nodeports/node_ports.go. */
export const nodePortsPlugin: FilterPlugin = {
  name: 'NodePorts',
  resolvable: () => true,
  filter: (pod, { hostPorts }) =>
    hostPortsOf(pod).some((wanted) => hostPorts.some((taken) => clash(wanted, taken)))
      ? ["node(s) didn't have free ports for the requested pod ports"]
      : [],
};
