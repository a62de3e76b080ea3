import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareApiVersions } from './api-version.ts';

test('versions are ordered by stability, then by number, and other names come last', () => {
  const ordered = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
  assert.deepEqual(ordered.toReversed().sort(compareApiVersions), ordered);
});
