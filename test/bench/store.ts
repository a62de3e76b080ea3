/**
 * The store beside etcd, in one run: `npm run bench:store -- [--json] [--only creates|puts|gets|lists|watches|writers|dynamodb]
 * [--rounds N] [--seconds S] [--small]`. Both servers keep the same promise: a write is on the disk before it is answered.
 * The same client sends both the same requests over loopback. Each round measures A B B A, so that what else the machine
 * does touches both; figures are medians. Ratios are ours to theirs;
 * those of processor time (`cpuRatios`) hold on a busy machine too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCases, percentile, type BenchCase, type Measured } from './cases.ts';
import { measureOnDynamodb, type OnDynamodb } from './dynamodb.ts';
import { measureWriters, type Writers } from './writers.ts';
import { commit, etcdBinary, isPinned, startEtcd, startOurs, type Contender } from './contenders.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1.5' },
    small: { type: 'boolean', default: false },
  },
});

interface Row {
  readonly key: string;
  readonly ratioOf: string;
  readonly ratio: number;
  readonly ours: Measured;
  readonly theirs: Measured;
}

/** How long a store runs before it is measured: ours is compiled while it runs. */
const warmUpSeconds = 2;

const median = (numbers: readonly number[]): number =>
  percentile(
    numbers.toSorted((a, b) => a - b),
    0.5,
  );

function medians(runs: readonly Measured[]): Measured {
  const of = (field: keyof Measured): number => median(runs.map((run) => run[field]));
  return { perSecond: of('perSecond'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms'), cpuMsEach: of('cpuMsEach') };
}

async function measure(benchCase: BenchCase, ours: Contender, theirs: Contender): Promise<Row> {
  const seconds = Number(options.seconds);
  const runs = new Map<Contender, Measured[]>([
    [ours, []],
    [theirs, []],
  ]);
  for (const one of [ours, theirs]) await benchCase.run(one, warmUpSeconds);
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const one of [ours, theirs, theirs, ours]) runs.get(one)!.push(await benchCase.run(one, seconds));
  }
  const [own, other] = [medians(runs.get(ours)!), medians(runs.get(theirs)!)];
  return {
    key: benchCase.key,
    ratioOf: benchCase.ratioOf,
    ratio: own[benchCase.ratioOf] / other[benchCase.ratioOf],
    ours: own,
    theirs: other,
  };
}

/** Above this, others have so much of the machine that times compare schedulers, not servers. */
const quietLoadMax = 0.5;

const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');

const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(3));

function line({ key, ratioOf, ratio, ours, theirs }: Row): string {
  const cells = [ours, theirs].flatMap(({ perSecond, p50Ms, p99Ms, cpuMsEach }) => [
    `${digits(perSecond)}`,
    `${digits(p50Ms)} / ${digits(p99Ms)}`,
    digits(cpuMsEach),
  ]);
  return `| ${key} | ${ratio.toFixed(2)} (${ratioOf}) | ${cells.join(' | ')} |`;
}

const tableHead = [
  '| case | ours ÷ etcd | ours/s | ours p50 / p99 ms | ours CPU ms each | etcd/s | etcd p50 / p99 ms | etcd CPU ms each |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];

function print(text: string): void {
  (options.json ? process.stderr : process.stdout).write(`${text}\n`);
}

const wanted = benchCases.filter(
  ({ group, key }) => (options.only === undefined || group === options.only) && !(options.small && key.endsWith('14KB')),
);
const wantsWriters = options.only === undefined || options.only === 'writers';
const wantsDynamodb = options.only === undefined || options.only === 'dynamodb';
if (wanted.length === 0 && !wantsWriters && !wantsDynamodb)
  throw new Error(`--only ${options.only}: creates, puts, gets, lists, watches, writers or dynamodb`);

const writersHead = ['', '| processes on one log, 64 in flight together | creates/s | p99 ms | CPU ms each |', '| --- | --- | --- | --- |'];

const writersLine = ({ writers, perSecond, p99Ms, cpuMsEach }: Writers): string =>
  `| ${writers} | ${digits(perSecond)} | ${digits(p99Ms)} | ${digits(cpuMsEach)} |`;

const dynamodbHead = [
  '',
  '| ours in the client’s process, on | creates/s | p50 / p99 ms | CPU ms each | calls each | write units each |',
  '| --- | --- | --- | --- | --- | --- |',
];

const dynamodbLine = ({ engine, inFlight, ...measured }: OnDynamodb): string =>
  `| ${engine}, creates@${inFlight} | ${digits(measured.perSecond)} | ${digits(measured.p50Ms)} / ${digits(measured.p99Ms)} | ` +
  `${[measured.cpuMsEach, measured.callsEach, measured.writeUnitsEach].map(digits).join(' | ')} |`;

const etcd = etcdBinary();
const loadBefore = load();
if (Number(loadBefore.split(' ')[0]) > quietLoadMax)
  print(`The machine is busy (load average ${loadBefore}): compare processor time rather than times.\n`);
const ours = await startOurs();
const theirs = await startEtcd(etcd.path);
const rows: Row[] = [];
try {
  for (const head of tableHead) print(head);
  for (const benchCase of wanted) {
    const row = await measure(benchCase, ours, theirs);
    rows.push(row);
    print(line(row));
  }
  const writers = wantsWriters ? await measureWriters(Number(options.seconds)) : [];
  const writersTable = writers.length === 0 ? [] : [...writersHead, ...writers.map(writersLine)];
  for (const text of writersTable) print(text);
  const dynamodb = wantsDynamodb ? await measureOnDynamodb(Number(options.seconds), print) : [];
  const dynamodbTable = dynamodb.length === 0 ? [] : [...dynamodbHead, ...dynamodb.map(dynamodbLine)];
  for (const text of dynamodbTable) print(text);
  const about = {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    etcd: theirs.version,
    processors: `${cpus().length} × ${cpus()[0]?.model ?? ''}`,
    isPinned,
    rounds: Number(options.rounds),
    seconds: Number(options.seconds),
    loadBefore,
    loadAfter: load(),
    residentMiB: { ours: Math.round(ours.residentMiB()), etcd: Math.round(theirs.residentMiB()) },
  };
  const cpuRatios = Object.fromEntries(
    rows.map(({ key, ours: own, theirs: other }) => [key, Number((own.cpuMsEach / other.cpuMsEach).toFixed(3))]),
  );
  const document = {
    about,
    ratios: Object.fromEntries(rows.map(({ key, ratio }) => [key, Number(ratio.toFixed(3))])),
    cpuRatios,
    rows,
    writers,
    dynamodb,
  };
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  const facts = Object.entries(about).map(([name, value]) => `- ${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`);
  const name = options.only === undefined ? 'store' : `store-${options.only}`;
  writeFileSync(
    join(results, `${name}.md`),
    `${['# The store beside etcd', '', ...facts, '', ...tableHead, ...rows.map(line), ...writersTable, ...dynamodbTable].join('\n')}\n`,
  );
  if (options.json) process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  else print(`\nload average before ${loadBefore}, after ${about.loadAfter}; resident MiB ${JSON.stringify(about.residentMiB)}`);
} finally {
  await ours.stop();
  await theirs.stop();
  etcd.remove();
}
