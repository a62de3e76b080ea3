/** Rules, role references and subjects. Source: pkg/apis/rbac/validation/validation.go. */
import { type FieldError, invalid, notSupported, required } from '../../kube/field-error.ts';
import type { PolicyRule, RbacSubject, RoleRef } from '../../kube/generated/types.ts';
import { dnsSubdomainErrors, pathSegmentErrors } from '../../kube/names.ts';
import { semanticallyEqual } from '../../kube/equality.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** What is required of a rule is listed after all else: upstream checks it by declarations on the types. */
export function validateRules(
  rules: readonly PolicyRule[] | undefined,
  namespaced: boolean,
  others: readonly FieldError[] = [],
): FieldError[] {
  const all = rules ?? [];
  const withoutVerbs = all.flatMap(({ verbs }, index) => (verbs?.length ? [] : [required(`rules[${index}].verbs`)]));
  return [...all.flatMap((rule, index) => ruleErrors(rule, namespaced, `rules[${index}]`)), ...others, ...withoutVerbs];
}

function ruleErrors(
  { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule,
  namespaced: boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const urls = `${path}.nonResourceURLs`;
  if (nonResourceURLs.length > 0) {
    if (namespaced) errors.push(invalid(urls, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length === 0) return errors;
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

/** A RoleBinding's own namespace is meant where a ServiceAccount has none. */
export function validateBinding({ roleRef, subjects = [] }: Binding, roleKinds: readonly string[], current?: Binding): FieldError[] {
  const isNamespaced = roleKinds.includes('Role');
  const errors = roleRef.apiGroup === rbacGroup ? [] : [notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [rbacGroup])];
  if (!roleKinds.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind, roleKinds));
  if (roleRef.name) errors.push(...pathSegmentErrors(roleRef.name).map((why) => invalid('roleRef.name', roleRef.name, why)));
  const nameless = roleRef.name ? [] : [required('roleRef.name')];
  // What is declared of a role ends with its change, so that its name is left to the code.
  const isChanged = current !== undefined && validateBindingUpdate({ roleRef }, current).length > 0;
  if (isChanged) errors.push(...nameless);
  const unnamed = subjects.flatMap(({ name }, index) => (name ? [] : [required(`subjects[${index}].name`)]));
  return [
    ...errors,
    ...subjects.flatMap((subject, index) => subjectErrors(subject, isNamespaced, `subjects[${index}]`)),
    ...unnamed,
    ...(isChanged ? [] : nameless),
  ];
}

function subjectErrors({ kind, name, namespace, apiGroup = '' }: RbacSubject, isNamespaced: boolean, path: string): FieldError[] {
  if (kind === 'User' || kind === 'Group') {
    return apiGroup === rbacGroup ? [] : [notSupported(`${path}.apiGroup`, apiGroup, [rbacGroup])];
  }
  if (kind !== 'ServiceAccount') return [notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  const errors = name ? dnsSubdomainErrors(name).map((why) => invalid(`${path}.name`, name, why)) : [];
  if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
  return namespace || isNamespaced ? errors : [...errors, required(`${path}.namespace`)];
}

export function validateBindingUpdate(next: Binding, current: Binding): FieldError[] {
  if (semanticallyEqual(next.roleRef, current.roleRef)) return [];
  const { apiGroup, kind, name } = next.roleRef;
  return [invalid('roleRef', { APIGroup: apiGroup ?? '', Kind: kind, Name: name }, 'field is immutable')];
}
