import type { ClusterNetworks } from '../../../kube/cluster-networks.ts';
import type { Service } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { services } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { type AnyDefinition, definition } from '../../definition.ts';
import { serviceProxy } from '../proxy-locations.ts';
import { serviceAllocation } from './allocation.ts';
import { columns } from './table.ts';

export const serviceDefinition = (networks: ClusterNetworks): AnyDefinition =>
  definition<Service>({
    type: services,
    schema: builtIn('io.k8s.api.core.v1.Service'),
    singular: 'service',
    rechecksName: false,
    etcdPrefix: '/services/specs',
    shortNames: ['svc'],
    categories: ['all'],
    hasStatus: true,
    columns,
    selectableFields: ['spec.clusterIP', 'spec.type'],
    fields: ({ spec }) => ({ 'spec.clusterIP': spec.clusterIP ?? '', 'spec.type': spec.type ?? '' }),
    subresources: [serviceProxy],
    validateName: dnsLabelErrors,
    commit: [serviceAllocation(networks)],
    returnsDeletedObject: true,
    allowsCreateOnUpdate: true,
    rules: () => import('./rules.ts'),
  });
