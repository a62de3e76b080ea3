/**
 * From Services and EndpointSlices to the contents of the kernel's tables: pure.
 *
 * The rules themselves are few and fixed (nftables.ts); a service is only elements in maps. So the kernel finds a packet's
 * target in constant time. A change of one service changes its elements only, however many other services there are.
 */
import type { EndpointSlice, Service, ServicePort } from '../../functions/kube/generated/types.ts';
import { specialIpProblem } from '../../functions/kube/special-ip.ts';
import {
  lastingNumbers,
  localChain,
  localNumbers,
  memoryOf,
  randomChain,
  separateRanges,
  sourcesChain,
  stickyChain,
  type Chain,
  type Entry,
  type Memory,
  type Numbered,
} from './chains.ts';
import { candidatesOf, isIPv4, isProxied, targetsOf, type NodeLocation, type Target, type Targets } from './endpoints.ts';

/** Sets are maps whose values are ''. Keys and values are nft's own text. */
export type Elements = ReadonlyMap<string, string>;

export const mapNames = [
  'service_ips',
  'service_endpoints',
  'node_ports',
  'node_port_endpoints',
  'cluster_ips',
  'node_ips',
  'refused_ips',
  'refused_node_ports',
  'hairpins',
  'firewalled_ips',
  'service_cidrs',
] as const;
export type MapName = (typeof mapNames)[number];

export interface ServiceRules {
  readonly maps: Readonly<Record<MapName, Elements>>;
  /** The chains that the maps go to, and those that these go to, by name. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** What the kernel remembers of clients: kept from one content to the next. */
  readonly memories: ReadonlySet<string>;
}

/** The settings of the node that rules depend on besides services. */
export interface Surroundings extends NodeLocation {
  /** The range of all pods. */
  readonly clusterCidr: string;
}

/** One address and port at which a port of a service can be reached on this node. */
interface Opening {
  /** As the maps of verdicts have it. */
  readonly key: string;
  readonly isNodePort: boolean;
}

class Tables {
  readonly chains = new Map<string, readonly string[]>();
  readonly memories = new Set<string>();
  readonly maps: Record<MapName, Map<string, string>> = {
    service_ips: new Map(),
    service_endpoints: new Map(),
    node_ports: new Map(),
    node_port_endpoints: new Map(),
    cluster_ips: new Map(),
    node_ips: new Map(),
    refused_ips: new Map(),
    refused_node_ports: new Map(),
    hairpins: new Map(),
    firewalled_ips: new Map(),
    service_cidrs: new Map(),
  };

  /** The name to go to. */
  chain({ name, lines }: Chain): string {
    this.chains.set(name, lines);
    return name;
  }

  verdict({ key, isNodePort }: Opening, verdict: string): void {
    this.maps[isNodePort ? 'node_ports' : 'service_ips'].set(key, verdict);
  }

  refuse({ key, isNodePort }: Opening): void {
    this.maps[isNodePort ? 'refused_node_ports' : 'refused_ips'].set(key, '');
  }

  endpoints({ key, isNodePort }: Opening, endpoints: Numbered): void {
    const map = this.maps[isNodePort ? 'node_port_endpoints' : 'service_endpoints'];
    for (const [number, { address, port }] of endpoints) {
      map.set(`${key} . ${number}`, `${address} . ${port}`);
      this.maps.hairpins.set(`${address} . ${address}`, '');
    }
  }
}

/** What does not depend on services: the addresses of a node at which NodePorts are served, and the ranges of cluster IPs. */
export function nodeRules(addresses: readonly string[], serviceCidrs: readonly string[]): ServiceRules {
  const tables = new Tables();
  for (const range of separateRanges(serviceCidrs)) tables.maps.service_cidrs.set(range, '');
  for (const address of addresses.filter(isIPv4)) tables.maps.node_ips.set(address, '');
  return tables;
}

/** What one service adds to the tables, with its slices. */
export function rulesOf(service: Service, slices: readonly EndpointSlice[], surroundings: Surroundings): ServiceRules {
  const tables = new Tables();
  if (!isProxied(service)) return tables;
  for (const address of clusterIPs(service)) tables.maps.cluster_ips.set(address, '');
  for (const port of service.spec.ports ?? []) {
    const targets = targetsOf(candidatesOf(port, slices), surroundings);
    new PortRules({ tables, service, port, targets, clusterCidr: surroundings.clusterCidr }).add();
  }
  return tables;
}

const clusterIPs = ({ spec }: Service): readonly string[] => [...new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])])].filter(isIPv4);

/** Where the machine itself or its metadata service answers, a Service would take its packets. */
const isOfNoMachine = (address: string): boolean => specialIpProblem(address) === undefined;

const balancerIPs = ({ status }: Service): readonly string[] =>
  (status?.loadBalancer?.ingress ?? [])
    .filter(({ ipMode }) => ipMode !== 'Proxy')
    .map(({ ip }) => ip)
    .filter(isIPv4)
    .filter(isOfNoMachine);

const affinitySecondsDefault = 10_800;

function memoryFor({ metadata, spec }: Service, { name = '', protocol = 'TCP' }: ServicePort): Memory | undefined {
  if (spec.sessionAffinity !== 'ClientIP') return undefined;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinitySecondsDefault;
  return memoryOf(`${metadata.namespace}/${metadata.name}:${name}/${protocol}`, seconds);
}

interface PortParts {
  readonly tables: Tables;
  readonly service: Service;
  readonly port: ServicePort;
  readonly targets: Targets;
  readonly clusterCidr: string;
}

/** What one port of a service adds to the tables. */
class PortRules {
  readonly #parts: PortParts;
  readonly #memory: Memory | undefined;
  readonly #cluster: Numbered;
  readonly #local: Numbered;

  constructor(parts: PortParts) {
    this.#parts = parts;
    this.#memory = memoryFor(parts.service, parts.port);
    const { cluster, local } = parts.targets;
    this.#cluster = this.#numbered(cluster, 0);
    this.#local = this.#numbered(local, localNumbers);
  }

  #numbered(targets: readonly Target[], first: number): Numbered {
    return this.#memory === undefined ? targets.map((target, index) => [first + index, target] as const) : lastingNumbers(targets);
  }

  add(): void {
    const { service, port } = this.#parts;
    const protocol = (port.protocol ?? 'TCP').toLowerCase();
    const at = (address: string): Opening => ({ key: `${address} . ${protocol} . ${port.port}`, isNodePort: false });
    for (const address of clusterIPs(service)) this.#inside(at(address));
    for (const address of (service.spec.externalIPs ?? []).filter(isIPv4).filter(isOfNoMachine)) this.#outside(at(address));
    for (const address of balancerIPs(service)) {
      this.#outside(at(address));
      this.#firewall(at(address));
    }
    if (port.nodePort !== undefined && port.nodePort !== 0) this.#outside({ key: `${protocol} . ${port.nodePort}`, isNodePort: true });
  }

  #draw(endpoints: Numbered, entry: Entry): string | undefined {
    if (endpoints.length === 0) return undefined;
    if (this.#memory === undefined) return this.#parts.tables.chain(randomChain(endpoints, entry));
    this.#parts.tables.memories.add(this.#memory.name);
    return this.#parts.tables.chain(stickyChain(endpoints, entry, this.#memory));
  }

  #inside(opening: Opening): void {
    const { tables, service, targets } = this.#parts;
    const endpoints = service.spec.internalTrafficPolicy === 'Local' ? this.#local : this.#cluster;
    const chain = this.#draw(endpoints, 'from_inside');
    tables.endpoints(opening, endpoints);
    if (chain !== undefined) tables.verdict(opening, `goto ${chain}`);
    // Callers may try other nodes where the policy leaves none here; where there is none at all they may as well give up.
    else if (targets.isAny) tables.verdict(opening, 'drop');
    else tables.refuse(opening);
  }

  #outside(opening: Opening): void {
    const { tables, service, targets, clusterCidr } = this.#parts;
    const [hidden, kept] = opening.isNodePort
      ? (['node_port', 'node_port_kept_source'] as const)
      : (['from_outside', 'kept_source'] as const);
    if (!targets.isAny) return tables.refuse(opening);
    tables.endpoints(opening, this.#cluster);
    if (service.spec.externalTrafficPolicy !== 'Local') return tables.verdict(opening, `goto ${this.#draw(this.#cluster, hidden)}`);
    tables.endpoints(opening, this.#local);
    const ways = {
      fromPods: this.#draw(this.#cluster, kept),
      fromNode: this.#draw(this.#cluster, hidden),
      fromOutside: this.#draw(this.#local, kept),
    };
    tables.verdict(opening, `goto ${tables.chain(localChain(ways, clusterCidr))}`);
  }

  /** Only a balancer's own addresses: an external IP is for all. */
  #firewall({ key }: Opening): void {
    const { tables, service } = this.#parts;
    const chain = sourcesChain(service.spec.loadBalancerSourceRanges ?? []);
    if (chain !== undefined) tables.maps.firewalled_ips.set(key, `goto ${tables.chain(chain)}`);
  }
}
