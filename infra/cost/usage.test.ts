import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meter, minus, noUsage, nothing, plus, sum, times, total } from './usage.ts';

test('usages add up by function and by field', () => {
  const meter = new Meter();
  meter.add('api', { invocations: 1, waitedMs: 5 });
  meter.add('api', { invocations: 1, writeUnits: 2 });
  meter.add('timer', { fifoRequests: 3 });
  const used = meter.read();
  assert.deepEqual(used.api, { ...nothing, invocations: 2, waitedMs: 5, writeUnits: 2 });
  assert.deepEqual(total(used), { ...nothing, invocations: 2, waitedMs: 5, writeUnits: 2, fifoRequests: 3 });
  assert.deepEqual(sum([used, used]), times(used, 2));
  assert.deepEqual(minus(plus(used, used), used), used);
  assert.deepEqual(minus(used, used), noUsage);
});
