import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ReplicaSetCondition } from '../../kube/generated/types.ts';
import { timestamp } from '../../kube/time.ts';
import { replicaStatus } from './replicas.ts';

const nowMs = Date.UTC(2026, 0, 1);

const pod = (readyAgoSeconds: number | undefined, labels: Record<string, string> = { app: 'web' }): Pod => ({
  metadata: { labels },
  spec: { containers: [] },
  status: {
    conditions:
      readyAgoSeconds === undefined
        ? []
        : [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(nowMs - readyAgoSeconds * 1000) }],
  },
});

const owner = (conditions?: ReplicaSetCondition[]): Parameters<typeof replicaStatus>[0] => ({
  object: { metadata: { generation: 3 }, status: { replicas: 0, conditions } },
  template: { metadata: { labels: { app: 'web', tier: 'front' } }, spec: { containers: [] } },
  minReadySeconds: 10,
});

test('the status counts pods that are there, labelled like the template, ready, and ready for long enough', () => {
  const pods = [pod(undefined), pod(5), pod(10, { app: 'web', tier: 'front', more: 'labels' })];
  assert.deepEqual(replicaStatus(owner(), pods, undefined, nowMs), {
    replicas: 3,
    fullyLabeledReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 1,
    observedGeneration: 3,
  });
});

test('counts of zero are left out, but for the replicas', () => {
  assert.deepEqual(replicaStatus(owner(), [], undefined, nowMs), { replicas: 0, observedGeneration: 3 });
});

test('the condition ReplicaFailure keeps the first failure until pods can be created', () => {
  const failed = replicaStatus(owner(), [], { reason: 'FailedCreate', error: new Error('quota') }, nowMs);
  assert.deepEqual(failed.conditions, [
    { type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestamp(nowMs), reason: 'FailedCreate', message: 'quota' },
  ]);
  const again = replicaStatus(owner(failed.conditions), [], { reason: 'FailedCreate', error: new Error('other') }, nowMs + 5000);
  assert.deepEqual(again.conditions, failed.conditions);
  assert.equal(replicaStatus(owner(failed.conditions), [], undefined, nowMs).conditions, undefined);
});
