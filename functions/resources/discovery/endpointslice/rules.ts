/** The rules of the kind that only writes need; reads never load them. */
import { semanticallyEqual } from '../../../kube/equality.ts';
import type { EndpointSlice } from '../../../kube/generated/types.ts';
import { ipWarnings } from '../../ip-rules.ts';

export { validateEndpointSlice as validate } from './validation.ts';

/** Clients of this version do not write the topology, which an older one had. Source: dropTopologyOnV1. */
export const prepareForCreate = (slice: EndpointSlice): void => {
  for (const endpoint of slice.endpoints ?? []) delete endpoint.deprecatedTopology;
};

export const prepareForUpdate = (next: EndpointSlice, current: EndpointSlice): void => {
  if (!semanticallyEqual(next.endpoints, current.endpoints)) prepareForCreate(next);
};

const managedBy = 'endpointslice.kubernetes.io/managed-by';
const managers: readonly (string | undefined)[] = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

export function warnings(slice: EndpointSlice, current?: EndpointSlice): string[] {
  const isDeprecated = current === undefined && slice.addressType === 'FQDN';
  const addresses = managers.includes(slice.metadata.labels?.[managedBy]) ? [] : (slice.endpoints ?? []);
  return [
    ...(isDeprecated ? ['spec.addressType: FQDN endpoints are deprecated'] : []),
    ...addresses.flatMap(({ addresses: texts = [] }, index) =>
      texts.flatMap((text, at) => ipWarnings(text, `endpoints[${index}].addresses[${at}]`)),
    ),
  ];
}
