/** Rules, role references and subjects. Source: pkg/apis/rbac/validation/validation.go. */
import { type FieldError, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { PolicyRule, RbacSubject, RoleRef } from '../../kube/generated/types.ts';
import { dnsSubdomainErrors, pathSegmentErrors } from '../../kube/names.ts';
import { deepEqual } from '../../kube/equality.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

export const validateRules = (rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] =>
  (rules ?? []).flatMap((rule, index) => ruleErrors(rule, namespaced, `rules[${index}]`));

function ruleErrors(
  { verbs, apiGroups = [], resources = [], nonResourceURLs = [] }: PolicyRule,
  namespaced: boolean,
  path: string,
): FieldError[] {
  const errors = verbs?.length ? [] : [required(`${path}.verbs`, 'verbs must contain at least one value')];
  const urls = `${path}.nonResourceURLs`;
  if (nonResourceURLs.length > 0) {
    if (namespaced) errors.push(invalid(urls, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length === 0) return errors;
    return [...errors, invalid(urls, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs')];
  }
  if (apiGroups.length === 0) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

interface Binding {
  roleRef: RoleRef;
  subjects?: RbacSubject[];
}

export function setBindingDefaults({ roleRef, subjects = [] }: Binding): void {
  roleRef.apiGroup ||= rbacGroup;
  for (const subject of subjects) if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= rbacGroup;
}

export function validateBinding({ roleRef, subjects = [] }: Binding, roleKinds: readonly string[]): FieldError[] {
  const errors = roleRef.apiGroup === rbacGroup ? [] : [notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [rbacGroup])];
  if (!roleKinds.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind, roleKinds));
  if (!roleRef.name) errors.push(required('roleRef.name'));
  errors.push(...pathSegmentErrors(roleRef.name ?? '').map((why) => invalid('roleRef.name', roleRef.name, why)));
  return [...errors, ...subjects.flatMap((subject, index) => subjectErrors(subject, `subjects[${index}]`))];
}

function subjectErrors({ kind, name, namespace, apiGroup = '' }: RbacSubject, path: string): FieldError[] {
  const errors = name ? [] : [required(`${path}.name`)];
  if (!['ServiceAccount', 'User', 'Group'].includes(kind)) {
    return [notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']), ...errors];
  }
  if (kind === 'ServiceAccount') {
    if (name) errors.push(...dnsSubdomainErrors(name).map((why) => invalid(`${path}.name`, name, why)));
    if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
    return namespace ? errors : [...errors, required(`${path}.namespace`)];
  }
  return apiGroup === rbacGroup ? errors : [...errors, notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup])];
}

export function validateBindingUpdate(next: Binding, current: Binding): FieldError[] {
  if (deepEqual(next.roleRef, current.roleRef)) return [];
  const { apiGroup, kind, name } = next.roleRef;
  return [invalid('roleRef', { APIGroup: apiGroup ?? '', Kind: kind, Name: name }, 'cannot change roleRef')];
}
