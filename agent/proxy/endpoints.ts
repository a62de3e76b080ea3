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
  /** The node it runs on, when somebody said so. */
  readonly nodeName: string | undefined;
}

interface Candidate extends Target {
  readonly ready: boolean;
  /** Still answers while it ends: better than nothing when nothing is ready. */
  readonly lingering: boolean;
}

const serviceLabel = 'kubernetes.io/service-name';

/** Slices by the `namespace/name` of the service that they belong to. */
export function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata.labels?.[serviceLabel];
    if (service === undefined || slice.addressType !== 'IPv4') continue;
    const key = `${slice.metadata.namespace}/${service}`;
    const others = found.get(key);
    if (others === undefined) found.set(key, [slice]);
    else others.push(slice);
  }
  return found;
}

/** Without endpoints on this machine itself, or at its metadata service: whoever wrote the slice is not to be believed. */
export const withoutSpecialAddresses = (slice: EndpointSlice): EndpointSlice => ({
  ...slice,
  endpoints: (slice.endpoints ?? []).filter(({ addresses }) => addresses.every((address) => specialIpProblem(address) === undefined)),
});

/** What may get traffic, in an order that does not depend on the order of the slices. */
export function usableTargets(candidates: readonly Candidate[]): readonly Target[] {
  const ready = candidates.filter((candidate) => candidate.ready);
  return ready.length > 0 ? ready : candidates.filter((candidate) => candidate.lingering);
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

function candidateOf({ addresses, conditions = {}, nodeName }: Endpoint, port: number): Candidate | undefined {
  const [address] = addresses;
  if (address === undefined) return undefined;
  // Unknown counts as ready; serving, when nobody says, follows readiness.
  const ready = conditions.ready ?? true;
  const lingering = (conditions.serving ?? ready) && conditions.terminating === true;
  return { address, port, nodeName, ready, lingering };
}

/** Services that have no address to be translated, or that another proxy looks after. */
export function isProxied({ metadata, spec }: Service): boolean {
  if (spec.type === 'ExternalName' || !isIPv4(spec.clusterIP)) return false;
  return metadata.labels?.['service.kubernetes.io/service-proxy-name'] === undefined;
}

export const isIPv4 = (address: string | undefined): address is string => address !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(address);
