import type { ResourceResourceClaim as ResourceClaim } from '../../../kube/generated/types.ts';
import { isTerminating } from '../../../kube/object.ts';
import { resourceClaims } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { withExpressions } from '../with-expressions.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setClaimDefaults } from '../defaults.ts';

function stateText(claim: ResourceClaim): string {
  const { allocation, reservedFor = [] } = claim.status ?? {};
  const states = isTerminating(claim) ? ['deleted'] : allocation === undefined ? ['pending'] : [];
  if (allocation !== undefined) states.push('allocated', ...(reservedFor.length === 0 ? [] : ['reserved']));
  return states.join(',');
}

export const resourceClaimDefinition = definition<ResourceClaim>({
  type: resourceClaims,
  schema: builtIn('io.k8s.api.resource.v1.ResourceClaim'),
  singular: 'resourceclaim',
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  returnsDeletedObject: true,
  columns: [nameColumn, textColumn('State', 'Whether it is allocated and used.', stateText), ageColumn],
  setDefaults: ({ spec }) => setClaimDefaults(spec),
  rules: () => withExpressions(() => import('./rules.ts')),
});
