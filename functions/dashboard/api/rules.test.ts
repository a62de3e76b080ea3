import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allows, type Rights } from './rules.ts';

const rights: Rights = {
  incomplete: false,
  resourceRules: [
    { verbs: ['get', 'list'], apiGroups: ['', 'apps'], resources: ['pods', 'deployments'] },
    { verbs: ['patch'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] },
    { verbs: ['*'], apiGroups: ['*'], resources: ['*/scale'] },
  ],
};

test('a rule allows what it names', () => {
  const cases: readonly (readonly [verb: string, group: string, resource: string, name: string, isAllowed: boolean])[] = [
    ['get', '', 'pods', 'x', true],
    ['get', 'batch', 'pods', 'x', false],
    ['delete', '', 'pods', 'x', false],
    ['get', '', 'pods/log', 'x', false],
    ['patch', 'apps', 'deployments', 'web', true],
    ['patch', 'apps', 'deployments', 'other', false],
    ['patch', 'apps', 'deployments/scale', 'other', true],
  ];
  for (const [verb, group, resource, name, isAllowed] of cases)
    assert.equal(allows(rights, { verb, group, resource, name }), isAllowed, `${verb} ${resource} ${name}`);
});

test('a list that lacks rules forbids nothing: the API decides', () => {
  assert.ok(allows({ resourceRules: [], incomplete: true }, { verb: 'delete', group: '', resource: 'pods', name: '' }));
});
