/**
 * Which endpoints a service's port may be sent to: pure.
 *
 * Source: pkg/proxy/topology.go CategorizeEndpoints, pkg/proxy/endpointslicecache.go.
 */
import type { Endpoint, EndpointSlice, Service, ServicePort } from '../../functions/kube/generated/types.ts';
import { specialIpProblem } from '../../functions/kube/special-ip.ts';

export interface Target {
  readonly address: string;
  readonly port: number;
}

interface Candidate extends Target {
  /** The node it runs on, where the slice names it. */
  readonly nodeName: string | undefined;
  readonly ready: boolean;
  /** Still answers while it ends: better than nothing when nothing is ready. */
  readonly lingering: boolean;
  /** For callers of these nodes and zones. */
  readonly forNodes: readonly string[];
  readonly forZones: readonly string[];
}

/** Where the caller is. */
export interface NodeLocation {
  readonly nodeName: string;
  /** Undefined for a node without the label of its zone. */
  readonly zone?: string | undefined;
}

const serviceLabel = 'kubernetes.io/service-name';

/** Source: pkg/proxy/apis/well_known_labels.go, and cmd/kube-proxy/app/server.go, which selects services and slices without them. */
const labelsOfOthers = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

const isOfOthers = ({ metadata }: EndpointSlice | Service): boolean =>
  labelsOfOthers.some((label) => metadata.labels?.[label] !== undefined);

/** Slices by the `namespace/name` of the service that they belong to. */
export function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata.labels?.[serviceLabel];
    if (service === undefined || slice.addressType !== 'IPv4' || isOfOthers(slice)) continue;
    const key = `${slice.metadata.namespace}/${service}`;
    const others = found.get(key);
    if (others === undefined) found.set(key, [slice]);
    else others.push(slice);
  }
  return found;
}

/** Leaves out endpoints on this machine itself or at its metadata service, which a slice's author must not expose. */
export function withoutSpecialAddresses(slice: EndpointSlice): EndpointSlice {
  const known = believed.get(slice);
  if (known !== undefined) return known;
  const { endpoints = [] } = slice;
  const left = endpoints.filter(({ addresses }) => addresses.every((address) => specialIpProblem(address) === undefined));
  const result = left.length === endpoints.length ? slice : { ...slice, endpoints: left };
  believed.set(slice, result);
  return result;
}

/** A slice that did not change is not read again, and stays the same object: so its service did not change either. */
const believed = new WeakMap<EndpointSlice, EndpointSlice>();

export interface Targets {
  /** For the policy `Cluster`; only near ones where the endpoints have hints. */
  readonly cluster: readonly Target[];
  /** The endpoints of this node, for the policy `Local`. */
  readonly local: readonly Target[];
  /** Whether any could be used, by whatever node. */
  readonly isAny: boolean;
}

/** In an order that does not depend on the order of the slices. */
export function targetsOf(candidates: readonly Candidate[], place: NodeLocation): Targets {
  const all = usable(candidates);
  return {
    cluster: near(all, place),
    local: usable(candidates.filter(({ nodeName }) => nodeName === place.nodeName)),
    isAny: all.length > 0,
  };
}

function usable(candidates: readonly Candidate[]): readonly Candidate[] {
  const ready = candidates.filter((candidate) => candidate.ready);
  return ready.length > 0 ? ready : candidates.filter((candidate) => candidate.lingering);
}

/** Hints count when every ready endpoint has them, and one of them means this place. */
function near(targets: readonly Candidate[], { nodeName, zone }: NodeLocation): readonly Candidate[] {
  const isReady = targets.every(({ ready }) => ready);
  if (!isReady) return targets;
  const ofNode = targets.filter(({ forNodes }) => forNodes.includes(nodeName));
  if (ofNode.length > 0 && targets.every(({ forNodes }) => forNodes.length > 0)) return ofNode;
  const ofZone = targets.filter(({ forZones }) => zone !== undefined && forZones.includes(zone));
  return ofZone.length > 0 && targets.every(({ forZones }) => forZones.length > 0) ? ofZone : targets;
}

export function candidatesOf(port: ServicePort, slices: readonly EndpointSlice[]): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    const number = slice.ports?.find((other) => isSamePort(other, port))?.port;
    if (number === undefined || number === null) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const candidate = candidateOf(endpoint, number);
      // The same address may be in two slices while one replaces the other.
      if (candidate !== undefined) found.set(`${candidate.address}:${candidate.port}`, candidate);
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, candidate]) => candidate);
}

const isSamePort = (a: { name?: string; protocol?: string }, b: ServicePort): boolean =>
  (a.name ?? '') === (b.name ?? '') && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');

const names = (hints: readonly { readonly name: string }[] | undefined): readonly string[] => (hints ?? []).map(({ name }) => name);

function candidateOf({ addresses, conditions = {}, nodeName, hints }: Endpoint, port: number): Candidate | undefined {
  const [address] = addresses;
  if (address === undefined) return undefined;
  // Unknown counts as ready; serving, where it is left out, follows readiness.
  const ready = conditions.ready ?? true;
  const lingering = (conditions.serving ?? ready) && conditions.terminating === true;
  return { address, port, nodeName, ready, lingering, forNodes: names(hints?.forNodes), forZones: names(hints?.forZones) };
}

/** Endpoints of this node that are ready: what a balancer asks for. Each counts once, however many ports it has. */
export function readyHere(slices: readonly EndpointSlice[], nodeName: string): number {
  const here = slices
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter((endpoint) => endpoint.nodeName === nodeName && (endpoint.conditions?.ready ?? true));
  return new Set(here.flatMap(({ addresses }) => addresses)).size;
}

/** False for Services without an IPv4 cluster IP, and for those of another proxy. */
export function isProxied(service: Service): boolean {
  const { type, clusterIP } = service.spec;
  return type !== 'ExternalName' && isIPv4(clusterIP) && !isOfOthers(service);
}

export const isIPv4 = (address: string | undefined): address is string => address !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(address);
