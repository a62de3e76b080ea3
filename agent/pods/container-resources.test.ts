import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRequirements } from '../../functions/kube/generated/types.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { containerResources } from './container-resources.ts';

const of = (resources: ResourceRequirements, qosClass: string) =>
  containerResources({ ...pod(), status: { qosClass } }, container('main', { resources }), 1000 << 20);

test('limits become a quota and a ceiling, requests become shares', () => {
  assert.deepEqual(of({ limits: { cpu: '1500m', memory: '64Mi' }, requests: { cpu: '250m', memory: '100Mi' } }, 'Burstable'), {
    cpuPeriodMicros: 100_000,
    cpuQuotaMicros: 150_000,
    cpuShares: 256,
    memoryLimitBytes: 64 << 20,
    oomScoreAdj: 900,
  });
});

test('without limits there are none, and the least of shares', () => {
  assert.deepEqual(of({}, 'BestEffort'), {
    cpuPeriodMicros: 100_000,
    cpuQuotaMicros: 0,
    cpuShares: 2,
    memoryLimitBytes: 0,
    oomScoreAdj: 1000,
  });
});

test('a limit counts as the request that was not made', () => {
  assert.equal(of({ limits: { cpu: '2' } }, 'Burstable').cpuShares, 2048);
});

test('CPU quota and shares stay within the kernel’s limits', () => {
  assert.equal(of({ limits: { cpu: '1m' } }, 'Burstable').cpuQuotaMicros, 1000);
  assert.equal(of({ requests: { cpu: '1m' } }, 'Burstable').cpuShares, 2);
  assert.equal(of({ requests: { cpu: '1000' } }, 'Burstable').cpuShares, 262_144);
});

test('who is killed first when memory runs out: who asked for nothing, then who asked for less', () => {
  const score = (memory: string): number => of({ requests: { memory } }, 'Burstable').oomScoreAdj;
  assert.equal(of({ requests: { memory: '1Mi' } }, 'Guaranteed').oomScoreAdj, -997);
  assert.deepEqual([score('0'), score('500Mi'), score('1000Mi')], [999, 500, 3]);
});
