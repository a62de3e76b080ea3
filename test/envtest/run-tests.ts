/** Runs the tests of one package against a cluster that is there already. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { resultOf, specsOf } from '../conformance/ginkgo-report.ts';
import type { TestResult } from '../conformance/results.ts';
import { goTestResults } from './go-test-results.ts';
import type { TestProgram } from './packages.ts';

const runMinutesMax = 15;

/** The output goes to the file `log`. */
export async function runTests({ file, directory }: TestProgram, kubeconfig: string, log: string): Promise<readonly TestResult[]> {
  mkdirSync(dirname(log), { recursive: true });
  const report = `${log}.json`;
  // The same order each time: some tests see what others left.
  const ginkgo = ['--ginkgo.seed=1', '--ginkgo.no-color', `--ginkgo.timeout=${runMinutesMax}m`, `--ginkgo.json-report=${report}`];
  const child = spawn(file, ['-test.v', `-test.timeout=${runMinutesMax}m`, ...ginkgo], {
    cwd: directory,
    env: { ...process.env, KUBECONFIG: kubeconfig, USE_EXISTING_CLUSTER: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  await once(child, 'close');
  const output = Buffer.concat(parts).toString();
  writeFileSync(log, output);
  const specs = specsOf(report).flatMap(resultOf);
  return [...specs, ...goTestResults(output)];
}
