import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBatches, type RunBatch } from './batches.ts';
import type { TestResult } from './results.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `test ${index}`);
const passed = (name: string): TestResult => ({ name, outcome: 'passed', seconds: 1, reason: '' });
const never = new AbortController().signal;
const run = (tests: readonly string[], runBatch: RunBatch, processes = 3): Promise<readonly TestResult[]> =>
  runBatches(tests, { processes, label: 'part', runBatch, signal: never });

const sortedNames = (results: readonly TestResult[]): string[] => results.map(({ name }) => name).sort();

for (const [count, processes] of [
  [0, 3],
  [1, 3],
  [7, 3],
  [100, 12],
] as const) {
  test(`each of ${count} tests runs once on ${processes} processes`, async () => {
    const ids = new Set<string>();
    let running = 0;
    const results = await run(
      names(count),
      async (id, batch) => {
        ids.add(id);
        running += 1;
        assert.ok(running <= processes && batch.length <= 6);
        await Promise.resolve();
        running -= 1;
        return batch.map(passed);
      },
      processes,
    );
    assert.deepEqual(sortedNames(results), names(count).sort());
    assert.ok(count === 0 || ids.has('part-001'));
  });
}

test('tests that came to no end with their batch run again alone', async () => {
  const results = await run(names(20), async (_, batch) => (batch.length > 1 ? batch.slice(0, 1) : batch).map(passed));
  assert.deepEqual(sortedNames(results), names(20).sort());
  assert.ok(results.every(({ outcome }) => outcome === 'passed'));
});

test('a test that comes to no end alone either has failed', async () => {
  const results = await run(names(9), async (_, batch) => batch.filter((name) => name !== 'test 4').map(passed));
  assert.deepEqual(sortedNames(results), names(9).sort());
  assert.deepEqual(
    results.filter(({ outcome }) => outcome === 'failed').map(({ name, reason }) => [name, reason]),
    [['test 4', 'the test did not come to its end']],
  );
});

test('a cluster on which no test runs ends the whole run', async () => {
  await assert.rejects(
    run(names(100), async () => []),
    /^Error: the suite ran no test in 6 attempts/,
  );
});

test('nothing starts after an interruption', async () => {
  const interrupted = new AbortController();
  let batches = 0;
  await runBatches(names(100), {
    processes: 1,
    label: 'part',
    runBatch: async () => {
      batches += 1;
      interrupted.abort();
      return [];
    },
    signal: interrupted.signal,
  });
  assert.equal(batches, 1);
});
