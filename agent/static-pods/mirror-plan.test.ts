import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { pod } from '../../test/support/node-pod.ts';
import { planMirrors } from './mirror-plan.ts';

const own = (hash: string, more: Pod['metadata'] = {}): Pod => pod({}, { annotations: { 'kubernetes.io/config.hash': hash }, ...more });
const mirror = (hash: string, more: Pod['metadata'] = {}): Pod =>
  pod({}, { uid: 'm1', annotations: { 'kubernetes.io/config.mirror': hash }, ...more });
const ending = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('a mirror', () => {
  const facts: readonly (readonly [what: string, pods: Pod[], mirrors: Pod[], deletions: number, creations: number])[] = [
    ['is made for a pod that has none', [own('a')], [], 0, 1],
    ['of the same manifest stays', [own('a')], [mirror('a')], 0, 0],
    ['of another manifest goes', [own('b')], [mirror('a')], 1, 0],
    ['that a client deletes goes, to be made again', [own('a')], [mirror('a', ending)], 1, 0],
    ['of a pod that is gone goes', [], [mirror('a')], 1, 0],
    ['of a pod that ends stays until the end', [own('a', ending)], [mirror('a')], 0, 0],
    ['is not made for a pod that ends', [own('a', ending)], [], 0, 0],
    ['of another name is another pod’s', [own('a')], [mirror('a', { name: 'other' })], 1, 1],
  ];
  for (const [what, pods, mirrors, deletions, creations] of facts) {
    test(`a mirror ${what}`, () => {
      const plan = planMirrors(pods, mirrors);
      assert.deepEqual([plan.deletions.length, plan.creations.length], [deletions, creations]);
    });
  }
});
