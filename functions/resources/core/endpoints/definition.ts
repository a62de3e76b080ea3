import type { Endpoints } from '../../../kube/generated/types.ts';
import { endpoints } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { abridged, ageColumn, nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

const shownMax = 3;

function addressesText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return none;
  const texts = subsets.flatMap(({ addresses = [], ports = [] }) => {
    const ips = addresses.map(({ ip }) => ip);
    return ports.length === 0 ? ips : ports.flatMap(({ port }) => ips.map((ip) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`));
  });
  return abridged(texts, shownMax);
}

export const endpointsDefinition = definition<Endpoints>({
  type: endpoints,
  schema: builtIn('io.k8s.api.core.v1.Endpoints'),
  singular: 'endpoints',
  etcdPrefix: '/services/endpoints',
  shortNames: ['ep'],
  columns: [nameColumn, textColumn('Endpoints', 'Addresses that are ready, with their ports.', addressesText), ageColumn],
  setDefaults({ subsets = [] }) {
    for (const { ports = [] } of subsets) for (const port of ports) port.protocol ||= 'TCP';
  },
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  allowsCreateOnUpdate: true,
  rules: () => import('./rules.ts'),
});
