/**
 * `npm run conformance`: upstream's conformance suite against two real nodes, made for it and removed afterwards, or against
 * any cluster (`--kubeconfig`). First the tests that may run side by side, then those that must run alone. Exits with 1 when
 * a test of `passing.txt` fails three times.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { runBatches } from './batches.ts';
import { suiteImages } from './images.ts';
import { judgedCluster } from './judged-cluster.ts';
import { findPrograms } from './programs.ts';
import { failureLines, grownList, listedFailures, summaryOf, tableOf, type TestResult } from './results.ts';
import { listTests, runBatch, type SuiteOptions, type SuiteTest } from './suite.ts';

interface Options {
  readonly suite?: string;
  readonly kubeconfig?: string;
  readonly cache: string;
  readonly focus: string;
  readonly procs: number;
  readonly testMinutes: number;
  readonly failures?: boolean;
  readonly update?: boolean;
  readonly json?: boolean;
}

const passingFile = join(import.meta.dirname, 'passing.txt');
const cacheDefault = join(import.meta.dirname, '../../.cache/conformance');

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 is wanted');
  return value;
}

const options = new Command('npm run conformance --')
  .description('run upstream’s conformance suite and compare with the tests that are known to pass')
  .option('--suite <file>', 'a ready e2e.test; programs beside it are taken too (default: built from the Go modules)')
  .option('--kubeconfig <file>', 'judge this cluster instead of one made for it')
  .option('--cache <dir>', 'where programs, images and reports are kept', cacheDefault)
  .option('--focus <regex>', 'only the tests whose name matches, in Go’s words', String.raw`\[Conformance\]`)
  .option('--procs <count>', 'how many tests run side by side', positive, 12)
  .option('--test-minutes <count>', 'when a test is interrupted', positive, 15)
  .option('--failures', 'print one line a failure')
  .option('--update', 'add what passes to passing.txt')
  .option('--json', 'print {"passed","run","bySig"} and nothing else on stdout')
  .parse()
  .opts<Options>();

const note = (text: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());

const listedNow = (): ReadonlySet<string> => new Set(readFileSync(passingFile, 'utf8').split('\n').filter(Boolean));
const listed = listedNow();

function progress(total: number): (results: readonly TestResult[]) => void {
  const all: TestResult[] = [];
  return (results) => {
    all.push(...results);
    const { passed, run } = summaryOf(all);
    note(`${all.length} of ${total} done, ${passed} of ${run} passed`);
  };
}

async function runAll(tests: readonly SuiteTest[], suite: SuiteOptions): Promise<readonly TestResult[]> {
  const run = (names: readonly string[], label: string, processes: number): Promise<readonly TestResult[]> =>
    runBatches(names, {
      processes,
      label,
      runBatch: (id, batch) => runBatch(suite, id, batch),
      finished: progress(names.length),
      signal: suite.signal,
    });
  const names = (alone: boolean): readonly string[] => tests.filter((test) => test.alone === alone).map(({ name }) => name);
  const first = [...(await run(names(false), 'side-by-side', options.procs)), ...(await run(names(true), 'serial', 1))];
  return withReruns(first, (again, attempt) => run(again, `again-${attempt}`, 1));
}

const reruns = 2;
/** Where more listed tests fail, running them one by one takes hours and finds nothing new. */
const rerunTestsMax = 25;

/** A listed test that fails gets two more attempts, alone: a busy machine is no regression. */
async function withReruns(
  results: readonly TestResult[],
  rerun: (names: readonly string[], attempt: number) => Promise<readonly TestResult[]>,
): Promise<readonly TestResult[]> {
  let now = results;
  for (let attempt = 1; attempt <= reruns; attempt += 1) {
    const failing = listedFailures(now, listed);
    if (failing.length === 0 || failing.length > rerunTestsMax || interrupted.signal.aborted) return now;
    note(`${failing.length} listed tests failed and run again, alone`);
    const again = new Map((await rerun(failing, attempt)).map((result) => [result.name, result]));
    now = now.map((result) => again.get(result.name) ?? result);
  }
  return now;
}

/** Exits with 1 when a listed test is lost. */
function report(results: readonly TestResult[], reports: string): number {
  const summary = summaryOf(results);
  const lost = listedFailures(results, listed);
  const failures = failureLines(results);
  writeFileSync(join(reports, 'results.json'), JSON.stringify(results, undefined, 1));
  writeFileSync(join(reports, 'failures.txt'), failures.map((line) => `${line}\n`).join(''));
  process.stdout.write(options.json === true ? `${JSON.stringify(summary)}\n` : tableOf(summary));
  if (options.failures === true) (options.json === true ? process.stderr : process.stdout).write(`${failures.join('\n')}\n`);
  const list = grownList(listed, results);
  // Another run may have added names meanwhile.
  if (options.update === true)
    writeFileSync(
      passingFile,
      grownList(listedNow(), results)
        .map((name) => `${name}\n`)
        .join(''),
    );
  if (list.length > listed.size)
    note(`${list.length - listed.size} tests pass that passing.txt did not list${options.update === true ? '' : '; --update adds them'}`);
  for (const name of lost) note(`LOST: ${name}`);
  note(`Logs are in ${reports}`);
  return lost.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const cache = resolve(options.cache);
  const reports = join(cache, 'report');
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const programs = await findPrograms({
    cache,
    suite: options.suite,
    withImages: options.kubeconfig === undefined,
    note,
    signal: interrupted.signal,
  });
  const tests = await listTests(programs.suite, options.focus, reports);
  note(`${tests.length} tests, ${tests.filter(({ alone }) => alone).length} of them alone`);
  const images = options.kubeconfig === undefined ? await suiteImages({ cache, programs, note }) : undefined;
  if (interrupted.signal.aborted) return interruptedCode;
  const cluster = await judgedCluster({ kubeconfig: options.kubeconfig, images, reports, note });
  try {
    const results = await runAll(tests, {
      program: programs.suite,
      kubectl: programs.kubectl,
      kubeconfig: cluster.kubeconfig,
      reports,
      testMsMax: options.testMinutes * 60_000,
      signal: interrupted.signal,
    });
    // What an interrupted run found out is worth keeping too.
    const code = report(results, reports);
    return interrupted.signal.aborted ? interruptedCode : code;
  } finally {
    await cluster.remove();
  }
}

/** As shells have it for a program that an interrupt ended. */
const interruptedCode = 130;

try {
  process.exitCode = await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exitCode = interrupted.signal.aborted ? interruptedCode : 2;
}
