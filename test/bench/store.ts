/**
 * The store beside etcd, in one run: `npm run bench:store -- [--json] [--only creates|puts|gets|lists|watches|writers|dynamodb]
 * [--rounds N] [--seconds S] [--small]`. Both servers keep the same promise: a write is on the disk before it is answered.
 * The same client sends both the same requests over loopback. Each round measures A B B A, so that what else the machine
 * does touches both; figures are medians. Ratios are ours beside theirs, greater is better;
 * those of processor time (`cpuRatios`) hold on a busy machine too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCases } from './cases.ts';
import { measureOnDynamodb, type OnDynamodb } from './dynamodb.ts';
import { measureWriters, type Writers } from './writers.ts';
import { commit, etcdBinary, isPinned, startEtcd, startOurs } from './contenders.ts';
import type { Measured } from './closed-loop.ts';
import { digits } from './table.ts';
import { interleaved, ratioOf, type Row } from './interleaved.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1.5' },
    small: { type: 'boolean', default: false },
  },
});

/** Above this, others have so much of the machine that times compare schedulers, not servers. */
const quietLoadMax = 0.5;

const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');

function line(row: Row): string {
  const { key, ours, theirs } = row;
  const cells = [ours, theirs].flatMap(({ perSecond, p50Ms, p99Ms, cpuMsEach }) => [
    `${digits(perSecond)}`,
    `${digits(p50Ms)} / ${digits(p99Ms)}`,
    digits(cpuMsEach),
  ]);
  return `| ${key} | ${ratioOf(row.ratioOf, row).toFixed(2)} (${row.ratioOf}) | ${cells.join(' | ')} |`;
}

const tableHead = [
  '| case | ours beside etcd | ours/s | ours p50 / p99 ms | ours CPU ms each | etcd/s | etcd p50 / p99 ms | etcd CPU ms each |',
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
    const row = await interleaved(benchCase, ours, theirs, { rounds: Number(options.rounds), seconds: Number(options.seconds) });
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
  const ratiosOf = (field: (row: Row) => keyof Measured): Readonly<Record<string, number>> =>
    Object.fromEntries(rows.map((row) => [row.key, Number(ratioOf(field(row), row).toFixed(3))]));
  const document = {
    about,
    ratios: ratiosOf((row) => row.ratioOf),
    cpuRatios: ratiosOf(() => 'cpuMsEach'),
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
