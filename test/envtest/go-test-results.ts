/** What became of Go's own tests, from what their program prints. The test that only runs Ginkgo's suite counts, too. */
import type { TestResult } from '../conformance/results.ts';

const outcomes = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' } as const;
const line = /^\s*--- (?<outcome>PASS|FAIL|SKIP): (?<name>\S+) \((?<seconds>[\d.]+)s\)$/gm;

export const goTestResults = (output: string): readonly TestResult[] =>
  [...output.matchAll(line)].map(({ groups }) => {
    const { outcome = '', name = '', seconds = '' } = groups ?? {};
    return { name, outcome: outcomes[outcome as keyof typeof outcomes], seconds: Number(seconds), reason: '' };
  });
