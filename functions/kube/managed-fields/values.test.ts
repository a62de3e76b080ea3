import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../object.ts';
import type { SchemaNode } from '../schema.ts';
import { compare } from './compare.ts';
import { mergeType } from './merge-type.ts';
import { merged } from './merge-values.ts';
import { fieldsOf, reconciled, without } from './typed-value.ts';

const text: SchemaNode = { type: 'string' };
const node: SchemaNode = {
  type: 'object',
  properties: {
    set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    atoms: { type: 'array', items: text },
    whole: { type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' },
    map: { type: 'object', additionalProperties: text },
    items: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'protocol'],
      items: { type: 'object', properties: { name: text, protocol: { type: 'string', default: 'TCP' }, value: text } },
    },
  },
};
const type = mergeType(node);

const item = (name: string, more: object = {}): Json => ({ name, ...more }) as Json;

const merges: readonly (readonly [what: string, base: Json, change: Json, expected: Json])[] = [
  [
    'sets keep what both have once, in the order of the change',
    { set: ['a', 'b', 'c'] },
    { set: ['c', 'a', 'd'] },
    { set: ['b', 'c', 'a', 'd'] },
  ],
  ['atomic lists are replaced', { atoms: ['a'] }, { atoms: ['b'] }, { atoms: ['b'] }],
  ['atomic maps are replaced', { whole: { a: '1' } }, { whole: { b: '2' } }, { whole: { b: '2' } }],
  ['maps are merged by key', { map: { a: '1', b: '2' } }, { map: { b: '3' } }, { map: { a: '1', b: '3' } }],
  [
    'items with the default of a key are one',
    { items: [item('a', { protocol: 'TCP' })] },
    { items: [item('a', { value: 'x' })] },
    { items: [item('a', { protocol: 'TCP', value: 'x' })] },
  ],
  ['an empty map leaves what is there', { map: { a: '1' } }, { map: {} }, { map: { a: '1' } }],
];

for (const [what, base, change, expected] of merges) {
  test(`merged: ${what}`, () => assert.deepEqual(merged(base, change, type), expected));
}

test('the fields of a value are its leaves, and the members of its lists and maps', () => {
  assert.deepEqual(fieldsOf({ set: ['a'], atoms: ['b'], whole: { a: '1' }, map: { k: 'v' }, items: [item('a')] }, type), {
    'f:set': { 'v:"a"': {} },
    'f:atoms': {},
    'f:whole': {},
    'f:map': { 'f:k': {} },
    'f:items': { 'k:{"name":"a","protocol":"TCP"}': { '.': {}, 'f:name': {} } },
  });
});

test('a comparison names what is new, changed and gone', () => {
  const before: Json = { set: ['a'], map: { k: 'v', gone: 'x' }, whole: { a: '1' } };
  const after: Json = { set: ['a', 'b'], map: { k: 'w' }, whole: { a: '2' }, atoms: ['n'] };
  assert.deepEqual(compare(before, after, type), {
    removed: { 'f:map': { 'f:gone': {} } },
    modified: { 'f:map': { 'f:k': {} }, 'f:whole': {} },
    added: { 'f:set': { 'v:"b"': {} }, 'f:atoms': {} },
  });
});

test('items that share a path are owned together', () => {
  const twice: Json = { set: ['a', 'a'] };
  assert.deepEqual(fieldsOf(twice, type), { 'f:set': { 'v:"a"': {} } });
  assert.deepEqual(compare({ set: ['a'] }, twice, type).added, { 'f:set': { 'v:"a"': {} } });
});

test('a value without some fields keeps the others', () => {
  const value: Json = { map: { a: '1', b: '2' }, items: [item('a', { value: 'x' }), item('b')] };
  const fields = {
    'f:map': { 'f:a': {} },
    'f:items': { 'k:{"name":"a","protocol":"TCP"}': { 'f:value': {} }, 'k:{"name":"b","protocol":"TCP"}': {} },
  };
  assert.deepEqual(without(value, fields, type), { map: { b: '2' }, items: [item('a')] });
});

test('a list that is owned whole by now has one owner', () => {
  assert.deepEqual(reconciled({ 'f:atoms': { 'v:"a"': {} }, 'f:set': { 'v:"a"': {} } }, type), { 'f:atoms': {}, 'f:set': { 'v:"a"': {} } });
});
