/**
 * `npm run nightly -- envtest`: controller-runtime's own tests, by its environment for tests, against upstream's server and
 * ours. Exits with 1 when a test that passes against upstream's fails three times against ours.
 */
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { findPrograms, type Programs } from '../compare/servers/programs.ts';
import type { TestResult } from '../conformance/results.ts';
import { type Package, packages, testProgramOf } from './packages.ts';
import { runTests } from './run-tests.ts';
import { startOurServer, startUpstreamServer, type TestedServer } from './servers.ts';
import { requirePassing, type Verdict, verdictOf } from './verdict.ts';

interface Options {
  readonly only?: readonly Package[];
  readonly cache: string;
}

const { only, cache } = new Command('test/envtest/main.ts')
  .description('run controller-runtime’s tests against upstream’s server and ours')
  .addOption(new Option('--only <packages...>', 'only these').choices(packages))
  .option('--cache <dir>', 'where programs and logs are kept', join(import.meta.dirname, '../../.cache'))
  .parse()
  .opts<Options>();

const note = (text: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
/** A busy machine is no regression. */
const attemptsMax = 3;

async function withServer<T>(start: () => Promise<TestedServer>, use: (server: TestedServer) => Promise<T>): Promise<T> {
  const server = await start();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

async function judge(name: Package, programs: Programs, directory: string): Promise<Verdict> {
  const program = await testProgramOf(name, directory, note);
  const log = (of: string): string => join(directory, 'controller-runtime/report', `${name.replaceAll('/', '-')}-${of}.log`);
  const run = (start: () => Promise<TestedServer>, of: string): Promise<readonly TestResult[]> =>
    withServer(start, ({ kubeconfig }) => runTests(program, kubeconfig, log(of)));
  const upstream = await run(() => startUpstreamServer(programs), 'upstream');
  requirePassing(name, upstream);
  const attempts: (readonly TestResult[])[] = [];
  for (;;) {
    attempts.push(await run(startOurServer, `ours-${attempts.length + 1}`));
    const verdict = verdictOf(upstream, attempts);
    if (verdict.lost.length === 0 || attempts.length === attemptsMax) return verdict;
    note(`${name}: ${verdict.lost.length} of ${verdict.asked} failed, and run again`);
  }
}

async function main(): Promise<number> {
  const directory = resolve(cache);
  const programs = findPrograms({ cache: directory }, note);
  let [asked, lost] = [0, 0];
  for (const name of packages.filter((one) => only === undefined || only.includes(one))) {
    const verdict = await judge(name, programs, directory);
    asked += verdict.asked;
    lost += verdict.lost.length;
    process.stdout.write(`${name.padEnd(30)} ${verdict.asked - verdict.lost.length} of ${verdict.asked}\n`);
    for (const test of verdict.lost) process.stdout.write(`  ${test.name}: ${test.reason.replaceAll(/\s+/g, ' ').slice(0, 400)}\n`);
  }
  process.stdout.write(`${asked - lost} of ${asked} tests that pass against upstream's server pass against ours\n`);
  return lost === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
