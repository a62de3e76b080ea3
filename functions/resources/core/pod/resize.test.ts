import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../../../../test/support/view.ts';
import type { Container, Pod } from '../../../kube/generated/types.ts';
import { StatusError } from '../../../kube/status-error.ts';
import { setPodDefaults } from '../../../kube/pod-defaults.ts';
import { writeResources } from './resize.ts';

const context = { nowMs: 0, userName: 'jane', random: () => 0 };
const container = (cpu: string, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'main:v1',
  resources: { requests: { cpu, memory: '64Mi' } },
  ...more,
});
const pod = (containers: Container[], more: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers, ...more },
  status: { qosClass: 'Burstable' },
});

function write(current: Pod, wanted: Pod): Pod {
  const stored = structuredClone(current);
  setPodDefaults(stored);
  const result = writeResources(stored, structuredClone(wanted), context, viewOf());
  assert.ok(result.outcome === 'update');
  return result.object;
}

test('cpu and memory of a container change, and nothing else', () => {
  const next = write(pod([container('100m')]), pod([container('200m', { image: 'other:v2' })], { nodeName: 'elsewhere' }));
  assert.deepEqual(next.spec.containers[0]?.resources, { requests: { cpu: '200m', memory: '64Mi' } });
  assert.deepEqual([next.spec.containers[0]?.image, next.spec.nodeName], ['main:v1', undefined]);
});

const refusals: readonly (readonly [what: string, current: Pod, wanted: Pod, message: string])[] = [
  [
    'a request that goes away',
    pod([container('100m')]),
    pod([container('100m', { resources: { requests: { memory: '64Mi' } } })]),
    'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ],
  [
    'another quality of service',
    pod([container('100m')]),
    pod([container('100m', { resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } } })]),
    'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing',
  ],
  [
    'other resources than cpu and memory',
    pod([container('100m')]),
    pod([container('100m', { resources: { requests: { cpu: '100m', memory: '64Mi', 'ephemeral-storage': '1Gi' } } })]),
    'spec: Forbidden: only cpu and memory resources are mutable',
  ],
  [
    'another container',
    pod([container('100m')]),
    pod([container('100m'), container('100m', { name: 'second' })]),
    'spec.containers: Forbidden: containers may not be added or removed on resize',
  ],
  [
    'a static pod',
    { ...pod([container('100m')]), metadata: { name: 'web', namespace: 'default', annotations: { 'kubernetes.io/config.mirror': 'x' } } },
    pod([container('200m')]),
    'Forbidden: static pods cannot be resized',
  ],
];

for (const [what, current, wanted, message] of refusals)
  test(`${what} is refused`, () =>
    assert.throws(
      () => write(current, wanted),
      (error) => error instanceof StatusError && error.message.includes(message) && error.code === 422,
    ));
