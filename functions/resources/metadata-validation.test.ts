import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../kube/field-error.ts';
import type { ObjectMeta } from '../kube/generated/types.ts';
import { dnsLabelErrors } from '../kube/names.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from './metadata-validation.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const rules = { namespaced: true, validateName: dnsLabelErrors };
const meta = (more: Partial<ObjectMeta> = {}): ObjectMeta => ({ name: 'a', namespace: 'n', ...more });
const owner = (more: object = {}) => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', ...more });

const cases: [string, ObjectMeta, string[]][] = [
  ['nothing wrong', meta(), []],
  ['no name', meta({ name: undefined }), ['metadata.name: Required value: name or generateName is required']],
  ['a bad name', meta({ name: 'a.b' }), ['metadata.name: Invalid value: "a.b": must not contain dots']],
  ['a prefix that ends in a hyphen', meta({ generateName: 'web-' }), []],
  ['a bad prefix', meta({ generateName: 'a.b' }), ['metadata.generateName: Invalid value: "a.b": must not contain dots']],
  ['no namespace', meta({ namespace: '' }), ['metadata.namespace: Required value']],
  [
    'an empty finalizer name',
    meta({ finalizers: ['mine'] }),
    ['metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
  ],
  ['finalizers', meta({ finalizers: ['x.io/mine', 'orphan'] }), []],
  [
    'both policies',
    meta({ finalizers: ['orphan', 'foregroundDeletion'] }),
    ['metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set'],
  ],
  ['annotations in capitals', meta({ annotations: { 'X.io/A': 'b' } }), []],
  [
    'large annotations',
    meta({ annotations: { a: 'x'.repeat(262144) } }),
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
  [
    'an owner without uid',
    meta({ ownerReferences: [owner({ uid: '' })] }),
    ['metadata.ownerReferences[0].uid: Required value: must not be empty'],
  ],
  ...['a/', 'a/b/c'].map((apiVersion): (typeof cases)[number] => [
    `an owner of version ${apiVersion}`,
    meta({ ownerReferences: [owner({ apiVersion })] }),
    [`metadata.ownerReferences[0].apiVersion: Invalid value: "${apiVersion}": must be <group>/<version> or <version>`],
  ]),
  ['a negative generation', meta({ generation: -1 }), ['metadata.generation: Invalid value: -1: must be greater than or equal to 0']],
  [
    'an owning event',
    meta({ ownerReferences: [owner({ kind: 'Event' })] }),
    [
      `metadata.ownerReferences[0]: Invalid value: ${JSON.stringify(owner({ kind: 'Event' }))}: /v1, Kind=Event is disallowed from being an owner`,
    ],
  ],
];

for (const [what, object, errors] of cases) {
  test(`metadata with ${what} gets ${errors.length} errors`, () => assert.deepEqual(texts(validateObjectMeta(object, rules)), errors));
}

test('two controllers of one object are one too many', () => {
  const ownerReferences = [owner({ controller: true }), owner({ controller: true, name: 'q' })];
  assert.deepEqual(texts(validateObjectMeta(meta({ ownerReferences }), rules)), [
    `metadata.ownerReferences: Invalid value: ${JSON.stringify(ownerReferences)}: Only one reference can have Controller set to true. Found "true" in references for Pod/p and Pod/q`,
  ]);
});

test('a cluster-scoped object has no namespace', () => {
  assert.deepEqual(texts(validateObjectMeta(meta(), { ...rules, namespaced: false })), [
    'metadata.namespace: Forbidden: not allowed on this type',
  ]);
});

const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };

const updates: [string, Partial<ObjectMeta>, Partial<ObjectMeta>, string[]][] = [
  ['labels', { labels: { a: 'b' } }, {}, []],
  ['its name', { name: 'b' }, {}, ['metadata.name: Invalid value: "b": field is immutable']],
  ['its uid', { uid: 'b' }, { uid: 'a' }, ['metadata.uid: Invalid value: "b": field is immutable']],
  ['its deletion', {}, going, ['metadata.deletionTimestamp: Invalid value: null: field is immutable']],
  ['its generation downwards', { generation: 1 }, { generation: 2 }, ['metadata.generation: Invalid value: 1: must not be decremented']],
  ['the finalizers of what is going by one less', going, { ...going, finalizers: ['x.io/a'] }, []],
  [
    'the finalizers of what is going by one more',
    { ...going, finalizers: ['x.io/a'] },
    going,
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x.io/a"}',
    ],
  ],
];

for (const [what, next, current, errors] of updates) {
  test(`an update may ${errors.length === 0 ? '' : 'not '}change ${what}`, () =>
    assert.deepEqual(texts(validateObjectMetaUpdate(meta(next), meta(current), { namespaced: true, isCustom: false })), errors));
}
