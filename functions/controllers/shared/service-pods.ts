/**
 * Which pods stand behind a Service, and under which of its ports. Pure, but for reading the cache.
 * Source: endpointslice/util/controller_utils.go; pkg/api/v1/pod/util.go, FindPort.
 */
import type { Pod, Service, ServicePort } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf, selectorOf } from '../../kube/labels.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { isTerminating, labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { pods, services } from '../../kube/resource-type.ts';
import type { Cache, Watch } from '../../workers/controller.ts';
import { watch } from '../../workers/controller.ts';

const headlessLabel = 'service.kubernetes.io/headless';

export const isHeadless = (service: Service): boolean => service.spec?.clusterIP === 'None';

/** The controllers manage endpoints of Services with a selector; users manage those of others. */
export const selectsPods = (service: Service): boolean => service.spec?.type !== 'ExternalName' && service.spec?.selector !== undefined;

export function podsOfService(service: Service, cache: Cache): Pod[] {
  const selector = requirementsOf(selectorOf(service.spec?.selector ?? {}));
  return cache.list(pods, namespaceOf(service)).filter((pod) => matchesLabels(selector, labelsOf(pod)));
}

/** Has an address and has not ended for good. */
export function isEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  return !isPodFinished(pod) && podAddresses(pod).length > 0 && (includeTerminating || !isTerminating(pod));
}

export function podAddresses(pod: Pod): string[] {
  const several = (pod.status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== '');
  const single = pod.status?.podIP ?? '';
  return several.length > 0 || single === '' ? several : [single];
}

export interface ResolvedPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** The Service's ports as numbers on this pod; ports whose name the pod does not know are left out. */
export function portsOnPod(service: Service, pod: Pod): ResolvedPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const port = numberOnPod(servicePort, pod);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) }];
  });
}

function numberOnPod({ port, protocol = 'TCP', targetPort }: ServicePort, pod: Pod): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === '') return port;
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const containers = [...(pod.spec?.containers ?? []), ...sidecars];
  const ports = containers.flatMap((container) => container.ports ?? []);
  return ports.find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** A pod with this subdomain has a name of its own under the Service. */
export function hostnameUnder(service: Service, pod: Pod): string | undefined {
  const { hostname = '', subdomain } = pod.spec ?? {};
  return hostname !== '' && subdomain === nameOf(service) && namespaceOf(pod) === namespaceOf(service) ? hostname : undefined;
}

/** Wakes the Services that a changed pod stands behind, or stood behind before. */
export const watchPodsOfServices: Watch = watch<Pod>(pods, ({ object, previous }, cache) => {
  const labels = [labelsOf(object), ...(previous === undefined ? [] : [previous.labels])];
  return cache
    .list(services, namespaceOf(object))
    .filter((service) => selectsPods(service))
    .filter((service) => labels.some((some) => matchesLabels(requirementsOf(selectorOf(service.spec?.selector ?? {})), some)))
    .map((service): ObjectName => ({ namespace: namespaceOf(service), name: nameOf(service) }));
});

export const targetOf = (pod: Pod): { kind: string; namespace: string; name: string; uid: string } => ({
  kind: 'Pod',
  namespace: namespaceOf(pod),
  name: nameOf(pod),
  uid: pod.metadata.uid ?? '',
});

/** The labels of the Service, and the marks that go with them. */
export function labelsWith(service: KubeObject, marks: Readonly<Record<string, string>>, headless: boolean): Record<string, string> {
  const { [headlessLabel]: _headless, ...labels } = labelsOf(service);
  return { ...labels, ...marks, ...(headless && { [headlessLabel]: '' }) };
}
