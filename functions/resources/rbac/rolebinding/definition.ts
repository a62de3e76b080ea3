import type { RoleBinding } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { roleBindings } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { bindingColumns } from '../columns.ts';
import { validateBinding } from '../rules-validation.ts';

export const roleBindingDefinition = definition<RoleBinding>({
  type: roleBindings,
  schema: builtIn('io.k8s.api.rbac.v1.RoleBinding'),
  singular: 'rolebinding',
  validateName: pathSegmentErrors,
  columns: bindingColumns<RoleBinding>(),
  validate: (binding, current) => validateBinding(binding, ['Role', 'ClusterRole'], current),
  allowsCreateOnUpdate: true,
  rules: () => import('./rules.ts'),
});
