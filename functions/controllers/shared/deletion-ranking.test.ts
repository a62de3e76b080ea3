import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { timestamp } from '../../kube/time.ts';
import { podsToDelete } from './deletion-ranking.ts';

const nowMs = Date.UTC(2026, 0, 1);

interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly readyAgoSeconds?: number;
  readonly ageSeconds?: number;
  readonly restarts?: number;
  readonly cost?: string;
}

function pod(name: string, traits: Traits = {}): Pod {
  const { node = 'n', phase = 'Running', readyAgoSeconds, ageSeconds = 100, restarts = 0, cost } = traits;
  const ready = readyAgoSeconds !== undefined && {
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: timestamp(nowMs - readyAgoSeconds * 1000) }],
  };
  return {
    metadata: {
      name,
      uid: name,
      creationTimestamp: timestamp(nowMs - ageSeconds * 1000),
      ...(cost !== undefined && { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
    },
    spec: { containers: [], ...(node !== '' && { nodeName: node }) },
    status: {
      phase,
      ...ready,
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready: ready !== false, restartCount: restarts }],
    },
  };
}

describe('the first to go is', () => {
  const table: readonly [string, Traits, Traits][] = [
    ['the pod without a node', { node: '', phase: 'Pending' }, { phase: 'Pending' }],
    ['the pending pod', { phase: 'Pending' }, {}],
    ['the pod that is not ready', {}, { readyAgoSeconds: 1 }],
    ['the cheaper pod', { readyAgoSeconds: 500, cost: '-1' }, { readyAgoSeconds: 1 }],
    ['the pod that became ready later', { readyAgoSeconds: 10 }, { readyAgoSeconds: 1000 }],
    ['the pod with more restarts', { readyAgoSeconds: 10, restarts: 3 }, { readyAgoSeconds: 10, restarts: 1 }],
    ['the younger pod', { ageSeconds: 10 }, { ageSeconds: 1000 }],
    ['either of two pods of about the same age: the one whose uid comes first', { readyAgoSeconds: 33 }, { readyAgoSeconds: 32 }],
  ];
  for (const [name, first, second] of table)
    test(`scaling down deletes first: ${name}`, () => {
      const pods = [pod('b', second), pod('a', first)];
      assert.deepEqual(podsToDelete(pods, 1, [], nowMs).map(nameOf), ['a']);
      assert.deepEqual(podsToDelete(pods.toReversed(), 1, [], nowMs).map(nameOf), ['a']);
    });

  test('scaling down deletes the pod whose node has more pods of the owner first', () => {
    const pods = [pod('a', { node: 'quiet' }), pod('b', { node: 'busy' })];
    assert.deepEqual(podsToDelete(pods, 1, [...pods, pod('c', { node: 'busy' })], nowMs).map(nameOf), ['b']);
  });
});
