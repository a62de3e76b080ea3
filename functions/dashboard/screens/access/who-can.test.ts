import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Policy, whoCan } from './who-can.ts';

const rule = (verb: string, resource: string) => ({ verbs: [verb], apiGroups: [''], resources: [resource] });
const policy: Policy = {
  clusterRoles: [
    { metadata: { name: 'reader' }, rules: [rule('get', 'pods')] },
    { metadata: { name: 'all' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] },
  ],
  roles: [{ metadata: { name: 'ender', namespace: 'shop' }, rules: [rule('delete', 'pods')] }],
  clusterRoleBindings: [
    {
      metadata: { name: 'admins' },
      roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'all' },
      subjects: [{ kind: 'Group', name: 'ops' }],
    },
  ],
  roleBindings: [
    {
      metadata: { name: 'r', namespace: 'shop' },
      roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'reader' },
      subjects: [{ kind: 'User', name: 'anna' }],
    },
    {
      metadata: { name: 'e', namespace: 'shop' },
      roleRef: { apiGroup: '', kind: 'Role', name: 'ender' },
      subjects: [{ kind: 'ServiceAccount', name: 'bot', namespace: 'ci' }],
    },
  ],
};

test('subjects are found by the bindings that let them', () => {
  const names = (verb: string, namespace: string): string[] =>
    whoCan(policy, { verb, group: '', resource: 'pods', name: '' }, namespace).map(({ name, by }) => `${name} by ${by}`);
  assert.deepEqual(names('get', 'shop'), ['ops by ClusterRoleBinding admins', 'anna by RoleBinding r']);
  assert.deepEqual(names('delete', 'shop'), ['ops by ClusterRoleBinding admins', 'ci/bot by RoleBinding e']);
  assert.deepEqual(names('delete', 'other'), ['ops by ClusterRoleBinding admins']);
});
