import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerBackOff, goSeconds, nextBackOff, retryAtMs, type BackOff } from './back-off.ts';

test('a container that keeps failing waits 10 s, twice as long each time, five minutes at most', () => {
  const delays: number[] = [];
  let entry: BackOff | undefined;
  for (let restart = 0; restart < 8; restart += 1) {
    entry = nextBackOff(entry, restart * 1000, containerBackOff);
    delays.push(entry.delayMs / 1000);
  }
  assert.deepEqual(delays, [10, 20, 40, 80, 160, 300, 300, 300]);
});

test('ten quiet minutes start over', () => {
  const entry = { delayMs: 300_000, updatedAtMs: 0 };
  assert.equal(nextBackOff(entry, 600_000, containerBackOff).delayMs, 300_000);
  assert.equal(nextBackOff(entry, 600_001, containerBackOff).delayMs, 10_000);
});

test('the wait begins when the container ended', () => {
  const entry = { delayMs: 20_000, updatedAtMs: 1000 };
  assert.equal(retryAtMs(undefined, 5000, containerBackOff), 5000);
  assert.equal(retryAtMs(entry, 5000, containerBackOff), 25_000);
  assert.equal(retryAtMs(entry, 700_000, containerBackOff), 700_000);
});

test('durations read as Go prints them', () => {
  assert.deepEqual([10_000, 80_000, 300_000, 3_661_000].map(goSeconds), ['10s', '1m20s', '5m0s', '1h1m1s']);
});
