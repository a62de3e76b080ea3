/**
 * Mirrors Endpoints that a user wrote by hand in EndpointSlices: one for each family of addresses and set of ports. Source: pkg/controller/endpointslicemirroring/reconciler.go and utils.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import type {
  DiscoveryEndpointPort,
  Endpoint,
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  Endpoints,
} from '../../kube/generated/types.ts';
import { annotationsOf, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { controllerReference } from '../../kube/owners.ts';
import { endpoints as endpointsType } from '../../kube/resource-type.ts';
import { managedByLabel, serviceNameLabel } from '../endpoint-slice/slices.ts';

export const managedBy = 'endpointslicemirroring-controller.k8s.io';
/** So that one slice holds what one subset does. */
export const addressesPerSubsetMax = 1000;

const skipMirrorLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const ownAnnotations = new Set(['endpoints.kubernetes.io/last-change-trigger-time', 'kubectl.kubernetes.io/last-applied-configuration']);

export const isMirrored = (endpoints: Endpoints): boolean =>
  labelsOf(endpoints)[skipMirrorLabel] !== 'true' && annotationsOf(endpoints)[leaderAnnotation] === undefined;

export interface MirrorPlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
  /** Addresses beyond what a subset may hold. */
  readonly skipped: number;
}

/** What a slice is about, as text: no two slices of one mirror have the same. */
const groupOf = ({ addressType, ports }: { addressType?: string; ports?: readonly (EndpointPort | DiscoveryEndpointPort)[] }): string =>
  JSON.stringify([
    addressType,
    (ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => JSON.stringify([name, port, protocol, appProtocol])).sort(),
  ]);

/** `slices`: those of these Endpoints that are there. */
export function planMirror(endpoints: Endpoints, slices: readonly EndpointSlice[]): MirrorPlan {
  const { wanted, skipped } = wantedSlices(endpoints);
  const [create, update, kept]: [EndpointSlice[], EndpointSlice[], Set<string>] = [[], [], new Set()];
  for (const [group, slice] of wanted) {
    const before = slices.find((other) => groupOf(other) === group);
    if (before === undefined) {
      create.push(slice);
      continue;
    }
    kept.add(nameOf(before));
    const { labels, annotations } = slice.metadata;
    const isSame =
      deepEqual(before.endpoints ?? [], slice.endpoints) &&
      deepEqual(labelsOf(before), labels) &&
      deepEqual(annotationsOf(before), annotations);
    if (!isSame) update.push({ ...before, metadata: { ...before.metadata, labels, annotations }, endpoints: slice.endpoints });
  }
  return { create, update, remove: slices.filter((slice) => !kept.has(nameOf(slice))), skipped };
}

function wantedSlices(endpoints: Endpoints): { wanted: Map<string, EndpointSlice>; skipped: number } {
  const members = new Map<string, Endpoint[]>();
  const wanted = new Map<string, EndpointSlice>();
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of endpoints.subsets ?? []) {
    const ready = addresses.map((address) => endpointOf(address, true));
    for (const endpoint of [...ready, ...notReadyAddresses.map((address) => endpointOf(address, false))]) {
      const addressType = endpoint.addresses[0]?.includes(':') === true ? 'IPv6' : 'IPv4';
      const group = groupOf({ addressType, ports });
      // Subsets with the same ports share a slice.
      const own = members.get(group) ?? [];
      members.set(group, own);
      if (own.length >= addressesPerSubsetMax) skipped += 1;
      else own.push(endpoint);
      if (!wanted.has(group)) wanted.set(group, sliceOf(endpoints, addressType, { ports: ports.map(slicePort), endpoints: own }));
    }
  }
  return { wanted, skipped };
}

const endpointOf = ({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname !== undefined && hostname !== '' && { hostname }),
  ...(nodeName !== undefined && { nodeName }),
  ...(targetRef !== undefined && { targetRef }),
});

const slicePort = ({ name = '', port, protocol = 'TCP', appProtocol }: EndpointPort): DiscoveryEndpointPort => ({
  name,
  port,
  protocol,
  ...(appProtocol !== undefined && { appProtocol }),
});

const sliceOf = (
  endpoints: Endpoints,
  addressType: 'IPv4' | 'IPv6',
  content: Pick<EndpointSlice, 'ports' | 'endpoints'>,
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    namespace: namespaceOf(endpoints),
    generateName: `${nameOf(endpoints)}-`,
    labels: { ...labelsOf(endpoints), [serviceNameLabel]: nameOf(endpoints), [managedByLabel]: managedBy },
    annotations: Object.fromEntries(Object.entries(annotationsOf(endpoints)).filter(([name]) => !ownAnnotations.has(name))),
    ownerReferences: [controllerReference(endpointsType, endpoints)],
  },
  addressType,
  ...content,
});
