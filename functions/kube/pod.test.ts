import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, Pod, PodSpec } from './generated/types.ts';
import { isPodActive, isPodAvailable, isPodFinished, isPodReady, podRequests } from './pod.ts';
import { parseQuantity } from './quantity.ts';
import { parseTime } from './time.ts';

const readyAt = '2026-01-01T00:00:00Z';
const pod = (changes: Partial<Pod>): Pod => ({ metadata: { name: 'p' }, spec: { containers: [] }, ...changes });
const ready = (status: string): Pod =>
  pod({ status: { phase: 'Running', conditions: [{ type: 'Ready', status, lastTransitionTime: readyAt }] } });
const container = (cpu: string, changes: Partial<Container> = {}): Container => ({
  name: 'c',
  resources: { requests: { cpu } },
  ...changes,
});
const cpuOf = (spec: Partial<PodSpec>): bigint | undefined => podRequests(pod({ spec: { containers: [], ...spec } }))['cpu'];

describe('a pod', () => {
  test('a pod is ready by its condition', () => {
    assert.equal(isPodReady(ready('True')), true);
    assert.equal(isPodReady(ready('False')), false);
    assert.equal(isPodReady(pod({})), false);
  });

  test('a pod is available after it was ready for a while', () => {
    const readyMs = parseTime(readyAt);
    assert.equal(isPodAvailable(ready('True'), 0, readyMs), true);
    assert.equal(isPodAvailable(ready('True'), 10, readyMs + 9999), false);
    assert.equal(isPodAvailable(ready('True'), 10, readyMs + 10_000), true);
    assert.equal(isPodAvailable(ready('False'), 0, readyMs), false);
  });

  test('a pod is active until it finished or is going away', () => {
    assert.equal(isPodActive(ready('False')), true);
    assert.equal(isPodFinished(pod({ status: { phase: 'Failed' } })), true);
    assert.equal(isPodActive(pod({ status: { phase: 'Succeeded' } })), false);
    assert.equal(isPodActive(pod({ metadata: { name: 'p', deletionTimestamp: readyAt } })), false);
  });
});

describe('requests of a pod', () => {
  test('requests of a pod are the sum of its containers and its overhead', () => {
    const spec = { containers: [container('100m'), container('1')], overhead: { cpu: '10m', memory: '1Mi' } };
    assert.deepEqual(podRequests(pod({ spec })), { cpu: parseQuantity('1110m'), memory: parseQuantity('1Mi') });
  });

  test('requests of a pod are what an init container needs, when that is more', () => {
    assert.equal(cpuOf({ containers: [container('1')], initContainers: [container('2'), container('3')] }), parseQuantity('3'));
  });

  test('requests of a pod count sidecars with the containers, and with the init containers after them', () => {
    const sidecar = container('1', { restartPolicy: 'Always' });
    assert.equal(cpuOf({ containers: [container('1')], initContainers: [sidecar] }), parseQuantity('2'));
    assert.equal(cpuOf({ containers: [container('1')], initContainers: [container('3'), sidecar] }), parseQuantity('3'));
    assert.equal(cpuOf({ containers: [container('1')], initContainers: [sidecar, container('3')] }), parseQuantity('4'));
  });

  test('requests of a pod of the pod as a whole replace the sum', () => {
    assert.equal(cpuOf({ containers: [container('1')], resources: { requests: { cpu: '5' } } }), parseQuantity('5'));
  });
});
