import type { ClusterRole } from '../../../kube/generated/types.ts';
import { pathSegmentErrors } from '../../../kube/names.ts';
import { clusterRoles } from '../../../kube/resource-type.ts';
import { definition } from '../../definition.ts';
import { type FieldError, invalid, required } from '../../../kube/field-error.ts';
import { builtIn } from '../../../kube/schema.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';
import { roleColumns } from '../columns.ts';
import { validateRules } from '../rules-validation.ts';

function aggregationErrors(rule: ClusterRole['aggregationRule']): FieldError[] {
  if (rule === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = rule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) return [required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  return selectors.flatMap((selector, index) => {
    const errors = validateLabelSelector(selector, `${path}[${index}]`);
    return errors.length === 0 ? [] : [...errors, invalid(`${path}[${index}]`, null, 'invalid label selector.')];
  });
}

export const clusterRoleDefinition = definition<ClusterRole>({
  type: clusterRoles,
  schema: builtIn('io.k8s.api.rbac.v1.ClusterRole'),
  singular: 'clusterrole',
  validateName: pathSegmentErrors,
  columns: roleColumns,
  validate: ({ rules, aggregationRule }) => validateRules(rules, false, aggregationErrors(aggregationRule)),
  allowsCreateOnUpdate: true,
});
