import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod, PodStatus } from '../../functions/kube/generated/types.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { portRejection } from './port-rejection.ts';

const onPort = (uid: string, hostPort: number, status: PodStatus = {}): Pod => ({
  ...pod({ containers: [container('main', { ports: [{ containerPort: 80, hostPort }] })] }, { uid }),
  status,
});

const startTime = '2026-01-01T00:00:00Z';
const refusal = {
  reason: 'NodePorts',
  message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
};

describe('a pod that wants a port of the node', () => {
  for (const [what, wanting, other, expected] of [
    ['which nothing has', onPort('b', 80), onPort('a', 81, { startTime }), undefined],
    ['which another pod has', onPort('b', 80), onPort('a', 80, { startTime }), refusal],
    ['which an older pod will have', onPort('b', 80), onPort('a', 80), refusal],
    ['which a younger pod wants', onPort('a', 80), onPort('b', 80), undefined],
    ['which a finished pod had', onPort('b', 80), onPort('a', 80, { startTime, phase: 'Succeeded' }), undefined],
    ['and has it', onPort('b', 80, { startTime }), onPort('a', 80, { startTime }), undefined],
    ['and was refused', onPort('b', 80, { startTime, phase: 'Failed', reason: 'NodePorts' }), onPort('a', 81), refusal],
  ] as const)
    test(`${what}: ${expected === undefined ? 'starts' : 'is refused'}`, () => {
      assert.deepEqual(portRejection(wanting, [wanting, other]), expected);
    });
});
