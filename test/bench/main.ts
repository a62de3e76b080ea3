/**
 * `npm run bench`: the store beside etcd, and the API beside kube-apiserver with etcd, each in one run and by turns. Ratios
 * are ours beside theirs, greater is better. It writes its table into the README when it has measured everything.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { markdownTable, withBlock } from '../support/markdown.ts';
import { apiCases, fill, listedPods } from './api/cases.ts';
import { startOurApi, startUpstreamApi } from './api/servers.ts';
import { benchCases } from './cases.ts';
import { commit, etcdBinary, isPinned, startEtcd, startOurs } from './contenders.ts';
import { interleaved, type Case, type Rounds } from './interleaved.ts';
import { figuresOf, ratiosOf, tableHeading, tableRow, type Figure } from './table.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is wanted');
  return value;
}

const options = new Command('npm run bench --')
  .description('measure the store beside etcd, and the API beside kube-apiserver')
  .option('--cache <dir>', 'where kube-apiserver and etcd are, or are built', join(import.meta.dirname, '../../.cache'))
  .addOption(new Option('--only <part>', 'one part').choices(['store', 'api']))
  .option('--cases <text>', 'only the cases whose name holds the text', '')
  .option('--rounds <count>', 'rounds of four measurements', positive, 5)
  .option('--seconds <count>', 'how long each lasts', positive, 1.5)
  .option('--json', 'print {"ratios":{…}} and nothing else on standard output')
  .parse()
  .opts<{ cache: string; only?: 'store' | 'api'; cases: string; rounds: number; seconds: number; json?: boolean }>();

const note = (text: string): void => void process.stderr.write(`${text}\n`);
const print = (text: string): void => (options.json === true ? note(text) : void process.stdout.write(`${text}\n`));
const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');

const figures: Figure[] = [];

function add(...more: readonly Figure[]): void {
  figures.push(...more);
  for (const figure of more) print(tableRow(figure).join(' | '));
}

const wanted = <T extends { readonly key: string }>(cases: readonly T[]): readonly T[] =>
  cases.filter(({ key }) => key.includes(options.cases));

interface Pair<Server> {
  readonly ours: Server;
  readonly theirs: Server;
}

async function measureAll<Server>(group: string, cases: readonly Case<Server>[], { ours, theirs }: Pair<Server>): Promise<void> {
  const rounds: Rounds = options;
  // At 64 clients our store commits in groups: there it must be half again as fast.
  const goalOf = (key: string): number => (group === 'store' && key.includes('@64') ? 1.5 : 1);
  for (const one of cases) add(...figuresOf(group, await interleaved(one, ours, theirs, rounds), goalOf(one.key)));
}

async function benchStore(): Promise<void> {
  const etcd = etcdBinary();
  const pair = { ours: await startOurs(), theirs: await startEtcd(etcd.path) };
  try {
    await measureAll('store', wanted(benchCases), pair);
  } finally {
    await pair.ours.stop();
    await pair.theirs.stop();
    etcd.remove();
  }
}

/** Ours may take at most 0.7 of theirs. */
const memoryGoal = 1.43;

async function benchApi(): Promise<void> {
  const ours = await startOurApi();
  try {
    const theirs = await startUpstreamApi(options.cache, note);
    try {
      for (const server of [ours, theirs]) await fill(server);
      const [own, other] = [ours.residentMiB(), theirs.residentMiB()];
      const shown = (value: number): string => `${value.toFixed(0)} MiB`;
      add({ key: `API: memory with ${listedPods} pods`, ratio: other / own, goal: memoryGoal, ours: shown(own), theirs: shown(other) });
      await measureAll('API', wanted(apiCases), { ours, theirs });
    } finally {
      await theirs.stop();
    }
  } finally {
    await ours.stop();
  }
}

const readmeFile = join(import.meta.dirname, '../../README.md');

const loadBefore = load();
print(tableHeading.join(' | '));
if (options.only !== 'api') await benchStore();
if (options.only !== 'store') await benchApi();
const about = {
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  node: process.version,
  processors: `${cpus().length} × ${cpus()[0]?.model ?? ''}`,
  isPinned,
  rounds: options.rounds,
  seconds: options.seconds,
  loadBefore,
  loadAfter: load(),
};
if (options.json === true) process.stdout.write(`${JSON.stringify({ about, ratios: ratiosOf(figures) }, undefined, 2)}\n`);
if (options.only === undefined && options.cases === '') {
  const facts =
    `${about.date}, commit ${about.commit}, Node ${about.node}, ${about.processors}, ` +
    `load average ${about.loadBefore} before and ${about.loadAfter} after:`;
  const lines = [facts, '', ...markdownTable([tableHeading, ...figures.map(tableRow)])];
  writeFileSync(readmeFile, withBlock(readFileSync(readmeFile, 'utf8'), ['npm run bench', 'end of bench'], lines));
}
