/**
 * From a Service and its pods to the subsets of its Endpoints object, in canonical order. Pure.
 * Source: pkg/controller/endpoint/endpoints_controller.go; pkg/api/v1/endpoints/util.go, RepackSubsets.
 */
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from '../../kube/generated/types.ts';
import { isPodReady } from '../../kube/pod.ts';
import type { ResolvedPort } from '../shared/service-pods.ts';
import { hostnameUnder, isEndpoint, podAddresses, portsOnPod, targetOf } from '../shared/service-pods.ts';

/** Addresses in one Endpoints object; clients that need more read EndpointSlices. */
const addressesMax = 1000;

interface Entry {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly ports: readonly ResolvedPort[];
}

export function subsetsOf(service: Service, pods: readonly Pod[]): EndpointSubset[] {
  const entries = pods.flatMap((pod) => entryOf(service, pod) ?? []);
  // The ready ones are the last to be left out.
  const counted = [...entries.filter(({ ready }) => ready), ...entries.filter(({ ready }) => !ready)].slice(0, addressesMax);
  const byPorts = new Map<string, Entry[]>();
  for (const entry of counted) {
    const text = JSON.stringify(entry.ports);
    byPorts.set(text, [...(byPorts.get(text) ?? []), entry]);
  }
  return [...byPorts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => subsetOf(group));
}

function entryOf(service: Service, pod: Pod): Entry | undefined {
  const wantsIPv6 = service.spec?.ipFamilies?.[0] === 'IPv6';
  const ip = podAddresses(pod).find((address) => address.includes(':') === wantsIPv6);
  const publishesNotReady = service.spec?.publishNotReadyAddresses === true;
  if (ip === undefined || !isEndpoint(pod, publishesNotReady)) return undefined;
  const ports = portsOnPod(service, pod);
  if (ports.length === 0 && (service.spec?.ports ?? []).length > 0) return undefined;
  const hostname = hostnameUnder(service, pod);
  const address = {
    ...(hostname !== undefined && { hostname }),
    ip,
    ...(pod.spec?.nodeName !== undefined && { nodeName: pod.spec.nodeName }),
    targetRef: targetOf(pod),
  };
  return { address, ready: publishesNotReady || isPodReady(pod), ports };
}

function subsetOf(entries: readonly Entry[]): EndpointSubset {
  const addresses = addressesOf(entries, true);
  const notReadyAddresses = addressesOf(entries, false);
  const ports = (entries[0]?.ports ?? []).map(endpointPort);
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports }),
  };
}

const addressesOf = (entries: readonly Entry[], ready: boolean): EndpointAddress[] =>
  entries
    .filter((entry) => entry.ready === ready)
    .map(({ address }) => address)
    .sort((a, b) => (`${a.ip} ${a.targetRef?.uid}` < `${b.ip} ${b.targetRef?.uid}` ? -1 : 1));

const endpointPort = ({ name, ...port }: ResolvedPort): EndpointPort => ({ ...(name !== '' && { name }), ...port });
