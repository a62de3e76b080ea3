import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOurs } from './worker-groups.ts';

test('where upstream’s programs run, ours keep what those do not do', () => {
  const both = ['kube-controller-manager', 'kube-scheduler'] as const;
  const kept = (group: 'controllers' | 'scheduler', name: string) =>
    [[], ['kube-controller-manager'], ['kube-scheduler'], both].map((absent) => isOurs({ name }, group, absent as typeof both | []));
  assert.deepEqual(kept('controllers', 'deployment'), [true, false, true, false]);
  assert.deepEqual(kept('controllers', 'custom-resource-definition'), [true, true, true, true]);
  assert.deepEqual(kept('controllers', 'local-path-provisioner'), [true, true, true, true]);
  assert.deepEqual(kept('scheduler', 'scheduler'), [true, true, false, false]);
});
