import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheOf } from '../../test/support/cache.ts';
import type { Pod } from '../kube/generated/types.ts';
import { persistentVolumeClaims } from '../kube/resource-type.ts';
import { UnreadableObject } from '../kube/unreadable-object.ts';
import { ClusterState } from './cluster-state.ts';
import { anyOf } from './plugins/queueing-hints.ts';
import { UnschedulablePods } from './unschedulable-pods.ts';

const pod: Pod = { metadata: { name: 'p', namespace: 'default', uid: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };

test('a pod goes on waiting when a claim is deleted that could not be read', () => {
  const key = { resource: 'persistentvolumeclaims', namespace: 'default', name: 'damaged' };
  const before = {
    key,
    revision: 1,
    get object(): never {
      throw new UnreadableObject({ key, revision: 1 }, new Error('its checksum is wrong'));
    },
  };
  const cache = { ...cacheOf(), since: () => ({ moment: {}, differences: [{ before, after: undefined }] }) };
  const unschedulable = new UnschedulablePods();
  unschedulable.add(pod, [{ others: [anyOf(persistentVolumeClaims)] }], 0);
  const moment = { cache, cluster: new ClusterState({ nodes: [], pods: [] }), changes: { nodes: [], placedPods: [] } };
  assert.deepEqual(unschedulable.release([pod], { ...moment, nowMs: 299_999 }), []);
  assert.deepEqual(unschedulable.release([pod], { ...moment, nowMs: unschedulable.triedAgainMs ?? 0 }), [pod]);
});
