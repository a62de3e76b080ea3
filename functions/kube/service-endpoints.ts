/** Where a Service's requests may go when no node's network stands between. Source: apiserver, pkg/util/proxy/proxy.go (RandomEndpoint) */
import type { Endpoint, EndpointSlice } from './generated/types.ts';
import { groupResource, endpointSlices } from './resource-type.ts';
import { StatusError } from './status-error.ts';
import type { View } from './view.ts';

export interface ServiceEndpoint {
  readonly endpoint: Endpoint;
  readonly address: string;
  readonly port: number;
}

export interface EndpointChoice {
  readonly view: View;
  /** A random number in [0, 1). */
  random(): number;
  /** Refuses endpoints besides those that are not ready. */
  accepts?(endpoint: Endpoint): boolean;
}

const serviceNameLabel = 'kubernetes.io/service-name';

export const noEndpoints = (service: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', `no endpoints available for service ${JSON.stringify(service)}`);

export const slicesOf = (view: View, namespace: string, service: string): EndpointSlice[] =>
  view
    .list(groupResource(endpointSlices), namespace)
    .map(({ object }) => object as EndpointSlice)
    .filter(({ metadata }) => metadata?.labels?.[serviceNameLabel] === service);

/** Throws when no endpoint is ready. */
export function chooseEndpoint(
  service: { readonly namespace: string; readonly name: string; readonly portName: string },
  { view, random, accepts = () => true }: EndpointChoice,
): ServiceEndpoint {
  const found = slicesOf(view, service.namespace, service.name).flatMap((slice): ServiceEndpoint[] => {
    const port = slice.ports?.find(({ name = '' }) => name === service.portName)?.port;
    if (port === undefined) return [];
    return (slice.endpoints ?? []).flatMap((endpoint) => {
      const [address] = endpoint.addresses;
      if (address === undefined || endpoint.conditions?.ready === false || !accepts(endpoint)) return [];
      return [{ endpoint, address, port }];
    });
  });
  const chosen = found[Math.floor(random() * found.length)];
  if (chosen === undefined) throw noEndpoints(service.name);
  return chosen;
}
