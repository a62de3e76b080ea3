import type { IPAddress } from '../../../kube/generated/types.ts';
import { groupResource, ipAddresses } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, nameColumn, none, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { canonicalIpErrors } from '../../ip-rules.ts';

function parentText({ spec }: IPAddress): string {
  if (spec?.parentRef === undefined) return none;
  const { group = '', resource = '', namespace = '', name = '' } = spec.parentRef;
  return [groupResource({ group, resource }).toLowerCase(), ...(namespace === '' ? [] : [namespace]), name].join('/');
}

export const ipAddressDefinition = definition<IPAddress>({
  type: ipAddresses,
  schema: builtIn('io.k8s.api.networking.v1.IPAddress'),
  singular: 'ipaddress',
  shortNames: ['ip'],
  hasController: false,
  columns: [nameColumn, textColumn('ParentRef', 'What has the address.', parentText), { ...ageColumn, isUndescribed: true }],
  validateName: canonicalIpErrors,
  extendsNamePrefix: false,
  rules: () => import('./rules.ts'),
});
