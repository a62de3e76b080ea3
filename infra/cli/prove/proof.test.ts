import assert from 'node:assert/strict';
import { test } from 'node:test';
import { centsAtMost, centsOf, latenciesOf, reportText } from './proof.ts';

const unknown = { invocations: undefined, gbSeconds: undefined, writeUnits: undefined, readUnits: undefined };

test('a longer proof, and one with more machines, may cost more', () => {
  const most = { host: 'function-url', minutes: 30, machines: 2 } as const;
  assert.ok(centsAtMost(most) < 200, `${centsAtMost(most)}`);
  for (const more of [{ minutes: 60 }, { machines: 3 }, { host: 'web-function' }] as const)
    assert.ok(centsAtMost({ ...most, ...more }) > centsAtMost(most), JSON.stringify(more));
});

test('a million invocations cost twenty cents, and a machine-hour more than two', () => {
  assert.equal(Math.round(centsOf({ ...unknown, invocations: 1_000_000 }, 0, 0)), 20);
  assert.equal(Math.round(centsOf(unknown, 3600, 1) * 10), 25);
});

test('latencies name the first, the median and the greatest', () => {
  assert.equal(latenciesOf([]), undefined);
  assert.deepEqual(latenciesOf([900, 10, 30, 20]), { count: 4, firstMs: 900, medianMs: 20, p90Ms: 900, greatestMs: 900 });
});

test('a report lists what was proven, and what AWS did not count', () => {
  const text = reportText({
    region: 'eu-west-1',
    version: '1.2.3',
    host: 'web-function',
    steps: [
      { name: 'deploys a stack', isProven: true, seconds: 61.23, found: '73 resources' },
      { name: 'joins machines', isProven: false, seconds: 600, found: 'no machine joined' },
    ],
    reads: latenciesOf([5]),
    writes: undefined,
    used: { ...unknown, invocations: 12 },
    centsCounted: 1.234,
    centsAtMost: 130,
  });
  assert.match(text, /^\nhibernetes 1\.2\.3, web-function in eu-west-1: 1 of 2 proven$/m);
  assert.match(text, /^✓ deploys a stack +61\.2 s {2}73 resources$/m);
  assert.match(text, /^✗ joins machines +600\.0 s {2}no machine joined$/m);
  assert.match(text, /^reads +first 5 ms, median 5, 90 % within 5, greatest 5 \(of 1\)$/m);
  assert.match(text, /^writes +not measured$/m);
  assert.match(text, /^invocations +12$/m);
  assert.match(text, /^GB-seconds +not known$/m);
  assert.match(text, /^cents, of what was counted +1\.23 \(130 at most\)$/m);
});
