import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentCondition } from './generated/types.ts';
import { conditionOf, withCondition } from './conditions.ts';
import { controllerOf, controllerReference, isControlledBy } from './owners.ts';
import { replicaSets } from './resource-type.ts';

const available: DeploymentCondition = { type: 'Available', status: 'False', reason: 'TooFew', lastTransitionTime: 't0' };

test('a condition that keeps its status keeps its time', () => {
  assert.deepEqual(withCondition([available], { type: 'Available', status: 'False', reason: 'None' }, 't1'), [
    { type: 'Available', status: 'False', reason: 'None', lastTransitionTime: 't0' },
  ]);
});

test('a condition whose status changes gets the time of now', () => {
  const conditions = withCondition([available, { type: 'Other', status: 'True' }], { type: 'Available', status: 'True' }, 't1');
  assert.deepEqual(conditionOf(conditions, 'Available'), { type: 'Available', status: 'True', lastTransitionTime: 't1' });
  assert.equal(conditions.length, 2);
});

test('a new condition comes last', () => {
  assert.deepEqual(withCondition(undefined, { type: 'A', status: 'True' }, 't1'), [
    { type: 'A', status: 'True', lastTransitionTime: 't1' },
  ]);
});

test('an object has one controller at most, known by uid', () => {
  const owner = { metadata: { name: 'web', uid: 'u1' } };
  const reference = controllerReference(replicaSets, owner);
  assert.deepEqual(reference, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'web',
    uid: 'u1',
    controller: true,
    blockOwnerDeletion: true,
  });
  const object = { metadata: { ownerReferences: [{ ...reference, uid: 'u0', controller: false }, reference] } };
  assert.equal(controllerOf(object), reference);
  assert.equal(isControlledBy(object, owner), true);
  assert.equal(isControlledBy(object, { metadata: { name: 'web', uid: 'u2' } }), false);
});
