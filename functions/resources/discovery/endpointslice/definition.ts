import type { EndpointSlice } from '../../../kube/generated/types.ts';
import { endpointSlices } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { abridged, ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const shownMax = 3;
const unset = '<unset>';

const portsText = ({ ports }: EndpointSlice): string =>
  abridged(
    (ports ?? []).map(({ port, name }) => (port === undefined ? name || '*' : String(port))),
    shownMax,
  ) || unset;

const addressesText = ({ endpoints }: EndpointSlice): string =>
  abridged(
    (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
    shownMax,
  ) || unset;

export const endpointSliceDefinition = definition<EndpointSlice>({
  type: endpointSlices,
  schema: builtIn('io.k8s.api.discovery.v1.EndpointSlice'),
  singular: 'endpointslice',
  hasGeneration: true,
  desiredMetadata: ['labels'],
  countsDropped: true,
  columns: [
    nameColumn,
    textColumn('AddressType', 'IPv4, IPv6 or FQDN.', ({ addressType }) => addressType),
    textColumn('Ports', 'Ports that every endpoint has.', portsText),
    textColumn('Endpoints', 'Addresses of the endpoints.', addressesText),
    ageColumn,
  ],
  setDefaults(slice) {
    for (const port of slice.ports ?? []) {
      port.name ??= '';
      port.protocol ||= 'TCP';
    }
  },
  rules: () => import('./rules.ts'),
});
