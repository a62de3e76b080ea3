import type { Role } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { roles } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { roleColumns } from '../columns.ts';
import { validateRules } from '../rules-validation.ts';

export const roleDefinition = definition<Role>({
  type: roles,
  schema: builtIn('io.k8s.api.rbac.v1.Role'),
  singular: 'role',
  validateName: pathSegmentErrors,
  columns: roleColumns,
  validate: ({ rules }) => validateRules(rules, true),
  allowsCreateOnUpdate: true,
});
