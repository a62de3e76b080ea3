import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestResult } from '../conformance/results.ts';
import { goTestResults } from './go-test-results.ts';
import { requirePassing, verdictOf } from './verdict.ts';

const passed = (name: string): TestResult => ({ name, outcome: 'passed', seconds: 0, reason: '' });
const failed = (name: string, reason: string): TestResult => ({ name, outcome: 'failed', seconds: 0, reason });

describe('what the tests of controller-runtime found', () => {
  test('a test that fails against upstream too is not asked of us', () => {
    assert.deepEqual(verdictOf([passed('a'), failed('b', 'no etcd')], [[passed('a'), failed('b', 'no etcd')]]), { asked: 1, lost: [] });
  });

  test('a package of which nothing passes against upstream is an error', () => {
    const message = "client: none of 1 tests passes against upstream's server";
    assert.throws(() => requirePassing('client', [failed('a', 'no etcd')]), { message });
    requirePassing('client', [passed('a')]);
  });

  test('a test that passes in one attempt is not lost', () => {
    assert.deepEqual(verdictOf([passed('a')], [[failed('a', 'slow')], [passed('a')]]), { asked: 1, lost: [] });
  });

  test('of tests with one name, that which fails is lost', () => {
    const verdict = verdictOf([passed('a'), passed('a'), passed('b')], [[passed('a'), failed('a', 'why')]]);
    assert.deepEqual(verdict, {
      asked: 3,
      lost: [
        { name: 'a #2', reason: 'why' },
        { name: 'b', reason: 'it did not run' },
      ],
    });
  });

  test("Go's own tests are read from what they print, with their parts", () => {
    const output =
      '=== RUN   TestA\n=== RUN   TestA/part\n--- FAIL: TestA (1.50s)\n    --- PASS: TestA/part (0.25s)\n--- SKIP: TestB (0.00s)\n';
    assert.deepEqual(goTestResults(output), [
      { name: 'TestA', outcome: 'failed', seconds: 1.5, reason: '' },
      { name: 'TestA/part', outcome: 'passed', seconds: 0.25, reason: '' },
      { name: 'TestB', outcome: 'skipped', seconds: 0, reason: '' },
    ]);
  });
});
