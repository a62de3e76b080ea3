/** Upstream's e2e.test as a program: which tests it holds, and a run of some of them against a cluster. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../agent/network/run.ts';
import { fullName, resultOf, specsOf } from './ginkgo-report.ts';
import type { TestResult } from './results.ts';

export interface SuiteTest {
  readonly name: string;
  /** It asks to run while no other test does. */
  readonly alone: boolean;
}

export interface SuiteOptions {
  /** The file of e2e.test. */
  readonly program: string;
  readonly kubectl: string;
  readonly kubeconfig: string;
  /** Logs go there. */
  readonly reports: string;
  /** A test that takes longer is interrupted; the suite itself knows no limit. */
  readonly testMsMax: number;
  /** Aborts when the runs are to end. */
  readonly signal: AbortSignal;
}

const listMsMax = 120_000;

/** The tests that the regular expression (Go's) selects. */
export async function listTests(program: string, focus: string, reports: string): Promise<readonly SuiteTest[]> {
  const report = join(reports, 'list.json');
  await runCommand([program, '--ginkgo.dry-run', ...selecting(focus), `--ginkgo.json-report=${report}`], { timeoutMs: listMsMax });
  return specsOf(report)
    .filter(({ State }) => State === 'passed')
    .map((spec) => fullName(spec))
    .sort(byDigest)
    .map((name) => ({ name, alone: /\[(Serial|Disruptive)\]/.test(name) }));
}

/** Tests of a kind that time out together would share a batch in the order of their names. */
const byDigest = (a: string, b: string): number => (digest(a) < digest(b) ? -1 : 1);
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const selecting = (focus: string): readonly string[] => ['--ginkgo.no-color', '--ginkgo.silence-skips', `--ginkgo.focus=${focus}`];

/** Runs these tests one after another in one process. A test that did not come to its end is missing from the results. */
export async function runBatch(options: SuiteOptions, id: string, names: readonly string[]): Promise<readonly TestResult[]> {
  const report = join(options.reports, `${id}.json`);
  const focus = `(${names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|')})$`;
  const child = spawn(
    options.program,
    [
      ...selecting(focus),
      `--ginkgo.json-report=${report}`,
      '--ginkgo.timeout=24h',
      '--ginkgo.poll-progress-after=0',
      '--provider=skeleton',
      `--kubeconfig=${options.kubeconfig}`,
      `--kubectl-path=${options.kubectl}`,
    ],
    // A group of its own: what ends this program by the keyboard must not cut off the suite's own cleaning up.
    { cwd: options.reports, env: { ...process.env, KUBECONFIG: options.kubeconfig }, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const log = createWriteStream(join(options.reports, `${id}.log`));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  await ended(child, options);
  log.end();
  const wanted = new Set(names);
  return specsOf(report)
    .filter((spec) => wanted.has(fullName(spec)))
    .flatMap(resultOf);
}

const cleaningUpMsMax = 90_000;

/** Resolves when the process has ended. Every finished test prints something, so a silent process is in one long test. */
function ended(child: ChildProcess, { testMsMax, signal }: SuiteOptions): Promise<void> {
  return new Promise((settle, fail) => {
    let killing: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      if (killing !== undefined) return;
      child.kill('SIGINT');
      killing = setTimeout(() => child.kill('SIGKILL'), cleaningUpMsMax);
    };
    let silence = setTimeout(interrupt, testMsMax);
    child.stdout?.on('data', () => {
      clearTimeout(silence);
      silence = setTimeout(interrupt, testMsMax);
    });
    if (signal.aborted) interrupt();
    signal.addEventListener('abort', interrupt);
    const cleared = (): void => {
      signal.removeEventListener('abort', interrupt);
      clearTimeout(silence);
      clearTimeout(killing);
    };
    child.on('error', (error) => (cleared(), fail(error)));
    child.on('close', () => (cleared(), settle()));
  });
}
