/**
 * Real nodes: `npm run bench:node -- [--json] [--pods N] [--only PARTS]`.
 * Part `start`: many pods at once on two nodes, then ten more each second.
 * Part `service`: requests through a Service, against requests to its pod.
 * Part `agent`: what the agent of a machine uses beside 50 idle pods.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bundleAgent } from '../../agent/bundle.ts';
import { nodeCommand } from '../../agent/upgrade/program-files.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { agentNode } from '../support/agent-node.ts';
import { startCluster, type TestCluster } from '../support/cluster-process.ts';
import { eventually } from '../support/eventually.ts';
import { insideNode } from '../support/inside-node.ts';
import { imageFiles } from '../support/real-nodes.ts';
import { processUse, type ProcessUse } from './node/process-use.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    pods: { type: 'string', default: '100' },
    only: { type: 'string', default: 'start,service,agent' },
  },
});
const parts = options.only.split(',');
const podCount = Number(options.pods);

const sustainedSeconds = 10;
const podsPerSecond = 10;
const requestSeconds = 5;
const requestRounds = 3;
const agentPods = 50;
/** Until what its start left behind is collected. */
const settleMs = 30_000;
const idleSeconds = 60;

const print = (line: string): void => void (options.json ? process.stderr : process.stdout).write(`${line}\n`);
const secondsSince = (beganMs: number): number => Math.round((performance.now() - beganMs) / 100) / 10;

const deployment = (name: string, replicas: number, container: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers: [${container}]
`;
const sleeper = "{ name: main, image: 'busybox:1.36', command: [sleep, '100000'] }";
const echo = '{ name: main, image: echo:v1, ports: [{ containerPort: 8080 }] }';

async function apply({ kubectl }: TestCluster, manifest: string): Promise<void> {
  const { code, stderr } = await kubectl.run(['apply', '-f', '-'], { input: manifest });
  if (code !== 0) throw new Error(stderr);
}

const untilReady = ({ kubectl }: TestCluster, name: string): Promise<string> =>
  kubectl.ok('rollout', 'status', `deployment/${name}`, '--timeout=300s');

async function scale(cluster: TestCluster, name: string, replicas: number): Promise<void> {
  await cluster.kubectl.ok('scale', `deployment/${name}`, `--replicas=${replicas}`);
}

interface Starts {
  /** All pods at once, on both nodes: from the command to the last one ready. */
  readonly startSeconds: number;
  readonly podsPerSecond: number;
  /** Ten more each second, for ten seconds: from the last ten to all ready. */
  readonly lagSeconds: number;
}

async function measureStarts(cluster: TestCluster): Promise<Starts> {
  let beganMs = performance.now();
  await apply(cluster, deployment('many', podCount, sleeper));
  await untilReady(cluster, 'many');
  const startSeconds = secondsSince(beganMs);
  await scale(cluster, 'many', 0);
  await eventually(async () => {
    if ((await cluster.kubectl.ok('get', 'pods', '-o', 'name')) !== '') throw new Error('pods are left');
  });
  beganMs = performance.now();
  for (let second = 1; second <= sustainedSeconds; second += 1) {
    await scale(cluster, 'many', second * podsPerSecond);
    await sleep(Math.max(0, beganMs + 1000 * second - performance.now()));
  }
  beganMs = performance.now();
  await untilReady(cluster, 'many');
  const lagSeconds = secondsSince(beganMs);
  await cluster.kubectl.ok('delete', 'deployment/many');
  return { startSeconds, podsPerSecond: Math.round((10 * podCount) / startSeconds) / 10, lagSeconds };
}

interface Requests {
  readonly toPod: number;
  readonly throughService: number;
  readonly ratio: number;
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** From one node to a pod of the other, in turns, so that both meet the same machine. */
async function measureService(cluster: TestCluster): Promise<Requests> {
  const { kubectl } = cluster;
  await apply(cluster, deployment('echo', 1, echo));
  await untilReady(cluster, 'echo');
  await kubectl.ok('expose', 'deployment/echo', '--port=80', '--target-port=8080');
  const [node = '', podIp = ''] = (
    await kubectl.ok('get', 'pods', '-l', 'app=echo', '-o', 'jsonpath={.items[0].spec.nodeName} {.items[0].status.podIP}')
  ).split(' ');
  const serviceIp = await kubectl.ok('get', 'service', 'echo', '-o', 'jsonpath={.spec.clusterIP}');
  const run = insideNode(cluster.directory, node === 'node-1' ? 'node-2' : 'node-1');
  const program = join(import.meta.dirname, 'node/request-rate.ts');
  const rate = async (url: string): Promise<number> => Number(await run([process.execPath, program, url, String(requestSeconds)]));
  await eventually(() => run(['curl', '-sSf', '--max-time', '2', `http://${serviceIp}/`]));
  const [direct, proxied]: [number[], number[]] = [[], []];
  for (let round = 0; round < requestRounds; round += 1) {
    direct.push(await rate(`http://${podIp}:8080/`));
    proxied.push(await rate(`http://${serviceIp}/`));
  }
  const [toPod, throughService] = [median(direct), median(proxied)];
  return { toPod, throughService, ratio: Math.round((100 * throughService) / toPod) / 100 };
}

const idlePod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app: name }, generation: 1 },
  spec: {
    nodeName: 'node-a',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'docker.io/library/busybox:1.36', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100000'] }],
  },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});

/** The bundle with the flags of a machine that joined, begun anew beside pods that run. */
async function measureAgent(): Promise<ProcessUse> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-node-'));
  const program = await bundleAgent(join(directory, 'agent.mjs'));
  const node = await agentNode('10.201.14.0/24', { command: () => [...nodeCommand(process.execPath), program] });
  const names = Array.from({ length: agentPods }, (_, index) => `p${index}`);
  try {
    node.startAgent();
    for (const name of names) node.api.put(idlePod(name));
    await eventually(() => {
      if (!names.every((name) => node.api.pod(name)?.status?.containerStatuses?.[0]?.ready)) throw new Error('pods are not ready');
    });
    await node.stopAgent('SIGTERM');
    node.startAgent();
    await sleep(settleMs);
    return await processUse(node.agentPid() ?? 0, idleSeconds);
  } finally {
    await node.close();
    rmSync(directory, { recursive: true });
  }
}

async function onCluster<T>(measure: (cluster: TestCluster) => Promise<T>): Promise<T> {
  const cluster = await startCluster({ nodes: 2, runtime: 'containerd', images: await imageFiles() });
  try {
    return await measure(cluster);
  } finally {
    await cluster.remove();
  }
}

const load = (): string => `load of the machine ${loadavg()[0]?.toFixed(1)}`;
const results: { starts?: Starts; requests?: Requests; agent?: ProcessUse } = {};
if (parts.includes('start')) {
  const starts = (results.starts = await onCluster(measureStarts));
  print(`${podCount} pods on two nodes: ${starts.startSeconds} s, ${starts.podsPerSecond} pods/s (goal: 10 s); ${load()}`);
  print(`${podsPerSecond} pods/s for ${sustainedSeconds} s: all ready ${starts.lagSeconds} s after the last`);
}
if (parts.includes('service')) {
  const requests = (results.requests = await onCluster(measureService));
  print(
    `requests/s to a pod of the other node ${requests.toPod}, through a Service ${requests.throughService} (${requests.ratio}); ${load()}`,
  );
}
if (parts.includes('agent')) {
  const agent = (results.agent = await measureAgent());
  print(
    `agent with ${agentPods} pods: ${agent.residentMB} MB resident, ${agent.ownMB} MB its own (goal: 60), ${agent.cpuPercent} % of a core idle (goal: 1); ${load()}`,
  );
}
if (options.json) process.stdout.write(`${JSON.stringify({ ...results, loadAverage: loadavg()[0] })}\n`);
process.exit(0);
