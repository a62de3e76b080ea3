import type { Ingress } from '../../../kube/generated/types.ts';
import { ingresses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { addressText, hostsText } from './table.ts';

export const ingressDefinition = definition<Ingress>({
  type: ingresses,
  schema: builtIn('io.k8s.api.networking.v1.Ingress'),
  singular: 'ingress',
  etcdPrefix: '/ingress',
  shortNames: ['ing'],
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Class', 'Which controllers serve it.', ({ spec }) => spec?.ingressClassName ?? none),
    textColumn('Hosts', 'Names that its rules are about.', hostsText),
    textColumn('Address', 'Where it is reached.', addressText),
    textColumn('Ports', 'Ports on which it is reached.', ({ spec }) => ((spec?.tls ?? []).length === 0 ? '80' : '80, 443')),
    ageColumn,
  ],
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  rules: () => import('./rules.ts'),
});
