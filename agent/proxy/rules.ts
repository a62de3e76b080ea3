/**
 * From Services and EndpointSlices to the contents of the kernel's tables: pure.
 *
 * The rules themselves are few and fixed (nftables.ts); a service is only elements in maps. So the kernel looks a
 * packet up in constant time, and a change of one service is a change of its elements, however many others there are.
 */
import { createHash } from 'node:crypto';
import type { EndpointSlice, Service, ServicePort } from '../../functions/kube/generated/types.ts';
import { candidatesOf, isIPv4, isProxied, slicesByService, usableTargets, type Target } from './endpoints.ts';

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
] as const;
export type MapName = (typeof mapNames)[number];

export interface ServiceRules {
  readonly maps: Readonly<Record<MapName, Elements>>;
  /** The chains that the maps jump to; see `chainBody`. */
  readonly chains: ReadonlySet<string>;
}

export interface RulesInput {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  /** The addresses of this node at which NodePorts are served. */
  readonly nodeAddresses: readonly string[];
  readonly nodeName: string;
}

/** How a packet came in decides whether its source must be hidden; see the chains of these names. */
type Entry = 'from_inside' | 'from_outside' | 'kept_source' | 'node_port' | 'node_port_kept_source';

interface Opening {
  readonly entry: Entry;
  readonly protocol: string;
  readonly port: number;
  /** Undefined for a NodePort. */
  readonly address?: string;
  /** Upstream drops, and does not reject, what a Local policy leaves without endpoint. */
  readonly localOnly: boolean;
  readonly sticky: boolean;
  readonly targets: readonly Target[];
}

class Tables {
  readonly chains = new Set<string>();
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
  };
}

export function serviceRules({ services, endpointSlices, nodeAddresses, nodeName }: RulesInput): ServiceRules {
  const tables = new Tables();
  const slices = slicesByService(endpointSlices);
  for (const address of nodeAddresses.filter(isIPv4)) tables.maps.node_ips.set(address, '');
  for (const service of services.filter(isProxied)) {
    const own = slices.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [];
    for (const address of clusterIPs(service)) tables.maps.cluster_ips.set(address, '');
    for (const port of service.spec.ports ?? []) {
      for (const opening of openings(service, port, { slices: own, nodeName })) addOpening(tables, opening);
    }
  }
  return tables;
}

const clusterIPs = ({ spec }: Service): readonly string[] => [...new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])])].filter(isIPv4);

const externalIPs = ({ spec, status }: Service): readonly string[] => [
  ...(spec.externalIPs ?? []).filter(isIPv4),
  ...(status?.loadBalancer?.ingress ?? [])
    .filter(({ ipMode }) => ipMode !== 'Proxy')
    .map(({ ip }) => ip)
    .filter(isIPv4),
];

interface Surroundings {
  readonly slices: readonly EndpointSlice[];
  readonly nodeName: string;
}

/** Every address and port at which one port of a service can be reached on this node. */
function openings(service: Service, port: ServicePort, { slices, nodeName }: Surroundings): readonly Opening[] {
  const { spec } = service;
  const candidates = candidatesOf(port, slices);
  const everywhere = usableTargets(candidates);
  const here = usableTargets(candidates.filter((candidate) => candidate.nodeName === nodeName));
  const [insideLocal, outsideLocal] = [spec.internalTrafficPolicy === 'Local', spec.externalTrafficPolicy === 'Local'];
  const same = {
    protocol: (port.protocol ?? 'TCP').toLowerCase(),
    port: port.port,
    sticky: spec.sessionAffinity === 'ClientIP',
  };
  const inside = { ...same, entry: 'from_inside', localOnly: insideLocal, targets: insideLocal ? here : everywhere } as const;
  const outside = { ...same, localOnly: outsideLocal, targets: outsideLocal ? here : everywhere };
  return [
    ...clusterIPs(service).map((address): Opening => ({ ...inside, address })),
    ...externalIPs(service).map((address): Opening => ({ ...outside, entry: outsideLocal ? 'kept_source' : 'from_outside', address })),
    ...(port.nodePort === undefined || port.nodePort === 0
      ? []
      : [{ ...outside, port: port.nodePort, entry: outsideLocal ? ('node_port_kept_source' as const) : ('node_port' as const) }]),
  ];
}

function addOpening({ maps, chains }: Tables, opening: Opening): void {
  const { address, protocol, port, targets, sticky, entry, localOnly } = opening;
  const key = address === undefined ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`;
  const verdicts = address === undefined ? maps.node_ports : maps.service_ips;
  if (targets.length === 0) {
    if (localOnly) verdicts.set(key, 'drop');
    else (address === undefined ? maps.refused_node_ports : maps.refused_ips).set(key, '');
    return;
  }
  const slots = sticky ? stickySlots(targets) : targets;
  const chain = `${sticky ? 'sticky' : 'random'}_${slots.length}_${entry}`;
  chains.add(chain);
  verdicts.set(key, `goto ${chain}`);
  const endpoints = address === undefined ? maps.node_port_endpoints : maps.service_endpoints;
  slots.forEach((target, slot) => endpoints.set(`${key} . ${slot}`, `${target.address} . ${target.port}`));
  for (const target of targets) maps.hairpins.set(`${target.address} . ${target.address}`, '');
}

/** Enough that shares are even, few enough that a service stays small. */
const slotsOfSticky = 64;

/**
 * Clients are hashed to slots, and each slot belongs to the target that draws the highest lot for it. So when a target
 * goes, only its own clients move: affinity without remembering anybody.
 */
function stickySlots(targets: readonly Target[]): readonly Target[] {
  const lot = ({ address, port }: Target, slot: number): string => createHash('sha1').update(`${slot} ${address}:${port}`).digest('hex');
  return Array.from({ length: slotsOfSticky }, (_, slot) =>
    targets.map((target) => ({ target, lot: lot(target, slot) })).reduce((best, other) => (other.lot > best.lot ? other : best)),
  ).map(({ target }) => target);
}
