import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportLine } from './count-reporter.ts';
import { reportOf, runningTests } from './report.ts';

const text = (...lines: readonly ReportLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const summary = { tests: 6, passed: 3, skipped: 1, todo: 0 };

test('counts are those of the summary of everything, and what was cancelled has failed', () => {
  const own = { file: '/a', summary: { tests: 1, passed: 1, skipped: 0, todo: 0 } };
  assert.deepEqual(reportOf(text(own, { summary }), ['/a']), { passed: 3, failed: 2, skipped: 1, missing: [] });
});

test('a file of which no test was reported is missing', () => {
  assert.deepEqual(reportOf(text({ file: '/a' }, { summary }), ['/a', '/b']).missing, ['/b']);
});

test('a file that runs the tests of another was reported where those were', () => {
  const definers = (file: string): readonly string[] => (file === '/b' ? ['/contract'] : []);
  assert.deepEqual(reportOf(text({ file: '/contract' }, { summary }), ['/a', '/b'], definers).missing, ['/a']);
});

test('without a summary, as when the process ended early, all files are missing and nothing has passed', () => {
  assert.deepEqual(reportOf(text({ file: '/a' }), ['/a', '/b']), { passed: 0, failed: 0, skipped: 0, missing: ['/a', '/b'] });
});

test('a test runs from where it began to where it ended, also while its last line is being written', () => {
  const lines = text(
    { file: '/a', began: 'one' },
    { file: '/a', began: 'two' },
    { file: '/a', ended: 'one' },
    { file: '/b', began: 'one' },
  );
  assert.deepEqual(runningTests(`${lines}{"file":"/b","en`), ['/a: two', '/b: one']);
  assert.deepEqual(reportOf(lines, ['/a']).missing, ['/a']);
});
