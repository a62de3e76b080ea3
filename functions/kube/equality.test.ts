import assert from 'node:assert/strict';
import { test } from 'node:test';
import { semanticallyEqual } from './equality.ts';

test('a list without items equals null and an absent field, at any depth, and nothing else does', () => {
  const none = [{}, { a: [] }, { a: null }, { a: undefined }];
  for (const one of none) for (const other of none) assert.ok(semanticallyEqual({ b: [one] }, { b: [other] }));
  for (const some of [{ a: [1] }, { a: '' }, { a: 0 }, { a: false }, { a: {} }])
    for (const one of none) assert.equal(semanticallyEqual({ b: some }, { b: one }), false, JSON.stringify([some, one]));
});

test('values, the order of items and further fields count; the order of fields does not', () => {
  assert.ok(semanticallyEqual({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }));
  for (const other of [{ a: 1 }, { a: 1, b: [{ c: 2 }, 1] }, { a: 1, b: [1, { c: 3 }] }, { a: '1', b: [1, { c: 2 }] }, [1], null])
    assert.equal(semanticallyEqual({ a: 1, b: [1, { c: 2 }] }, other), false);
});
