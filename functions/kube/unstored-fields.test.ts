import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from './object.ts';
import { builtIn } from './schema.ts';
import { nullEmptyLists } from './unstored-fields.ts';

const limitRange = builtIn('io.k8s.api.core.v1.LimitRange');

test('an empty list that Go reads back as null stays until the object is written', () => {
  const { object } = limitRange.decode({ spec: { limits: [] } }, { kind: 'LimitRange', isSent: true });
  assert.deepEqual(object['spec'], { limits: [] });
  nullEmptyLists(object as JsonObject, limitRange.name);
  assert.deepEqual(object['spec'], { limits: null });
});
