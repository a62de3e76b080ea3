/**
 * What operations use, measured. Each number is a difference between two clusters after the same time: one in which
 * something happened, and one at rest. The counts are the same in each run.
 */
import type { Client } from '../../functions/client/client.ts';
import type { ConfigMap, Deployment } from '../../functions/kube/generated/types.ts';
import { configMaps, deployments } from '../../functions/kube/resource-type.ts';
import { openMeasuredCluster, type MeasuredCluster } from './measured-cluster.ts';
import { minus, plus, times, type FunctionUsage, type Usage } from './usage.ts';

export interface Measurements {
  /** The usage of an idle hour, for some numbers of nodes; more nodes cost as much each as the last ones. */
  readonly idleHours: readonly { readonly nodes: number; readonly usage: Usage }[];
  /** One pod of a Deployment, from its creation to its end. */
  readonly podLife: Usage;
  /** One pod that a rolling update replaces. */
  readonly podReplaced: Usage;
  /** A ConfigMap created, and read. */
  readonly write: Usage;
  readonly read: Usage;
  /** The usage of one quiet watch in an hour. */
  readonly watchHour: Usage;
  /** A function that starts from nothing: in an empty cluster, and for each pod that is there. */
  readonly coldStart: FunctionUsage;
  readonly coldStartPodReadUnits: number;
}

/** Twice around for the materializer, whose rounds take six minutes. */
const windowMs = 12 * 60_000;
const windowsInHour = 5;
const nodeCounts = [0, 3, 6, 12];
const workNodes = 3;
/** What is written is checkpointed a window later. */
const windowsOfWork = 2;
const replicas = 20;
const requests = 20;
const requestEveryMs = 10_000;
const watchSeconds = 600;

const namespace = 'default';
const web = { namespace, name: 'web' };

const deployment: Deployment = {
  metadata: { ...web, labels: { app: 'web' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'registry.example.com/shop/web:1.4.2',
            ports: [{ containerPort: 8080 }],
            env: [{ name: 'LOG_LEVEL', value: 'info' }],
            resources: { requests: { cpu: '100m', memory: '128Mi' } },
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 } },
          },
        ],
      },
    },
  },
};

const withImage = { spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.example.com/shop/web:1.4.3' }] } } } };

/** What one window uses in which something is done. */
async function windowUsage(cluster: MeasuredCluster, act: (client: Client) => Promise<unknown> = async () => undefined): Promise<Usage> {
  const { world } = cluster;
  const before = cluster.usage();
  const endMs = world.clock.monotonicMs() + windowMs;
  await cluster.run(act(cluster.client));
  await cluster.pass(endMs - world.clock.monotonicMs());
  return minus(cluster.usage(), before);
}

async function atRest(nodes: number): Promise<MeasuredCluster> {
  const cluster = await openMeasuredCluster(nodes);
  await cluster.pass(windowMs);
  return cluster;
}

async function idleHour(nodes: number): Promise<{ readonly nodes: number; readonly usage: Usage }> {
  const cluster = await atRest(nodes);
  const usage = times(await windowUsage(cluster), windowsInHour);
  assertQuiet(cluster);
  return { nodes, usage };
}

/** Logged once after a silence, as designed: nothing was checkpointed while nothing happened. */
const lateAfterSilence = 'the watermark is late';

function assertQuiet({ world }: MeasuredCluster): void {
  const complaint = world.complaints.find((logged) => logged !== lateAfterSilence);
  if (complaint !== undefined) throw new Error(`the measurement is not valid: ${complaint}`);
}

async function repeatedly({ world }: MeasuredCluster, act: (index: number) => Promise<unknown>): Promise<void> {
  for (let index = 0; index < requests; index += 1) {
    await act(index);
    await world.clock.sleep(requestEveryMs);
  }
}

type More = (act: (client: Client) => Promise<unknown>) => Promise<Usage>;

/** What is done in one cluster, each time compared with the same cluster at rest. */
async function inCluster<T>(nodes: number, work: (more: More, cluster: MeasuredCluster) => Promise<T>): Promise<T> {
  const cluster = await atRest(nodes);
  const rest = times(await windowUsage(cluster), windowsOfWork);
  const answer = await work(async (act) => minus(plus(await windowUsage(cluster, act), await windowUsage(cluster)), rest), cluster);
  assertQuiet(cluster);
  return answer;
}

const measureRequests = (): Promise<Pick<Measurements, 'write' | 'read' | 'watchHour'>> =>
  inCluster(0, async (more, cluster) => {
    const made = (index: number): ConfigMap => ({ metadata: { namespace, name: `settings-${index}` }, data: { color: 'blue' } });
    const write = await more((client) => repeatedly(cluster, (index) => client.create(configMaps, made(index))));
    const read = await more((client) => repeatedly(cluster, () => client.get(configMaps, { namespace, name: 'settings-0' })));
    const watch = await more(() => cluster.follow(`/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=${watchSeconds}`));
    return { write: times(write, 1 / requests), read: times(read, 1 / requests), watchHour: times(watch, 3600 / watchSeconds) };
  });

const measurePods = (): Promise<Omit<Measurements, 'idleHours' | 'write' | 'read' | 'watchHour'>> =>
  inCluster(workNodes, async (more, cluster) => {
    const coldStart = await cluster.coldStart();
    const started = await more((client) => client.create(deployments, deployment));
    const withPods = await cluster.coldStart();
    const patchType = 'application/strategic-merge-patch+json';
    const rolled = await more((client) => client.patch(deployments, web, withImage, { patchType }));
    const stopped = await more((client) => client.patch(deployments, web, { spec: { replicas: 0 } }));
    return {
      podLife: times(plus(started, stopped), 1 / replicas),
      podReplaced: times(rolled, 1 / replicas),
      coldStart,
      coldStartPodReadUnits: (withPods.readUnits - coldStart.readUnits) / replicas,
    };
  });

export async function measure(): Promise<Measurements> {
  const idleHours: Measurements['idleHours'][number][] = [];
  for (const nodes of nodeCounts) idleHours.push(await idleHour(nodes));
  return { idleHours, ...(await measureRequests()), ...(await measurePods()) };
}
