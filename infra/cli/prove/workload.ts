/** The Deployment of a proof, and what a user does with it. Each function resolves with what was seen, and throws where it was not seen in time. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from '../../../functions/client/client.ts';
import type { Deployment } from '../../../functions/kube/generated/types.ts';
import { configMaps, deployments, nodes, pods } from '../../../functions/kube/resource-type.ts';
import { isMissing } from '../../local/data-directory.ts';
import { CliError } from '../cli-error.ts';
import type { Patience } from './patience.ts';

const namespace = 'default';
const name = 'proof';
const at = { namespace, name };
const replicas = 3;
const execMsMax = 60_000;

const deploymentOf = (image: string): Deployment => ({
  metadata: at,
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image, imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 80 }] }] },
    },
  },
});

export async function untilJoined(client: Client, count: number, { until }: Patience): Promise<string> {
  const ready = await until(`${count} nodes are Ready`, async () => {
    const { items } = await client.list(nodes);
    const isReady = items.filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    return isReady.length >= count ? isReady : undefined;
  });
  const machines = ready.map(({ status }) => `${status?.nodeInfo?.osImage ?? '?'} on ${status?.nodeInfo?.architecture ?? '?'}`);
  return [...new Set(machines)].join(', ');
}

async function untilAvailable(client: Client, { until }: Patience): Promise<Deployment> {
  return until(`${replicas} pods of the Deployment are available`, async () => {
    const deployment = await client.get(deployments, at);
    const { status, metadata } = deployment;
    const isSeen = status?.observedGeneration === metadata.generation;
    const isDone = status?.updatedReplicas === replicas && status.availableReplicas === replicas && status.replicas === replicas;
    return isSeen && isDone ? deployment : undefined;
  });
}

export async function runDeployment(client: Client, image: string, patience: Patience): Promise<string> {
  await client.create(deployments, deploymentOf(image));
  await untilAvailable(client, patience);
  const { items } = await client.list(pods, { namespace, labelSelector: `app=${name}` });
  return `${items.length} pods on ${new Set(items.map(({ spec }) => spec?.nodeName)).size} nodes`;
}

/** Other pods take the place of all, one after the other. */
export async function rollDeployment(client: Client, patience: Patience): Promise<string> {
  const before = new Set(await uidsOf(client));
  const restartedAt = new Date().toISOString();
  await client.patch(deployments, at, {
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': restartedAt } } } },
  });
  await untilAvailable(client, patience);
  const left = await patience.until('the former pods are gone', async () => {
    const now = await uidsOf(client);
    return now.some((uid) => before.has(uid)) ? undefined : now;
  });
  return `${left.length} other pods`;
}

async function uidsOf(client: Client): Promise<readonly string[]> {
  const { items } = await client.list(pods, { namespace, labelSelector: `app=${name}` });
  return items.map(({ metadata }) => metadata.uid ?? '');
}

export async function removeDeployment(client: Client, { until }: Patience): Promise<string> {
  await client.delete(deployments, at);
  await until('the pods of the deleted Deployment are gone', async () => ((await uidsOf(client)).length === 0 ? true : undefined));
  return 'its pods are gone';
}

/** By stock kubectl and a gate on this machine, as users do. */
export async function execByGate(client: Client, kubeconfig: string): Promise<string> {
  const { items } = await client.list(pods, { namespace, labelSelector: `app=${name}` });
  const pod = items[0]?.metadata.name ?? '';
  const words = ['--kubeconfig', kubeconfig, 'exec', '-n', namespace, pod, '--', 'cat', '/etc/hostname'];
  try {
    const { stdout } = await promisify(execFile)('kubectl', words, { timeout: execMsMax });
    if (stdout.trim() !== pod) throw new CliError(`kubectl exec printed ${stdout.trim()}, and not the pod’s name.`);
    return 'a program in a container answered';
  } catch (error) {
    if (isMissing(error)) throw new CliError('There is no kubectl on the PATH.', 'exec is only proven with it.');
    if (error instanceof Error && 'stderr' in error) throw new CliError(`kubectl exec failed: ${String(error.stderr).trim()}`);
    throw error;
  }
}

export interface Timed {
  readonly readMs: readonly number[];
  readonly writeMs: readonly number[];
}

const timedCount = 30;

export async function timeRequests(client: Client): Promise<Timed> {
  const [readMs, writeMs]: [number[], number[]] = [[], []];
  const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
    const startMs = performance.now();
    await work();
    into.push(performance.now() - startMs);
  };
  for (let index = 0; index < timedCount; index += 1) {
    await timed(readMs, () => client.list(configMaps, { namespace }));
    await timed(writeMs, () =>
      client.create(configMaps, { metadata: { namespace, name: `proof-${index}` }, data: { index: String(index) } }),
    );
  }
  return { readMs, writeMs };
}

/** Writes until `isOver`, and then reads all of it again. */
export async function writeMeanwhile(client: Client, isOver: () => boolean): Promise<string> {
  const written: string[] = [];
  let failed = 0;
  while (!isOver()) {
    const next = `meanwhile-${written.length + failed}`;
    try {
      await client.create(configMaps, { metadata: { namespace, name: next } });
      written.push(next);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failed += 1;
    }
  }
  const { items } = await client.list(configMaps, { namespace });
  const kept = new Set(items.map(({ metadata }) => metadata.name));
  const lost = written.filter((one) => !kept.has(one));
  if (lost.length > 0) throw new CliError(`${lost.length} of ${written.length} writes that were answered are lost.`);
  return `${written.length} writes meanwhile, none lost, ${failed} refused`;
}
