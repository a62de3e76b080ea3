import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../kube/field-error.ts';
import type { PolicyRule, RbacSubject, RoleBinding } from '../../kube/generated/types.ts';
import { clusterRoleDefinition } from './clusterrole/definition.ts';
import { roleBindingDefinition } from './rolebinding/definition.ts';
import { setBindingDefaults, validateBinding, validateBindingUpdate, validateRules } from './rules-validation.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const rule = (more: Partial<PolicyRule>): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: ['pods'], ...more });

const roles: [string, PolicyRule[], string[]][] = [
  ['good rules', [rule({})], []],
  ['no verbs', [rule({ verbs: [] })], ['rules[0].verbs: Required value']],
  ['no group', [rule({ apiGroups: [] })], ['rules[0].apiGroups: Required value: resource rules must supply at least one api group']],
  ['no resource', [rule({ resources: [] })], ['rules[0].resources: Required value: resource rules must supply at least one resource']],
  [
    'paths',
    [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
    ['rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs'],
  ],
];

for (const [what, rules, errors] of roles) {
  test(`a role with ${what} gets ${errors.length} errors`, () => assert.deepEqual(texts(validateRules(rules, true)), errors));
}

const binding = (subjects: RbacSubject[], role = 'view'): RoleBinding => {
  const object: RoleBinding = { metadata: { name: 'a' }, roleRef: { kind: 'ClusterRole', name: role }, subjects };
  setBindingDefaults(object);
  return object;
};

for (const [what, subjects, errors] of [
  ['a user', [{ kind: 'User', name: 'u' }], []],
  ['an account', [{ kind: 'ServiceAccount', name: 'u', namespace: 'n' }], []],
  ['an account of its own namespace', [{ kind: 'ServiceAccount', name: 'u' }], []],
  ['a nameless group', [{ kind: 'Group', name: '' }], ['subjects[0].name: Required value']],
  [
    'a robot',
    [{ kind: 'Robot', name: 'r' }],
    ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"'],
  ],
] as const) {
  test(`a binding to ${what} gets ${errors.length} errors`, () =>
    assert.deepEqual(texts(validateBinding(binding([...subjects]), ['Role', 'ClusterRole'])), errors));
}

test('a binding of the whole cluster names the namespace of an account', () => {
  const errors = validateBinding(binding([{ kind: 'ServiceAccount', name: 'u' }]), ['ClusterRole']);
  assert.deepEqual(texts(errors), ['subjects[0].namespace: Required value']);
});

test('the role of a binding cannot change', () => {
  assert.deepEqual(texts(validateBindingUpdate(binding([], 'edit'), binding([]))), [
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: field is immutable',
  ]);
});

test('a binding without a role names it before its subjects once its role changes', () => {
  const next = binding([{ kind: 'Robot', name: 'r' }], '');
  const fields = (errors: readonly FieldError[]): string[] => errors.map(({ field }) => field);
  assert.deepEqual(fields(validateBinding(next, ['ClusterRole'])), ['subjects[0].kind', 'roleRef.name']);
  assert.deepEqual(fields(validateBinding(next, ['ClusterRole'], binding([]))), ['roleRef.name', 'subjects[0].kind']);
});

test('names of roles may have colons but no slashes', () => {
  assert.deepEqual(clusterRoleDefinition.validateName?.('system:node'), []);
  assert.deepEqual(clusterRoleDefinition.validateName?.('a/b'), ["may not contain '/'"]);
});

test('a binding shows its role and its subjects', () => {
  const object = binding([
    { kind: 'User', name: 'u' },
    { kind: 'Group', name: 'g' },
    { kind: 'ServiceAccount', name: 's', namespace: 'n' },
  ]);
  assert.deepEqual(
    roleBindingDefinition.columns.map(({ name, value }) => [name, value(object, 0)]),
    [
      ['Name', 'a'],
      ['Role', 'ClusterRole/view'],
      ['Age', '<unknown>'],
      ['Users', 'u'],
      ['Groups', 'g'],
      ['ServiceAccounts', 'n/s'],
    ],
  );
});
