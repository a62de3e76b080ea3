import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClusterNetworks, defaultNetworks, networkErrors, parsePortRange } from './cluster-networks.ts';
import { podNetworkNames } from './pod-network.ts';

const taken = [{ cidr: '10.77.0.0/16', owner: "the nodes' network" }];
const texts = (networks: Partial<ClusterNetworks>): string[] =>
  networkErrors({ ...defaultNetworks, ...networks }, taken).map(({ name, why }) => `${name}: ${why}`);

const accepted: readonly Partial<ClusterNetworks>[] = [
  {},
  { podCidr: '10.100.0.0/16', serviceCidr: '10.200.0.0/16', dnsIp: '10.200.0.10' },
  { podCidr: '192.168.7.0/24', serviceCidr: '192.168.8.0/28', nodePortRange: '31000-31000', clusterDomain: 'corp.example' },
  { podNetwork: 'vxlan' },
  { podNetwork: 'none' },
  { podNetwork: '{"cniVersion":"1.0.0","name":"lan","plugins":[{"type":"macvlan","ipam":{"subnet":"{{.PodCIDR}}"}}]}' },
];

for (const networks of accepted) test(`${JSON.stringify(networks)} is accepted`, () => assert.deepEqual(texts(networks), []));

const refused: readonly (readonly [Partial<ClusterNetworks>, string])[] = [
  [{ podCidr: '10.100.0.0' }, 'podCidr: 10.100.0.0 is not a network such as 10.0.0.0/16'],
  [{ podCidr: '10.300.0.0/16' }, 'podCidr: 10.300.0.0/16 is not a network such as 10.0.0.0/16'],
  [{ podCidr: '10.100.0.1/16' }, 'podCidr: 10.100.0.1/16 is an address inside a network; the network is 10.100.0.0/16'],
  [{ podCidr: '10.100.0.0/25' }, 'podCidr: 10.100.0.0/25: the prefix must be from /8 to /24'],
  [{ serviceCidr: '10.0.0.0/8' }, 'serviceCidr: 10.0.0.0/8: the prefix must be from /12 to /28'],
  [{ serviceCidr: '10.244.7.0/24' }, "serviceCidr: 10.244.7.0/24 overlaps with the pods' network, 10.244.0.0/16"],
  [{ podCidr: '10.77.3.0/24' }, "podCidr: 10.77.3.0/24 overlaps with the nodes' network, 10.77.0.0/16"],
  [{ nodePortRange: '30000' }, 'nodePortRange: 30000 is not of the form 30000-32767'],
  [{ nodePortRange: '32000-31000' }, 'nodePortRange: 32000-31000: the ports must be in order, from 1024 to 65535'],
  [{ dnsIp: 'dns' }, 'dnsIp: dns is not an IPv4 address'],
  [{ dnsIp: '10.96.0.1' }, "dnsIp: 10.96.0.1 has another use in the Services' network"],
  [{ dnsIp: '10.244.0.10' }, "dnsIp: 10.244.0.10/32 overlaps with the pods' network, 10.244.0.0/16"],
  [{ podNetwork: 'flannel' }, `podNetwork: flannel is none of ${podNetworkNames.join(', ')}, and no CNI configuration`],
  [{ podNetwork: '{"cniVersion":' }, 'podNetwork: the CNI configuration is not JSON'],
  [{ podNetwork: '{"plugins":[{"type":"ptp"}]}' }, 'podNetwork: the CNI configuration lacks its cniVersion or name'],
  [
    { podNetwork: '{"cniVersion":"1.0.0","name":"lan","type":"ptp"}' },
    'podNetwork: the CNI configuration lacks its list of plugins, each with a type',
  ],
  [
    { podNetwork: '{"cniVersion":"{{.CNIVersion}}","name":"lan","plugins":[]}' },
    'podNetwork: the CNI configuration has a placeholder that is not {{.PodCIDR}}',
  ],
];

for (const [networks, text] of refused) test(`${JSON.stringify(networks)} is refused`, () => assert.deepEqual(texts(networks), [text]));

test('a domain is a DNS subdomain', () =>
  assert.match(texts({ clusterDomain: 'Corp_' })[0] ?? '', /^clusterDomain: Corp_: a lowercase RFC 1123 subdomain/));

test('a range of ports is first-last', () => {
  assert.deepEqual(parsePortRange('30000-32767'), { first: 30_000, last: 32_767 });
  assert.equal(parsePortRange('30000-'), undefined);
});
