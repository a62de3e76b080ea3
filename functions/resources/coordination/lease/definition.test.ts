import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../../kube/generated/types.ts';
import { leaseDefinition } from './definition.ts';

const errorsOf = (spec: Lease['spec']): string[] =>
  leaseDefinition.validate?.({ metadata: { name: 'a', namespace: 'default' }, spec }).map(({ field, message }) => `${field}: ${message}`) ??
  [];

test('a leader steps down by leaving the holder empty', () => {
  assert.deepEqual(errorsOf({ holderIdentity: '', leaseDurationSeconds: 1, leaseTransitions: 0 }), []);
});

test('a lease lasts, and its transitions are counted', () => {
  assert.deepEqual(errorsOf({ leaseDurationSeconds: 0, leaseTransitions: -1 }), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ]);
});
