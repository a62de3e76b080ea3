import type { ClusterRole } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { clusterRoles } from '../../../kube/resource-type.ts';
import { definition } from '../../definition.ts';
import { required } from '../../../kube/field-error.ts';
import { builtIn } from '../../../kube/schema.ts';
import { roleColumns } from '../columns.ts';
import { validateRules } from '../rules-validation.ts';

export const clusterRoleDefinition = definition<ClusterRole>({
  type: clusterRoles,
  schema: builtIn('io.k8s.api.rbac.v1.ClusterRole'),
  singular: 'clusterrole',
  validateName: pathSegmentErrors,
  columns: roleColumns,
  validate: ({ rules, aggregationRule }) => [
    ...validateRules(rules, false),
    ...(aggregationRule !== undefined && !aggregationRule.clusterRoleSelectors?.length
      ? [required('aggregationRule.clusterRoleSelectors', 'at least one clusterRoleSelector required if aggregationRule is non-nil')]
      : []),
  ],
  allowsCreateOnUpdate: true,
});
