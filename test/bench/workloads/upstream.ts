/** Upstream's kube-scheduler with kube-apiserver and etcd: what waits is there before the scheduler starts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../../functions/client/client.ts';
import { createHttpClient } from '../../../functions/client/http-client.ts';
import { createHttpsFetch, type ClusterAccess } from '../../../functions/client/https-fetch.ts';
import { pods } from '../../../functions/kube/resource-type.ts';
import { findControllerPrograms, findPrograms } from '../../compare/servers/programs.ts';
import { startUpstream } from '../../compare/servers/upstream.ts';
import { benchNamespace, type Load } from './loads.ts';
import { type Measured, measured, megabyte } from './measured.ts';
import { createAll, prepare } from './ours.ts';

const pollMs = 50;
const placedWithinMs = 10 * 60_000;
const ticksPerSecond = 100;
const pageBytes = 4096;

interface Spent {
  readonly cpuSeconds: number;
  readonly residentMB: number;
}

/** What all programs used that this process has started. */
function spent(): Spent {
  let [ticks, pages] = [0, 0];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(name);
    // After the name in brackets: state, parent, and from the twelfth on user and system time; the 22nd is pages in memory.
    if (stat === undefined || Number(stat[1]) !== process.pid) continue;
    ticks += Number(stat[11]) + Number(stat[12]);
    pages += Number(stat[21]);
  }
  return { cpuSeconds: ticks / ticksPerSecond, residentMB: (pages * pageBytes) / megabyte };
}

function statOf(pid: string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    // It ended in between.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** From the first pod that is placed to the last one. */
async function placing(client: Client, load: Load, start: () => void): Promise<Measured> {
  const wanted = new Set(load.waiting.map(({ metadata }) => metadata.name ?? ''));
  const placed = new Set<string>();
  let first: { readonly atMs: number; readonly spent: Spent } | undefined;
  let lastMs = 0;
  const ending = new AbortController();
  const { metadata } = await client.list(pods, { namespace: benchNamespace });
  const watch = client.watch(pods, {
    namespace: benchNamespace,
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    signal: ending.signal,
  });
  const seen = (async () => {
    for await (const { object } of watch) {
      const name = object.metadata.name ?? '';
      if (!wanted.has(name) || object.spec.nodeName === undefined) continue;
      first ??= { atMs: performance.now(), spent: spent() };
      lastMs = performance.now();
      placed.add(name);
      if (placed.size === wanted.size) return;
    }
  })();
  start();
  for (const untilMs = performance.now() + placedWithinMs; placed.size < wanted.size && performance.now() < untilMs;) await sleep(pollMs);
  const end = spent();
  ending.abort();
  await seen.catch(() => undefined);
  if (first === undefined || placed.size < wanted.size) throw new Error(`${load.name}: ${placed.size} of ${wanted.size} pods were placed`);
  return measured(wanted.size, (lastMs - first.atMs) / 1000, {
    cpuSeconds: end.cpuSeconds - first.spent.cpuSeconds,
    residentMB: end.residentMB,
  });
}

function kubeconfigOf({ server, caPem, ...user }: ClusterAccess): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': Buffer.from(caPem ?? '').toString('base64') } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
}

export async function measureUpstream(load: Load, nodeCount: number, cache: string): Promise<Measured> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const upstream = await startUpstream(findPrograms({ cache }, report), { serviceCidr: '10.96.0.0/12' });
  const { kubeScheduler } = findControllerPrograms({ cache }, report);
  const root = mkdtempSync(join(tmpdir(), 'hibernetes-bench-'));
  const fetch = createHttpsFetch(upstream.access);
  const client = createHttpClient({ fetch, baseUrl: upstream.access.server, userAgent: 'bench' });
  const ending = new AbortController();
  try {
    await prepare(client, nodeCount);
    await createAll(client, pods, load.running);
    await createAll(client, pods, load.waiting);
    const kubeconfig = join(root, 'kubeconfig');
    writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(upstream.access)));
    const limits = ['--kube-api-qps=5000', '--kube-api-burst=5000'];
    return await placing(client, load, () => {
      const child = spawn(kubeScheduler, [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0', ...limits], {
        stdio: 'ignore',
        signal: ending.signal,
      });
      child.on('error', () => undefined);
      void once(child, 'exit').catch(() => undefined);
    });
  } finally {
    ending.abort();
    fetch.close();
    await upstream.stop();
    rmSync(root, { recursive: true, force: true });
  }
}
