import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StageResult } from './run-stages.ts';
import { lastOf, sumOf } from './stage.ts';
import { closingLine, tableOf } from './summary.ts';

const results: readonly StageResult[] = [
  { name: 'types', ok: true, seconds: 3.6, shown: '', passed: 1, failed: 0, skipped: 0 },
  { name: 'unit', ok: false, seconds: 120, shown: '40 passed, 2 failed', passed: 40, failed: 2, skipped: 0 },
];

test('a table has a line for each stage', () => {
  assert.equal(
    tableOf(results),
    `STAGE  RESULT  SECONDS  COUNTS
types  passed        4
unit   FAILED      120  40 passed, 2 failed
`,
  );
});

test('the closing line sums all stages', () => {
  assert.equal(closingLine(results), '41 passed, 2 failed\n');
});

test('what a stage counts is found in what it prints', () => {
  const output = '100 seeds, 7 revisions\n274 of 462\n50 seeds, 9 revisions\n275 of 462\n';
  assert.equal(sumOf(/^(\d+) seeds/gm, 'seeds')(output), '150 seeds');
  assert.equal(lastOf(/\d+ of \d+/g)(output), '275 of 462');
  assert.equal(lastOf(/nothing/g)(output), '');
});
