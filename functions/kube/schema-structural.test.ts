import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from './object.ts';
import { type SchemaNode, structuralSchema } from './schema.ts';

const text: SchemaNode = { type: 'string' };
const whole: SchemaNode = { type: 'integer' };

/** What becomes of `spec` under a schema for it, and what is reported as unknown. */
function decodedSpec(node: SchemaNode, spec: Json): readonly [Json | undefined, readonly string[]] {
  const schema = structuralSchema('com.example.v1.CronTab', { type: 'object', properties: { spec: node } });
  const { object, unknown } = schema.decode({ spec });
  return [object['spec'], unknown];
}

const object = (properties: Readonly<Record<string, SchemaNode>>): SchemaNode => ({ type: 'object', properties });

const cases: readonly (readonly [fact: string, node: SchemaNode, spec: Json, expected: Json, unknown?: readonly string[]])[] = [
  ['fields that are not named go', object({ a: text }), { a: 'x', b: 1 }, { a: 'x' }, ['spec.b']],
  [
    'fields that are not named go from items of lists',
    object({ list: { type: 'array', items: object({ a: text }) } }),
    { list: [{ a: 'x' }, { b: 1 }] },
    { list: [{ a: 'x' }, {}] },
    ['spec.list[1].b'],
  ],
  [
    'fields that are not named go from values of maps',
    object({ map: { type: 'object', additionalProperties: object({ a: text }) } }),
    { map: { k: { a: 'x', b: 1 } } },
    { map: { k: { a: 'x' } } },
    ['spec.map.k.b'],
  ],
  [
    'x-kubernetes-preserve-unknown-fields keeps what is not named, and still prunes inside what is',
    { ...object({ known: object({ a: text }) }), 'x-kubernetes-preserve-unknown-fields': true },
    { known: { a: 'x', b: 1 }, other: { c: null } },
    { known: { a: 'x' }, other: { c: null } },
    ['spec.known.b'],
  ],
  [
    'additionalProperties: true keeps names and scalars, but nothing inside objects',
    { type: 'object', additionalProperties: true },
    { a: { b: 1 }, c: 1 },
    { a: {}, c: 1 },
    ['spec.a.b'],
  ],
  ['a default fills in what is absent', object({ a: { ...whole, default: 0 } }), {}, { a: 0 }],
  [
    'defaults inside a default are filled in',
    object({ a: { ...object({ b: { ...whole, default: 7 } }), default: {} } }),
    {},
    { a: { b: 7 } },
  ],
  ['a default takes the place of a null', object({ a: { ...whole, default: 1 } }), { a: null }, { a: 1 }],
  ['a null of a nullable field stays', object({ a: { ...whole, nullable: true, default: 1 } }), { a: null }, { a: null }],
  ['a null of any other field goes', object({ a: whole }), { a: null }, {}],
  ['values of a wrong type are left to validation', object({ a: whole, b: object({}) }), { a: 'x', b: 'y' }, { a: 'x', b: 'y' }],
  ['zero values stay', object({ a: text, b: whole }), { a: '', b: 0 }, { a: '', b: 0 }],
  ['int-or-string keeps either', object({ a: { 'x-kubernetes-int-or-string': true } }), { a: '50%' }, { a: '50%' }],
  [
    'an embedded object has apiVersion, kind and metadata without naming them',
    object({ template: { type: 'object', properties: { data: text }, 'x-kubernetes-embedded-resource': true } }),
    { template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', bogus: 1 }, data: 'y', other: 1 } },
    { template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: 'y' } },
    ['spec.template.other', 'spec.template.metadata.bogus'],
  ],
];

for (const [fact, node, spec, expected, unknown = []] of cases) {
  test(fact, () => assert.deepEqual(decodedSpec(node, spec), [expected, unknown]));
}

test('metadata of a wrong type is refused', () => {
  const schema = structuralSchema('com.example.v1.CronTab', object({}));
  for (const [metadata, why] of [
    [{ labels: 'a' }, 'string into Go struct field ObjectMeta.labels of type map[string]string'],
    [[], 'array into Go value of type v1.ObjectMeta'],
  ] as const) {
    const message = `CronTab in version "v1" cannot be handled as a CronTab: json: cannot unmarshal ${why}`;
    assert.throws(() => schema.decode({ metadata: metadata as Json }), { message });
  }
});

test('a default is copied for each object', () => {
  const schema = structuralSchema('com.example.v1.CronTab', object({ spec: { ...object({}), default: {} } }));
  const [one, other] = [schema.decode({}).object, schema.decode({}).object];
  assert.notEqual(one['spec'], other['spec']);
});
