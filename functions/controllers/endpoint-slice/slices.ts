/**
 * Plans the EndpointSlices of a Service from its pods, with as few changes of present slices as possible.
 * Source: endpointslice/reconciler.go and utils.go.
 */
import { copy } from '../../kube/copy.ts';
import { semanticallyEqual } from '../../kube/equality.ts';
import type { DiscoveryEndpointPort, Endpoint, EndpointSlice, Node, Pod, Service } from '../../kube/generated/types.ts';
import { annotationsOf, isTerminating, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { controllerReference } from '../../kube/owners.ts';
import { isPodReady } from '../../kube/pod.ts';
import { services } from '../../kube/resource-type.ts';
import type { ResolvedPort } from '../shared/service-pods.ts';
import { hostnameUnder, isEndpoint, isHeadless, labelsWith, podAddresses, portsOnPod, targetOf } from '../shared/service-pods.ts';
import { triggerTime, triggerTimeAnnotation, withTriggerTime } from '../shared/trigger-time.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managedBy = 'endpointslice-controller.k8s.io';
export const endpointsPerSliceMax = 100;

type AddressType = 'IPv4' | 'IPv6';

export interface SlicePlan {
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/** Pods that listen on the same numbers share slices. */
interface Group {
  readonly ports: readonly ResolvedPort[];
  readonly endpoints: Endpoint[];
}

export interface Surroundings {
  readonly pods: readonly Pod[];
  /** The slices of this Service that are there. */
  readonly slices: readonly EndpointSlice[];
  nodeNamed(name: string): Node | undefined;
}

function addressTypesOf(service: Service): AddressType[] {
  const families = service.spec?.ipFamilies ?? [];
  return families.length === 0 ? ['IPv4'] : families.map((family) => (family === 'IPv6' ? 'IPv6' : 'IPv4'));
}

export function planSlices(service: Service, surroundings: Surroundings): SlicePlan {
  const types = addressTypesOf(service);
  const create: EndpointSlice[] = [];
  const update: EndpointSlice[] = [];
  const remove = surroundings.slices.filter(({ addressType }) => !types.some((type) => type === addressType));
  for (const addressType of types) {
    const slices = surroundings.slices.filter((slice) => slice.addressType === addressType);
    const plan = planFamily(service, { ...surroundings, slices }, addressType);
    create.push(...plan.create);
    update.push(...plan.update);
    remove.push(...plan.remove);
  }
  return { create, update, remove };
}

function planFamily(service: Service, { pods, slices, nodeNamed }: Surroundings, addressType: AddressType): SlicePlan {
  const groups = groupsOf(service, pods, addressType, nodeNamed);
  const wanted: EndpointSlice[] = [];
  const create: EndpointSlice[] = [];
  for (const group of groups) {
    const own = slices.filter((slice) => semanticallyEqual(portsOf(slice), portsOf({ ports: slicePorts(group.ports) })));
    const filled = fill(group.endpoints, own);
    wanted.push(...filled.slices);
    for (const endpoints of filled.rest) create.push(newSlice(service, addressType, group.ports, endpoints));
  }
  if (groups.length === 0) {
    // A Service without endpoints keeps one empty slice, so that there is something to watch.
    const [placeholder] = slices;
    if (placeholder === undefined) create.push(newSlice(service, addressType, [], []));
    else wanted.push({ ...copy(placeholder), endpoints: [], ports: [] });
  }
  const labelled = wanted.map((slice) => ({ ...slice, metadata: { ...slice.metadata, labels: sliceLabels(service) } }));
  const update = labelled.filter((slice) => !slices.some((before) => nameOf(before) === nameOf(slice) && semanticallyEqual(before, slice)));
  const remove = slices.filter((before) => !labelled.some((slice) => nameOf(slice) === nameOf(before)));
  const time = triggerTime(service, pods, newestOf(slices));
  return { create: create.map((slice) => triggeredAt(slice, time)), update: update.map((slice) => triggeredAt(slice, time)), remove };
}

/** The one that was written last, by the trigger that it names. */
const newestOf = (slices: readonly EndpointSlice[]): EndpointSlice | undefined =>
  slices.toSorted((a, b) =>
    (annotationsOf(a)[triggerTimeAnnotation] ?? '') < (annotationsOf(b)[triggerTimeAnnotation] ?? '') ? 1 : -1,
  )[0];

function triggeredAt(slice: EndpointSlice, time: string | undefined): EndpointSlice {
  const { annotations: before = {}, ...metadata } = slice.metadata;
  const annotations = withTriggerTime(before, time);
  return { ...slice, metadata: { ...metadata, ...(Object.keys(annotations).length > 0 && { annotations }) } };
}

const portsOf = (slice: Pick<EndpointSlice, 'ports'>): unknown =>
  (slice.ports ?? []).map(({ name = '', port, protocol, appProtocol }) => ({ name, port, protocol, appProtocol })).sort(byText);

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const slicePorts = (ports: readonly ResolvedPort[]): DiscoveryEndpointPort[] => ports.map((port) => ({ ...port }));

function groupsOf(service: Service, pods: readonly Pod[], addressType: AddressType, nodeNamed: Surroundings['nodeNamed']): Group[] {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    if (!isEndpoint(pod, true)) continue;
    const addresses = podAddresses(pod).filter((address) => address.includes(':') === (addressType === 'IPv6'));
    if (addresses.length === 0) continue;
    const ports = portsOnPod(service, pod);
    // Only a headless Service may be without ports; otherwise the pod cannot be reached through it.
    if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) continue;
    const text = JSON.stringify([...ports].sort(byText));
    const group = groups.get(text) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, addresses, nodeNamed(pod.spec?.nodeName ?? '')));
    groups.set(text, group);
  }
  return [...groups.values()];
}

function endpointOf(service: Service, pod: Pod, addresses: string[], node: Node | undefined): Endpoint {
  const serving = isPodReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const hostname = hostnameUnder(service, pod);
  const zone = node === undefined ? undefined : labelsOf(node)['topology.kubernetes.io/zone'];
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname !== undefined && { hostname }),
    ...(pod.spec?.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    targetRef: targetOf(pod),
    ...(zone !== undefined && { zone }),
    ...(ready && hintsFor(service, zone, pod.spec?.nodeName)),
  };
}

/** Names of `trafficDistribution`; the first is the older name of the second. */
const nearDistributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const topologyAnnotations = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints'];

/** Whose callers should use the endpoint. Source: endpointslice/trafficdist/trafficdist.go; the annotation wins there, too. */
function hintsFor(service: Service, zone: string | undefined, nodeName: string | undefined): Pick<Endpoint, 'hints'> {
  const wanted = service.spec?.trafficDistribution ?? '';
  const hasMode = topologyAnnotations.some((name) => ['Auto', 'auto'].includes(annotationsOf(service)[name] ?? ''));
  if (hasMode || !nearDistributions.includes(wanted)) return {};
  const hints = {
    ...(zone !== undefined && { forZones: [{ name: zone }] }),
    ...(nodeName !== undefined && wanted === 'PreferSameNode' && { forNodes: [{ name: nodeName }] }),
  };
  return Object.keys(hints).length === 0 ? {} : { hints };
}

const targetText = ({ targetRef, addresses }: Endpoint): string => targetRef?.uid ?? addresses.join();

/** Endpoints stay in the slice where they are; new ones fill the gaps. `rest` is what needs slices of its own. */
function fill(endpoints: readonly Endpoint[], slices: readonly EndpointSlice[]): { slices: EndpointSlice[]; rest: Endpoint[][] } {
  const missing = new Map(endpoints.map((endpoint) => [targetText(endpoint), endpoint]));
  const kept = slices.map((slice) => {
    const next = copy(slice);
    next.endpoints = (slice.endpoints ?? []).flatMap((before) => {
      const endpoint = missing.get(targetText(before));
      missing.delete(targetText(before));
      return endpoint === undefined ? [] : [endpoint];
    });
    return next;
  });
  const left = [...missing.values()];
  for (const slice of kept) slice.endpoints?.push(...left.splice(0, endpointsPerSliceMax - slice.endpoints.length));
  const rest: Endpoint[][] = [];
  while (left.length > 0) rest.push(left.splice(0, endpointsPerSliceMax));
  return { slices: kept.filter((slice) => (slice.endpoints ?? []).length > 0), rest };
}

const sliceLabels = (service: Service): Record<string, string> =>
  labelsWith(service, { [serviceNameLabel]: nameOf(service), [managedByLabel]: managedBy }, isHeadless(service));

function newSlice(service: Service, addressType: AddressType, ports: readonly ResolvedPort[], endpoints: Endpoint[]): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: namespaceOf(service),
      generateName: `${nameOf(service)}-`,
      labels: sliceLabels(service),
      ownerReferences: [controllerReference(services, service)],
    },
    addressType,
    endpoints,
    ports: slicePorts(ports),
  };
}
