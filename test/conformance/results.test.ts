import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureLines, grownList, listedFailures, summaryOf, tableOf, type TestResult } from './results.ts';

const result = (name: string, outcome: TestResult['outcome'], more: Partial<TestResult> = {}): TestResult => ({
  name,
  outcome,
  seconds: 1,
  reason: '',
  ...more,
});

const results = [
  result('[sig-node] Pods should start', 'passed'),
  result('[sig-node] Pods should stop', 'failed', { seconds: 301, reason: 'Timed out\n   after 300s.' }),
  result('[sig-apps] Job should end', 'failed', { seconds: 2, reason: 'no Job' }),
  result('[sig-network] Services should cross zones', 'skipped'),
];

test('tests are counted by SIG, and a skipped one is not run', () => {
  const summary = summaryOf(results);
  assert.deepEqual(summary, { passed: 1, run: 3, bySig: { 'sig-apps': { passed: 0, run: 1 }, 'sig-node': { passed: 1, run: 2 } } });
  assert.deepEqual(tableOf(summary).split('\n'), [
    'sig-apps                  0 of 1',
    'sig-node                  1 of 2',
    'all                       1 of 3',
    '',
  ]);
});

test('only a listed test that ran and failed is lost', () => {
  const listed = new Set(['[sig-node] Pods should start', '[sig-node] Pods should stop', '[sig-node] Pods should not be asked for']);
  assert.deepEqual(listedFailures(results, listed), ['[sig-node] Pods should stop']);
});

test('the list of passing tests only grows, and stays sorted', () => {
  assert.deepEqual(grownList(new Set(['[sig-node] Pods should stop', '[sig-apps] ReplicaSet should scale']), results), [
    '[sig-apps] ReplicaSet should scale',
    '[sig-node] Pods should start',
    '[sig-node] Pods should stop',
  ]);
});

test('a failure is one line, the longest first', () => {
  assert.deepEqual(failureLines(results), [
    '  301 s  [sig-node] Pods should stop: Timed out after 300s.',
    '    2 s  [sig-apps] Job should end: no Job',
  ]);
});
