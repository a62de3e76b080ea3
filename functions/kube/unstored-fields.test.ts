import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from './object.ts';
import { builtIn } from './schema.ts';
import { settle } from './unstored-fields.ts';

const limitRange = builtIn('io.k8s.api.core.v1.LimitRange');

test('an empty list that Go reads back as null stays until the object is settled', () => {
  const { object } = limitRange.decode({ spec: { limits: [] } }, { kind: 'LimitRange', isSent: true });
  assert.deepEqual(object['spec'], { limits: [] });
  settle(object as JsonObject, limitRange.name);
  assert.deepEqual(object['spec'], { limits: null });
});
