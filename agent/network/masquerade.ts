/** The node's own table: what leaves the cluster leaves with the node's address, for nobody outside knows the way to a pod. */

const networkTable = 'hibernetes_network';

export const masqueradeTable = (podCIDR: string, clusterCidr: string): string => `add table ip ${networkTable}
delete table ip ${networkTable}
table ip ${networkTable} {
  chain leaving {
    type nat hook postrouting priority srcnat;
    ip saddr ${podCIDR} ip daddr != ${clusterCidr} fib daddr type != local masquerade fully-random
  }
}
`;
