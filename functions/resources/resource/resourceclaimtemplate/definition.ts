import type { ResourceClaimTemplate } from '../../../kube/generated/types.ts';
import { resourceClaimTemplates } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { withExpressions } from '../with-expressions.ts';
import { ageColumn, nameColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';
import { setClaimDefaults } from '../defaults.ts';

export const resourceClaimTemplateDefinition = definition<ResourceClaimTemplate>({
  type: resourceClaimTemplates,
  schema: builtIn('io.k8s.api.resource.v1.ResourceClaimTemplate'),
  singular: 'resourceclaimtemplate',
  returnsDeletedObject: true,
  columns: [nameColumn, ageColumn],
  setDefaults: ({ spec }) => setClaimDefaults(spec?.spec),
  rules: () => withExpressions(() => import('./rules.ts')),
});
