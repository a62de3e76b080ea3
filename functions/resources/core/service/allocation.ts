/**
 * Addresses and node ports of Services, given out at the commit point. There is no allocator beside the Services: what
 * they have is taken, and nothing has to be released. Source: pkg/registry/core/service/{storage/alloc,ipallocator}.
 */
import { isIPv4 } from 'node:net';
import { type ClusterNetworks, type PortRange, parsePortRange } from '../../../kube/cluster-networks.ts';
import { conditionOf } from '../../../kube/conditions.ts';
import { semanticallyEqual } from '../../../kube/equality.ts';
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import type { Service, ServiceCIDR } from '../../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf } from '../../../kube/object.ts';
import { groupResource, serviceCIDRs } from '../../../kube/resource-type.ts';
import { StatusError } from '../../../kube/status-error.ts';
import type { View } from '../../../kube/view.ts';
import type { CommitRule, WriteContext } from '../../definition.ts';
import { type Ipv4Range, addressAt, ipv4Number, isInRange, parseIpv4Range, rangeText, readIpv4Range } from '../../../kube/ipv4.ts';
import { isHeadless, needsClusterIp, needsNodePorts } from './defaults.ts';

export function serviceAllocation({ serviceCidr, nodePortRange, dnsIp }: ClusterNetworks): CommitRule<Service> {
  const ips = parseIpv4Range(serviceCidr);
  const ports = parsePortRange(nodePortRange);
  if (ports === undefined) throw new Error(`invalid port range: ${nodePortRange}`);
  return {
    lists: ['services', serviceCidrResource],
    apply({ next, current }, view, context) {
      if (!needsClusterIp(next) || isSettled(next, current)) return {};
      const others = otherServices(next, view);
      return {
        errors: [
          ...allocateClusterIp(next, others, { ranges: [ips, ...addedRanges(view, ips)], dnsIp, context }),
          ...allocateNodePorts(next, others, { ports, context }),
        ],
      };
    },
  };
}

const serviceCidrResource = groupResource(serviceCIDRs);

/** What ServiceCIDRs add to the cluster's own range, as soon as they are ready and until they are deleted. */
function addedRanges(view: View, own: Ipv4Range): Ipv4Range[] {
  return view
    .list(serviceCidrResource)
    .map(({ object }) => object as ServiceCIDR)
    .filter((cidr) => !isTerminating(cidr) && conditionOf(cidr.status?.conditions, 'Ready')?.status === 'True')
    .flatMap(({ spec }) => spec?.cidrs ?? [])
    .map(readIpv4Range)
    .filter((range) => range !== undefined)
    .filter(({ first, size }) => first !== own.first || size !== own.size);
}

/** Nothing to give out and nothing new to check: so are most writes, and they need not read the others. */
const isSettled = ({ spec }: Service, current: Service | undefined): boolean =>
  current !== undefined && !!spec.clusterIPs?.length && semanticallyEqual(spec, current.spec);

const otherServices = (service: Service, view: View): readonly Service[] =>
  view
    .list('services')
    .filter(({ key }) => key.name !== nameOf(service) || key.namespace !== namespaceOf(service))
    .map(({ object }) => object as Service);

function allocateClusterIp(
  next: Service,
  others: readonly Service[],
  { ranges, dnsIp, context }: { ranges: readonly Ipv4Range[]; dnsIp: string; context: WriteContext },
): FieldError[] {
  if (isHeadless(next)) return [];
  const taken = new Set(others.flatMap(({ spec }) => spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : [])));
  // The nodes' own name server may have an address among those of Services.
  taken.add(dnsIp);
  const asked = next.spec.clusterIPs?.[0] ?? next.spec.clusterIP;
  if (asked) return askedIpErrors(asked, taken, ranges.find((range) => isHostIn(range, asked)) ?? ranges[0]);
  let ip: string | undefined;
  for (const range of ranges) ip ??= freeIp(range, taken, context);
  if (ip === undefined) throw internalError('failed to allocate a serviceIP: range is full');
  next.spec.clusterIP = ip;
  next.spec.clusterIPs = [ip];
  return [];
}

const isHostIn = (range: Ipv4Range, ip: string): boolean =>
  isIPv4(ip) && isInRange(range, ipv4Number(ip)) && isHost(range, ipv4Number(ip) - range.first);

function askedIpErrors(ip: string, taken: ReadonlySet<string>, range: Ipv4Range | undefined): FieldError[] {
  const refused = (why: string): FieldError[] => [invalid('spec.clusterIPs', [ip], `failed to allocate IP ${ip}: ${why}`)];
  if (range === undefined || !isHostIn(range, ip)) {
    const valid = range === undefined ? '' : rangeText(range);
    return refused(`the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${valid}`);
  }
  return taken.has(ip) ? refused('provided IP is already allocated') : [];
}

/** The first address names the network, and the last one is its broadcast address. */
const isHost = ({ size }: Ipv4Range, offset: number): boolean => offset >= 1 && offset <= size - 2;

/** Addresses below this offset are left to those who ask for one by name. */
const staticOffsets = (size: number): number => (size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256));

function freeIp(range: Ipv4Range, taken: ReadonlySet<string>, context: WriteContext): string | undefined {
  const start = Math.max(1, staticOffsets(range.size) + 1);
  const end = range.size - 2;
  return freeIpWithin(range, taken, { start, end, context }) ?? freeIpWithin(range, taken, { start: 1, end: start - 1, context });
}

function freeIpWithin(
  range: Ipv4Range,
  taken: ReadonlySet<string>,
  { start, end, context }: { start: number; end: number; context: WriteContext },
): string | undefined {
  const count = end - start + 1;
  const from = Math.floor(context.random() * count);
  // One more try than there are taken addresses must find a free one, if there is any.
  for (let tried = 0; tried < Math.min(count, taken.size + 1); tried += 1) {
    const ip = addressAt(range, start + ((from + tried) % count));
    if (!taken.has(ip)) return ip;
  }
  return undefined;
}

function allocateNodePorts(
  next: Service,
  others: readonly Service[],
  { ports, context }: { ports: PortRange; context: WriteContext },
): FieldError[] {
  const needed = next.spec.ports ?? [];
  const taken = new Set(others.flatMap(nodePortsOf));
  const errors: FieldError[] = [];
  if (!needsNodePorts(next) && needed.every(({ nodePort }) => !nodePort)) return [];
  needed.forEach(({ nodePort }, index) => {
    if (nodePort) errors.push(...askedPortErrors(nodePort, taken, { ports, field: `spec.ports[${index}].nodePort` }));
  });
  if (errors.length > 0) return errors;
  for (const { nodePort } of needed) if (nodePort) taken.add(nodePort);
  for (const port of needed) {
    if (port.nodePort || !needsNodePorts(next)) continue;
    // TCP and UDP of one port number share their node port.
    const twin = needed.find((other) => other !== port && other.port === port.port && other.protocol !== port.protocol && other.nodePort);
    port.nodePort = twin?.nodePort ?? freePort(ports, taken, context);
    taken.add(port.nodePort);
  }
  return [...errors, ...allocateHealthPort(next, taken, { ports, context })];
}

const nodePortsOf = ({ spec }: Service): number[] =>
  [...(spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0), spec.healthCheckNodePort ?? 0].filter((port) => port !== 0);

function askedPortErrors(port: number, taken: ReadonlySet<number>, { ports, field }: { ports: PortRange; field: string }): FieldError[] {
  if (port < ports.first || port > ports.last) {
    const why = `provided port is not in the valid range. The range of valid ports is ${ports.first}-${ports.last}`;
    return [invalid(field, port, why)];
  }
  return taken.has(port) ? [invalid(field, port, 'provided port is already allocated')] : [];
}

function freePort({ first, last }: PortRange, taken: ReadonlySet<number>, context: WriteContext): number {
  const count = last - first + 1;
  const from = Math.floor(context.random() * count);
  for (let tried = 0; tried < count; tried += 1) {
    const port = first + ((from + tried) % count);
    if (!taken.has(port)) return port;
  }
  throw internalError('failed to allocate a nodePort: range is full');
}

/** Load balancers ask each node whether it has endpoints, on a port of its own. */
function allocateHealthPort(
  next: Service,
  taken: Set<number>,
  { ports, context }: { ports: PortRange; context: WriteContext },
): FieldError[] {
  const { spec } = next;
  if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return [];
  if (spec.healthCheckNodePort) return askedPortErrors(spec.healthCheckNodePort, taken, { ports, field: 'spec.healthCheckNodePort' });
  spec.healthCheckNodePort = freePort(ports, taken, context);
  return [];
}

const internalError = (why: string): StatusError => new StatusError(500, 'InternalError', `Internal error occurred: ${why}`);
