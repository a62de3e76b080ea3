/**
 * The networks of a cluster, as its maker chose them. They are chosen once: nodes, Services and certificates hold
 * addresses out of them. IPv4 alone. Source: the flags of kube-apiserver, kube-controller-manager and kubelet.
 */
import { type Ipv4Range, ipv4Number, parseIpv4Range, rangeText, readIpv4Range } from './ipv4.ts';
import { dnsSubdomainErrors } from './names.ts';
import { podNetworkError } from './pod-network.ts';

export interface ClusterNetworks {
  /** Addresses of all pods: `10.244.0.0/16`. Each node gets a part of it. */
  readonly podCidr: string;
  /** Addresses of Services: `10.96.0.0/12`. */
  readonly serviceCidr: string;
  /** Ports of Services on every node, both inclusive: `30000-32767`. */
  readonly nodePortRange: string;
  /** Where pods find the name server: an address that each node gives itself. */
  readonly dnsIp: string;
  /** Names of Services and pods end with it: `cluster.local`. */
  readonly clusterDomain: string;
  /** How pods are connected: one of `podNetworkNames`, or a CNI configuration. See `pod-network.ts`. */
  readonly podNetwork: string;
}

export const defaultNetworks: ClusterNetworks = {
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
  nodePortRange: '30000-32767',
  dnsIp: '169.254.20.10',
  clusterDomain: 'cluster.local',
  podNetwork: 'host-gateway',
};

export const networkNames = Object.keys(defaultNetworks) as readonly (keyof ClusterNetworks)[];

/** What a node knows of them: a part of its agent's configuration. */
export interface NodeNetworks {
  /** The range of all pods of all nodes. */
  readonly clusterCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** `host-gateway` when left out. */
  readonly podNetwork?: string | undefined;
}

export const nodeNetworks = ({ podCidr, dnsIp, clusterDomain, podNetwork }: ClusterNetworks): NodeNetworks => ({
  clusterCidr: podCidr,
  clusterDns: dnsIp,
  clusterDomain,
  podNetwork,
});

/** Length of the prefix that each node gets out of `podCidr`. Source: --node-cidr-mask-size. */
export const nodePrefixLength = 24;

/** A network that something else has: pods and Services may not have its addresses. */
export interface TakenNetwork {
  readonly cidr: string;
  /** The name of the network in messages, such as `the nodes' network`. */
  readonly owner: string;
}

/** Prefix lengths that can be chosen, both inclusive. */
const podPrefixes = { least: 8, most: nodePrefixLength } as const;
/** Source: cmd/kube-apiserver/app/options/validation.go: 20 bits of addresses at most. */
const servicePrefixes = { least: 12, most: 28 } as const;
const portMax = 65_535;
/** Ports below it are those of the node's own services, and of well-known programs. */
const portMin = 1024;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** `30000-32767`, both inclusive. Undefined for what is not of this form. */
export function parsePortRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  return match === null ? undefined : { first: Number(match[1]), last: Number(match[2]) };
}

export interface NetworkError {
  readonly name: keyof ClusterNetworks;
  readonly why: string;
}

/** What is wrong with the networks. Nothing: a cluster can be made with them. */
export function networkErrors(networks: ClusterNetworks, taken: readonly TakenNetwork[] = []): readonly NetworkError[] {
  const { podCidr, serviceCidr, nodePortRange, dnsIp, clusterDomain, podNetwork } = networks;
  const podNetworkWhy = podNetworkError(podNetwork);
  const errors = [
    ...rangeErrors('podCidr', podCidr, podPrefixes),
    ...rangeErrors('serviceCidr', serviceCidr, servicePrefixes),
    ...portErrors(nodePortRange),
    ...dnsSubdomainErrors(clusterDomain).map((why): NetworkError => ({ name: 'clusterDomain', why: `${clusterDomain}: ${why}` })),
    ...(podNetworkWhy === undefined ? [] : [{ name: 'podNetwork', why: podNetworkWhy } as const]),
  ];
  if (errors.length > 0) return errors;
  const pods: TakenNetwork = { cidr: podCidr, owner: "the pods' network" };
  return [
    ...overlapErrors('podCidr', podCidr, taken),
    ...overlapErrors('serviceCidr', serviceCidr, [pods, ...taken]),
    ...dnsErrors(dnsIp, parseIpv4Range(serviceCidr), [pods, ...taken]),
  ];
}

interface PrefixLimits {
  readonly least: number;
  readonly most: number;
}

function rangeErrors(name: NetworkError['name'], cidr: string, { least, most }: PrefixLimits): readonly NetworkError[] {
  const range = readIpv4Range(cidr);
  if (range === undefined) return [{ name, why: `${cidr} is not a network such as 10.0.0.0/16` }];
  if (rangeText(range) !== cidr) return [{ name, why: `${cidr} is an address inside a network; the network is ${rangeText(range)}` }];
  return range.prefix < least || range.prefix > most ? [{ name, why: `${cidr}: the prefix must be from /${least} to /${most}` }] : [];
}

function portErrors(text: string): readonly NetworkError[] {
  const name = 'nodePortRange';
  const ports = parsePortRange(text);
  if (ports === undefined) return [{ name, why: `${text} is not of the form 30000-32767` }];
  const isInOrder = ports.first >= portMin && ports.first <= ports.last && ports.last <= portMax;
  return isInOrder ? [] : [{ name, why: `${text}: the ports must be in order, from ${portMin} to ${portMax}` }];
}

function overlapErrors(name: NetworkError['name'], cidr: string, taken: readonly TakenNetwork[]): readonly NetworkError[] {
  const range = parseIpv4Range(cidr);
  return taken
    .filter((other) => overlap(range, parseIpv4Range(other.cidr)))
    .map((other) => ({ name, why: `${cidr} overlaps with ${other.owner}, ${other.cidr}` }));
}

/** The address may be one of the Services' network: then no Service gets it. */
function dnsErrors(dnsIp: string, services: Ipv4Range, taken: readonly TakenNetwork[]): readonly NetworkError[] {
  const name = 'dnsIp';
  if (readIpv4Range(`${dnsIp}/32`) === undefined) return [{ name, why: `${dnsIp} is not an IPv4 address` }];
  const offset = ipv4Number(dnsIp) - services.first;
  if ([0, 1, services.size - 1].includes(offset)) return [{ name, why: `${dnsIp} has another use in the Services' network` }];
  return overlapErrors(name, `${dnsIp}/32`, taken);
}

const overlap = (one: Ipv4Range, other: Ipv4Range): boolean => one.first < other.first + other.size && other.first < one.first + one.size;
