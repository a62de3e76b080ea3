/** The node's own table: packets that leave the cluster get the node's address, since hosts outside know no route to pods. */

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
