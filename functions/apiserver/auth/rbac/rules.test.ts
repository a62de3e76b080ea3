import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRule, RbacSubject } from '../../../kube/generated/types.ts';
import type { RequestAttributes, User } from '../../ports.ts';
import { isSubject, ruleAllows } from './rules.ts';

const ask = (parts: Partial<RequestAttributes>): RequestAttributes => ({
  verb: 'get',
  isResource: true,
  path: '',
  group: '',
  version: 'v1',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  ...parts,
});
const rule = (resources: string[], parts: Partial<PolicyRule> = {}): PolicyRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources,
  ...parts,
});
const paths = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs });
const path = (of: string): RequestAttributes => ask({ isResource: false, path: of });
const log = ask({ resource: 'pods', subresource: 'log' });

const table: readonly (readonly [string, PolicyRule, RequestAttributes, boolean])[] = [
  ['the resource itself', rule(['pods']), ask({ resource: 'pods' }), true],
  ['another resource', rule(['pods']), ask({ resource: 'secrets' }), false],
  ['another verb', rule(['pods']), ask({ resource: 'pods', verb: 'list' }), false],
  ['every verb', rule(['pods'], { verbs: ['*'] }), ask({ resource: 'pods', verb: 'escalate' }), true],
  ['another group', rule(['deployments']), ask({ resource: 'deployments', group: 'apps' }), false],
  ['every group', rule(['deployments'], { apiGroups: ['*'] }), ask({ resource: 'deployments', group: 'apps' }), true],
  ['a subresource is not its resource', rule(['pods']), log, false],
  ['a resource is not its subresource', rule(['pods/log']), ask({ resource: 'pods' }), false],
  ['the subresource', rule(['pods/log']), log, true],
  ['one subresource of everything', rule(['*/scale']), ask({ resource: 'deployments', subresource: 'scale' }), true],
  ['another subresource of everything', rule(['*/scale']), log, false],
  ['a star is also every subresource', rule(['*']), log, true],
  ['the named object', rule(['pods'], { resourceNames: ['a'] }), ask({ resource: 'pods', name: 'a' }), true],
  ['another object', rule(['pods'], { resourceNames: ['a'] }), ask({ resource: 'pods', name: 'b' }), false],
  ['all objects, where names are listed', rule(['pods'], { resourceNames: ['a'] }), ask({ resource: 'pods' }), false],
  ['a path', paths('/healthz'), path('/healthz'), true],
  ['a path below', paths('/healthz'), path('/healthz/etcd'), false],
  ['a path by its beginning', paths('/healthz/*'), path('/healthz/etcd'), true],
  ['a star inside a path is a letter', paths('/a/*/b'), path('/a/x/b'), false],
  ['every path', paths('*'), path('/metrics'), true],
  ['a rule for resources on a path', rule(['*'], { apiGroups: ['*'] }), path('/healthz'), false],
  ['a rule for paths on a resource', paths('*'), ask({ resource: 'pods' }), false],
];

for (const [what, of, info, expected] of table) {
  test(`a rule ${expected ? 'covers' : 'does not cover'} ${what}`, () => assert.equal(ruleAllows(of, info), expected));
}

test('subjects are users, groups, and service accounts of a namespace', () => {
  const jane: User = { name: 'jane', groups: ['dev'] };
  const cart: User = { name: 'system:serviceaccount:shop:cart', groups: [] };
  const account = (name: string, namespace?: string): RbacSubject => ({ kind: 'ServiceAccount', name, ...(namespace && { namespace }) });
  assert.equal(isSubject({ kind: 'User', name: 'jane' }, jane, ''), true);
  assert.equal(isSubject({ kind: 'User', name: 'dev' }, jane, ''), false);
  assert.equal(isSubject({ kind: 'Group', name: 'dev' }, jane, ''), true);
  assert.equal(isSubject(account('cart', 'shop'), cart, ''), true);
  assert.equal(isSubject(account('cart', 'other'), cart, 'shop'), false);
  assert.equal(isSubject(account('cart'), cart, 'shop'), true);
  assert.equal(isSubject(account('cart'), cart, ''), false);
  assert.equal(isSubject({ kind: 'Robot', name: 'jane' }, jane, ''), false);
});
