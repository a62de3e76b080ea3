/** What the name server knows of Services and EndpointSlices: who has which name and which address. Pure. */
import { parseIp } from '../../functions/kube/ip.ts';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';

export interface NamedPort {
  readonly name: string;
  /** As in SRV names: tcp, udp, sctp. */
  readonly protocol: string;
  readonly port: number;
}

export interface IndexedEndpoint {
  readonly address: string;
  /** The pod's hostname, or its address with dashes. */
  readonly label: string;
  readonly ports: readonly NamedPort[];
}

export interface IndexedService {
  readonly namespace: string;
  readonly name: string;
  /** The Service's addresses; empty when it is headless. */
  readonly clusterIPs: readonly string[];
  readonly externalName: string | undefined;
  readonly ports: readonly NamedPort[];
  /** Those that are ready (or published before they are). */
  readonly endpoints: readonly IndexedEndpoint[];
}

export interface ServiceIndex {
  service(namespace: string, name: string): IndexedService | undefined;
  hasNamespace(namespace: string): boolean;
  /** `name.namespace` of cluster IPs, `label.name.namespace` of endpoints. */
  namesOf(address: string): readonly string[];
}

interface AnyPort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}

const namedPort = ({ name = '', protocol = 'TCP', port = 0 }: AnyPort): NamedPort => ({ name, protocol: protocol.toLowerCase(), port });

/** Source: CoreDNS plugin/kubernetes/object/endpoint.go: only ready addresses are published. */
function endpointsOf(slice: EndpointSlice): readonly IndexedEndpoint[] {
  const ports = (slice.ports ?? []).map(namedPort);
  return (slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready ?? true)
    .flatMap(({ addresses, hostname }) =>
      addresses.map((address) => ({
        address,
        label: hostname === undefined || hostname === '' ? address.replace(/[.:]/g, '-') : hostname.toLowerCase(),
        ports,
      })),
    );
}

function indexed(service: Service, slices: readonly EndpointSlice[]): IndexedService {
  const { metadata, spec } = service;
  const endpoints = new Map(slices.flatMap(endpointsOf).map((endpoint) => [`${endpoint.label} ${endpoint.address}`, endpoint]));
  const addresses = [spec.clusterIP, ...(spec.clusterIPs ?? [])].filter(
    (address) => address !== undefined && address !== '' && address !== 'None',
  );
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    clusterIPs: [...new Set(addresses)].filter((address) => address !== undefined),
    externalName: spec.type === 'ExternalName' ? (spec.externalName ?? '').replace(/\.$/, '') : undefined,
    ports: (spec.ports ?? []).map(namedPort),
    endpoints: [...endpoints.values()],
  };
}

export function serviceIndex(services: readonly Service[], endpointSlices: readonly EndpointSlice[]): ServiceIndex {
  const slices = Map.groupBy(endpointSlices, ({ metadata }) => `${metadata.namespace}/${metadata.labels?.['kubernetes.io/service-name']}`);
  const byName = new Map<string, IndexedService>();
  const names = new Map<string, string[]>();
  const addName = (address: string, name: string): void => {
    const key = address.includes(':') ? (parseIp(address)?.text ?? address) : address;
    const known = names.get(key) ?? [];
    if (!known.includes(name)) names.set(key, [...known, name]);
  };
  for (const service of services) {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    const entry = indexed(service, slices.get(key) ?? []);
    byName.set(key, entry);
    for (const address of entry.clusterIPs) addName(address, `${entry.name}.${entry.namespace}`);
    for (const { address, label } of entry.endpoints) addName(address, `${label}.${entry.name}.${entry.namespace}`);
  }
  const namespaces = new Set(services.map(({ metadata }) => metadata.namespace));
  return {
    service: (namespace, name) => byName.get(`${namespace}/${name}`),
    hasNamespace: (namespace) => namespaces.has(namespace),
    namesOf: (address) => names.get(address) ?? [],
  };
}
