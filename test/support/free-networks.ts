/** Networks for a cluster that are neither the default ones nor this machine's. */
import { type ClusterNetworks, networkErrors } from '../../functions/kube/cluster-networks.ts';
import { machineNetworks } from '../../infra/local/machine-networks.ts';

const candidates = Array.from({ length: 50 }, (_, index): ClusterNetworks => {
  const services = `10.${200 + index}`;
  return {
    podCidr: `10.${100 + index}.0.0/16`,
    serviceCidr: `${services}.0.0/16`,
    nodePortRange: '31000-31999',
    dnsIp: `${services}.0.10`,
    clusterDomain: 'corp.example',
    podNetwork: 'vxlan',
  };
});

export function freeNetworks(): ClusterNetworks {
  const found = candidates.find((networks) => networkErrors(networks, machineNetworks()).length === 0);
  if (found === undefined) throw new Error('this machine has an address in each network that the test could use');
  return found;
}

export const networkFlags = ({
  podCidr,
  serviceCidr,
  nodePortRange,
  dnsIp,
  clusterDomain,
  podNetwork,
}: ClusterNetworks): readonly string[] => [
  '--pod-cidr',
  podCidr,
  '--service-cidr',
  serviceCidr,
  '--node-port-range',
  nodePortRange,
  '--dns-ip',
  dnsIp,
  '--cluster-domain',
  clusterDomain,
  '--pod-network',
  podNetwork,
];
