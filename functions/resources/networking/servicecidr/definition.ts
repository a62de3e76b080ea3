import type { ServiceCIDR } from '../../../kube/generated/types.ts';
import { serviceCIDRs } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const serviceCIDRDefinition = definition<ServiceCIDR>({
  type: serviceCIDRs,
  schema: builtIn('io.k8s.api.networking.v1.ServiceCIDR'),
  singular: 'servicecidr',
  rechecksName: false,
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  keepsNewStatus: true,
  columns: [
    nameColumn,
    textColumn('CIDRs', 'Ranges out of which Services get addresses.', ({ spec }) => (spec?.cidrs ?? []).join(',')),
    ageColumn,
  ],
  rules: () => import('./rules.ts'),
});
