import type { ClusterRoleBinding } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { clusterRoleBindings } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { definition } from '../../definition.ts';
import { bindingColumns } from '../columns.ts';
import { validateBinding } from '../rules-validation.ts';

export const clusterRoleBindingDefinition = definition<ClusterRoleBinding>({
  type: clusterRoleBindings,
  schema: builtIn('io.k8s.api.rbac.v1.ClusterRoleBinding'),
  singular: 'clusterrolebinding',
  validateName: pathSegmentErrors,
  columns: bindingColumns<ClusterRoleBinding>(),
  validate: (binding, current) => validateBinding(binding, ['ClusterRole'], current),
  allowsCreateOnUpdate: true,
  rules: () => import('./rules.ts'),
});
