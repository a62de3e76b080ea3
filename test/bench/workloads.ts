/**
 * Our scheduler beside upstream's, in one run: `npm run bench:workloads -- [--json] [--nodes N] [--pods N] [--only LOADS] [--cache DIR]
 * [--without-upstream] [--decisions]`. Measured is what is decided and
 * committed, by schedulers that know the nodes already. Both check
 * the default share of nodes, not all of them. Ratios are ours to theirs; `cpu` ratios hold on a busy machine too. With `--decisions`
 * only decisions are measured, in CPU time, by the number of nodes.
 */
import { spawnSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decisionsPerSecond } from './workloads/decisions.ts';
import { loads } from './workloads/loads.ts';
import type { Measured } from './workloads/measured.ts';
import { measureOurs } from './workloads/ours.ts';
import { measureUpstream } from './workloads/upstream.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '1000' },
    only: { type: 'string' },
    cache: { type: 'string', default: join(import.meta.dirname, '../../.cache') },
    'without-upstream': { type: 'boolean', default: false },
    decisions: { type: 'boolean', default: false },
    /** The side that a process measures: `ours` or `upstream`. */
    side: { type: 'string' },
  },
});

type Side = 'ours' | 'upstream';

const [nodeCount, podCount] = [Number(options.nodes), Number(options.pods)];
const chosen = loads(nodeCount, podCount).filter(({ name }) => options.only === undefined || options.only.split(',').includes(name));

/** In a process of its own, so that nothing is warm from another load. */
function measureIn(side: Side, name: string): Measured {
  const args = ['--side', side, '--only', name, '--nodes', options.nodes, '--pods', options.pods, '--cache', options.cache];
  const { stdout, status } = spawnSync(process.execPath, [import.meta.filename, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name} on ${side} could not be measured`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measured;
}

async function measureHere(side: string): Promise<void> {
  const [load] = chosen;
  if (load === undefined) throw new Error(`no load ${options.only}`);
  const result = side === 'ours' ? await measureOurs(load, nodeCount) : await measureUpstream(load, nodeCount, options.cache);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

const text = ({ podsPerSecond, podsPerCpuSecond, residentMB }: Measured): string =>
  `${podsPerSecond} pods/s, ${podsPerCpuSecond} for each second of CPU, ${residentMB.toFixed(0)} MB`;

function measureAll(): void {
  const print = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const scheduler: Record<string, Measured> = {};
  const upstream: Record<string, Measured> = {};
  const ratios: Record<string, number> = {};
  for (const { name } of chosen) {
    const key = `${name}@${nodeCount}`;
    const ours = (scheduler[key] = measureIn('ours', name));
    print(`${key}: ours ${text(ours)}; load of the machine ${loadavg()[0]?.toFixed(1)}`);
    if (options['without-upstream']) continue;
    const theirs = (upstream[key] = measureIn('upstream', name));
    ratios[key] = ours.podsPerSecond / theirs.podsPerSecond;
    ratios[`${key} cpu`] = ours.cpuSeconds / theirs.cpuSeconds;
    print(`${key}: upstream ${text(theirs)}; ours to theirs ${ratios[key].toFixed(2)}, CPU ${ratios[`${key} cpu`]?.toFixed(2)}`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ scheduler, upstream, ratios, loadAverage: loadavg()[0] })}\n`);
}

const decisionNodes = [100, 1_000, 5_000, 15_000];

function measureDecisions(): void {
  for (const nodes of decisionNodes) {
    // No more pods than the smallest cluster takes one of a kind on each node.
    const found = loads(nodes, Math.min(podCount, nodes)).map((load) => `${load.name} ${Math.round(decisionsPerSecond(load, nodes))}`);
    process.stdout.write(`${nodes} nodes, pods for each second of CPU: ${found.join(', ')}\n`);
  }
}

if (options.decisions) measureDecisions();
else if (options.side === undefined) measureAll();
else {
  await measureHere(options.side);
  process.exit(0);
}
