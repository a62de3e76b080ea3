/** A user grants no more than what is granted to that user. The messages are those of kube-apiserver 1.37.2. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { User } from '../../functions/apiserver/ports.ts';
import type { PolicyRule } from '../../functions/kube/generated/types.ts';
import { clusterRoleBindings, clusterRoles, namespaces } from '../../functions/kube/resource-type.ts';
import { type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';

const group = 'rbac.authorization.k8s.io';
const rbac = `/apis/${group}/v1`;
let cluster: RbacCluster;

const user = (name: string): User => ({ name, groups: ['dev', 'system:authenticated'] });
const everyRole: PolicyRule = {
  apiGroups: [group],
  resources: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'],
  verbs: ['*'],
};

/** Users and what is granted to each in the whole cluster. `*` of verbs on roles includes escalate and bind, so verbs are spelled out. */
const writes = { ...everyRole, verbs: ['create', 'get', 'update', 'patch', 'delete'] };
const readsPods: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const grants: Readonly<Record<string, readonly PolicyRule[]>> = {
  writer: [writes, readsPods],
  escalator: [writes, { ...everyRole, verbs: ['escalate'] }],
  binder: [writes, { ...everyRole, resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] }],
};

before(async () => {
  cluster = await rbacCluster();
  await cluster.client.create(namespaces, { metadata: { name: 'team-a' }, spec: {} });
  for (const [name, rules] of Object.entries(grants)) {
    await cluster.client.create(clusterRoles, { metadata: { name: `of-${name}` }, rules: [...rules] });
    await cluster.client.create(clusterRoleBindings, {
      metadata: { name: `of-${name}` },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: `of-${name}` },
      subjects: [{ apiGroup: group, kind: 'User', name }],
    });
  }
});

const send = (name: string, method: string, path: string, body: object) =>
  cluster.as(user(name)).send(method, `${rbac}${path}`, body, method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {});
const messageOf = (text: string): string => (JSON.parse(text) as { message: string }).message;

const who = (name: string): string =>
  `user "${name}" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n`;
const cases: readonly (readonly [string, string, string, readonly PolicyRule[], string])[] = [
  ['rules that are held', 'writer', 'ok', [readsPods], ''],
  ['a part of rules that are held, for one name', 'writer', 'ok', [{ ...readsPods, verbs: ['get'], resourceNames: ['a'] }], ''],
  [
    'another verb',
    'writer',
    'no',
    [{ ...readsPods, verbs: ['get', 'delete', 'create'] }],
    '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}',
  ],
  [
    'every resource',
    'writer',
    'no',
    [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
  ],
  [
    'a subresource',
    'writer',
    'no',
    [{ ...readsPods, resources: ['pods/exec'], verbs: ['create'] }],
    '{APIGroups:[""], Resources:["pods/exec"], Verbs:["create"]}',
  ],
  ['anything, with the verb escalate', 'escalator', 'ok', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }], ''],
];

describe('a role', () => {
  for (const [index, [what, name, verdict, rules, missing]] of cases.entries()) {
    for (const [kind, path] of [
      ['roles', '/namespaces/team-a/roles'],
      ['clusterroles', '/clusterroles'],
    ] as const) {
      test(`${verdict === 'ok' ? 'may' : 'may not'} grant ${what} (${kind})`, async () => {
        const role = `r-${index}`;
        const created = await send(name, 'POST', path, { metadata: { name: role }, rules });
        if (verdict === 'ok') return assert.equal(created.status, 201, created.text);
        assert.equal(created.status, 403);
        assert.equal(messageOf(created.text), `${kind}.${group} "${role}" is forbidden: ${who(name)}${missing}`);
        assert.equal((await send(name, 'POST', path, { metadata: { name: role }, rules: [] })).status, 201);
        assert.equal((await send(name, 'PUT', `${path}/${role}`, { metadata: { name: role }, rules })).status, 403);
        assert.equal((await send(name, 'PATCH', `${path}/${role}`, { rules })).status, 403);
      });
    }
  }

  test('a role with paths needs paths', async () => {
    const { status, text } = await send('writer', 'POST', '/clusterroles', {
      metadata: { name: 'urls' },
      rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
    });
    assert.equal(status, 403);
    assert.match(messageOf(text), /\{NonResourceURLs:\["\/metrics"\], Verbs:\["get"\]\}$/);
  });

  test('a role that gathers others needs everything', async () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] };
    const { status, text } = await send('writer', 'POST', '/clusterroles', { metadata: { name: 'gather' }, aggregationRule });
    assert.equal(status, 403);
    assert.equal(
      messageOf(text),
      `clusterroles.${group} "gather" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    );
  });
});

describe('a binding', () => {
  const bindings = [
    ['rolebindings', '/namespaces/team-a/rolebindings'],
    ['clusterrolebindings', '/clusterrolebindings'],
  ] as const;
  const binding = (name: string, role: string): object => ({
    metadata: { name },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: group, kind: 'User', name: 'eve' }],
  });
  for (const [kind, path] of bindings) {
    test(`a binding to a role whose rules are not held is refused (${kind})`, async () => {
      const { status, text } = await send('writer', 'POST', path, binding('b', 'cluster-admin'));
      assert.equal(status, 403);
      const missing = '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}';
      assert.equal(messageOf(text), `${kind}.${group} "b" is forbidden: ${who('writer')}${missing}`);
    });

    test(`a binding to a role that may be bound by name is made (${kind})`, async () => {
      assert.equal((await send('binder', 'POST', path, binding('v', 'view'))).status, 201);
      assert.equal((await send('binder', 'POST', path, binding('e', 'edit'))).status, 403);
    });

    test(`a binding to a role that is held is made (${kind})`, async () => {
      assert.equal((await send('writer', 'POST', path, binding('own', 'of-writer'))).status, 201);
    });

    test(`a binding to a role that does not exist is not found (${kind})`, async () => {
      const { status, text } = await send('writer', 'POST', path, binding('none', 'nothing'));
      assert.deepEqual([status, messageOf(text)], [404, `${kind}.${group} "nothing" not found`]);
    });
  }
});
