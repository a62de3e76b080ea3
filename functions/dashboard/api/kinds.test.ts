import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiscoveryDocument, kindNamed, kindReferred, kindsOf, pathOf } from './kinds.ts';

const documents: readonly DiscoveryDocument[] = [
  {
    items: [
      {
        versions: [
          {
            version: 'v1',
            resources: [
              {
                resource: 'pods',
                responseKind: { kind: 'Pod' },
                scope: 'Namespaced',
                singularResource: 'pod',
                verbs: ['get', 'list', 'watch'],
                shortNames: ['po'],
                subresources: [{ subresource: 'log' }],
              },
              { resource: 'nodes', responseKind: { kind: 'Node' }, scope: 'Cluster', verbs: ['list'] },
              { resource: 'bindings', responseKind: { kind: 'Binding' }, scope: 'Namespaced', verbs: ['create'] },
            ],
          },
        ],
      },
    ],
  },
  {
    items: [
      {
        metadata: { name: 'example.com' },
        versions: [
          { version: 'v2', resources: [{ resource: 'ovens', responseKind: { kind: 'Oven' }, scope: 'Namespaced', verbs: ['list'] }] },
          { version: 'v1', resources: [{ resource: 'ovens', responseKind: { kind: 'Oven' }, scope: 'Namespaced', verbs: ['list'] }] },
        ],
      },
    ],
  },
];
const kinds = kindsOf(documents);

test('each kind that can be listed is known in its preferred version', () => {
  assert.deepEqual(
    kinds.map(({ id, version }) => [id, version]),
    [
      ['pods', 'v1'],
      ['nodes', 'v1'],
      ['ovens.example.com', 'v2'],
    ],
  );
});

test('a kind is found by each of its names', () => {
  for (const name of ['po', 'pod', 'Pods', 'Pod']) assert.equal(kindNamed(kinds, name)?.id, 'pods', name);
  for (const name of ['ovens.example.com', 'oven', 'ovens']) assert.equal(kindNamed(kinds, name)?.id, 'ovens.example.com', name);
  assert.equal(kindNamed(kinds, 'pans'), undefined);
  assert.equal(kindReferred(kinds, 'example.com/v1', 'Oven')?.id, 'ovens.example.com');
  assert.equal(kindReferred(kinds, 'v1', 'Oven'), undefined);
});

test('a path names group, version, namespace and object, each encoded', () => {
  const [pod, node, oven] = kinds;
  assert.ok(pod !== undefined && node !== undefined && oven !== undefined);
  assert.equal(pathOf(pod), '/api/v1/pods');
  assert.equal(pathOf(pod, 'a b', 'c/d'), '/api/v1/namespaces/a%20b/pods/c%2Fd');
  assert.equal(pathOf(node, 'ignored', 'n'), '/api/v1/nodes/n');
  assert.equal(pathOf(oven, 'x'), '/apis/example.com/v2/namespaces/x/ovens');
});
