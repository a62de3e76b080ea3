/**
 * What controllers wait for, as stories. Each begins something in a cluster and returns after how many seconds it came
 * to pass. A story does not know how the workers are run.
 */
import assert from 'node:assert/strict';
import { conditionOf } from '../../functions/kube/conditions.ts';
import type { Deployment, Event, Pod } from '../../functions/kube/generated/types.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { isPodReady } from '../../functions/kube/pod.ts';
import {
  configMaps,
  deployments,
  endpointSlices,
  events,
  namespaces,
  nodes,
  pods,
  replicaSets,
  services,
} from '../../functions/kube/resource-type.ts';
import { isNotFound, StatusError } from '../../functions/kube/status-error.ts';
import type { MeasuredCluster } from '../../infra/cost/measured-cluster.ts';

/** Seconds, or what is counted, by what happened. */
export type Counts = Readonly<Record<string, number>>;
export type Story = (cluster: MeasuredCluster) => Promise<Counts>;

export const nodeCount = 3;
const namespace = 'default';
const lost = { namespace: '', name: 'node-1' };
const checkMs = 1000;

/** Seconds until it is so. */
async function until(cluster: MeasuredCluster, secondsMax: number, isSo: () => Promise<boolean>): Promise<number> {
  const startMs = cluster.world.clock.now();
  const seconds = (): number => Math.round((cluster.world.clock.now() - startMs) / 1000);
  while (!(await cluster.run(isSo()))) {
    assert.ok(seconds() < secondsMax, `it did not happen in ${secondsMax} seconds: ${isSo}`);
    await cluster.pass(checkMs);
  }
  return seconds();
}

async function isAllowed(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 403) return false;
    throw error;
  }
}

async function isGone(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

const at = (name: string): { namespace: string; name: string } => ({ namespace, name });

function deployment(spec: Partial<Deployment['spec']>, podSpec: Partial<Pod['spec']> = {}): Deployment {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }], ...podSpec } };
  return { metadata: at('web'), spec: { replicas: 3, selector: { matchLabels: labels }, template, ...spec } };
}

const pod = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: at(name),
  spec: { containers: [{ name: 'c', image: 'c:1' }], ...spec },
});

const tolerate = (key: string, tolerationSeconds: number): object => ({
  tolerations: [{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }],
});

/** Seconds until three pods run. */
async function running(cluster: MeasuredCluster): Promise<number> {
  await cluster.run(cluster.client.create(deployments, deployment({})));
  return until(cluster, 250, async () => {
    const all = await podsOf(cluster);
    return all.length === 3 && all.every(isPodReady);
  });
}

const podsOf = async ({ client }: MeasuredCluster): Promise<readonly Pod[]> => (await client.list(pods, { namespace })).items;
const onLost = ({ spec }: Pod): boolean => spec?.nodeName === lost.name;
const isLeaving = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

export const stories: Readonly<Record<string, Story>> = {
  async 'a node that becomes unresponsive is given up, tainted, and left by its pods and its Services'(cluster) {
    const { client, run, pass } = cluster;
    const ports = [{ port: 80 }];
    await run(client.create(services, { metadata: at('web'), spec: { selector: { app: 'web' }, ports } }));
    const started = await running(cluster);
    assert.equal((await run(podsOf(cluster))).filter(onLost).length, 1);
    cluster.unresponsiveNodes.add(lost.name);
    const tainted = await until(cluster, 150, async () => (await client.get(nodes, lost)).spec.taints?.length === 2);
    const endpoints = async (): Promise<(boolean | undefined)[]> =>
      (await client.list(endpointSlices, { namespace })).items.flatMap(({ endpoints: list = [] }) =>
        list.map((one) => one.conditions?.ready),
      );
    const unserved = tainted + (await until(cluster, 80, async () => (await endpoints()).filter((ready) => ready !== true).length === 1));
    // No pod of the lost node is evicted before its toleration of five minutes is over.
    await pass(270_000);
    assert.ok(!(await run(podsOf(cluster))).some(isLeaving));
    const evicted = unserved + 270 + (await until(cluster, 180, async () => (await podsOf(cluster)).filter(onLost).every(isLeaving)));
    const isReplaced = async (): Promise<boolean> => (await podsOf(cluster)).filter((one) => !onLost(one) && isPodReady(one)).length === 3;
    await until(cluster, 150, isReplaced);
    cluster.unresponsiveNodes.delete(lost.name);
    await until(cluster, 150, async () => (await client.get(nodes, lost)).spec.taints === undefined);
    await until(cluster, 150, async () => (await podsOf(cluster)).length === 3);
    return { started, tainted, unserved, evicted };
  },

  async 'when no node is heard of all are given up, and nobody is driven away'(cluster) {
    const { client, run, pass } = cluster;
    await running(cluster);
    for (const { metadata } of (await run(client.list(nodes))).items) cluster.unresponsiveNodes.add(nameOf({ metadata }));
    const effects = async (): Promise<string[]> =>
      (await client.list(nodes)).items.flatMap(({ spec }) => spec.taints?.map(({ effect }) => effect) ?? []);
    const givenUp = await until(cluster, 250, async () => (await effects()).join() === 'NoSchedule,NoSchedule,NoSchedule');
    await pass(600_000);
    assert.ok(!(await run(podsOf(cluster))).some(isLeaving));
    return { givenUp };
  },

  async 'a taint without a time is left by those who tolerate it for a while'(cluster) {
    const { client, run, pass } = cluster;
    await run(client.create(pods, pod('soon', { ...tolerate('upkeep', 100), nodeName: lost.name })));
    await run(client.create(pods, pod('later', { ...tolerate('upkeep', 300), nodeName: lost.name })));
    await pass(10_000);
    await run(client.patch(nodes, lost, { spec: { taints: [{ key: 'upkeep', effect: 'NoExecute' }] } }));
    const soon = await until(cluster, 250, () => isGone(client.get(pods, at('soon'))));
    const later = soon + (await until(cluster, 450, () => isGone(client.get(pods, at('later')))));
    return { soon, later };
  },

  async 'pods of a node that was deleted are collected'(cluster) {
    const { client, run, pass } = cluster;
    await run(client.create(pods, pod('orphan', { nodeName: lost.name })));
    await pass(10_000);
    cluster.unresponsiveNodes.add(lost.name);
    await run(client.delete(nodes, lost));
    return { collected: await until(cluster, 200, () => isGone(client.get(pods, at('orphan')))) };
  },

  async 'a rollout that cannot go on reports it at its deadline'(cluster) {
    const { client, run } = cluster;
    await run(client.create(deployments, deployment({ progressDeadlineSeconds: 120 }, { nodeSelector: { disk: 'none' } })));
    const reason = async (): Promise<string | undefined> =>
      conditionOf<{ type: string; reason?: string }>((await client.get(deployments, at('web'))).status?.conditions, 'Progressing')?.reason;
    const timedOut = await until(cluster, 300, async () => (await reason()) === 'ProgressDeadlineExceeded');
    await run(client.patch(nodes, lost, { metadata: { labels: { disk: 'none' } } }));
    await until(cluster, 150, async () => (await podsOf(cluster)).every(isPodReady));
    return { timedOut };
  },

  async 'pods count as available after minReadySeconds, and not before'(cluster) {
    const { client, run } = cluster;
    await run(client.create(deployments, deployment({ minReadySeconds: 90 })));
    const count = async (field: 'readyReplicas' | 'availableReplicas'): Promise<boolean> =>
      (await client.get(deployments, at('web'))).status?.[field] === 3;
    const ready = await until(cluster, 150, () => count('readyReplicas'));
    const available = await until(cluster, 250, () => count('availableReplicas'));
    return { ready, available: ready + available };
  },

  async 'what fails is tried again later and later'(cluster) {
    const { client, run, pass } = cluster;
    await run(client.create(deployments, deployment({ replicas: 1 }, { serviceAccountName: 'nobody' })));
    await pass(600_000);
    const failed = (await run(client.list(events, { namespace }))).items.filter(({ reason }: Event) => reason === 'FailedCreate');
    return { tries: failed.reduce((sum, { count = 1 }) => sum + count, 0) };
  },

  async 'a namespace goes when the last of its pods is gone'(cluster) {
    const { client, run, pass } = cluster;
    const name = 'shop';
    await run(client.create(namespaces, { metadata: { name }, spec: {} }));
    await pass(5_000);
    await run(client.create(configMaps, { metadata: { namespace: name, name: 'settings' } }));
    const held = { ...pod('web'), metadata: { namespace: name, name: 'web', finalizers: ['example.com/hold'] } };
    // Without a ServiceAccount it is refused, and a controller makes that.
    const born = await until(cluster, 150, () => isAllowed(client.create(pods, held)));
    await pass(30_000);
    await run(client.delete(namespaces, { namespace: '', name }));
    await pass(100_000);
    const isHeld = await run(client.get(configMaps, { namespace: name, name: 'settings' }));
    assert.equal(nameOf(isHeld), 'settings');
    await run(client.patch(pods, { namespace: name, name: 'web' }, { metadata: { finalizers: null } }));
    const gone = await until(cluster, 200, () => isGone(client.get(namespaces, { namespace: '', name })));
    return { born, gone };
  },

  async 'an owner that waits for its dependents goes after them'(cluster) {
    const { client, run } = cluster;
    const started = await running(cluster);
    await run(client.delete(deployments, at('web'), { propagationPolicy: 'Foreground' }));
    const gone = await until(cluster, 200, () => isGone(client.get(deployments, at('web'))));
    assert.deepEqual((await run(client.list(replicaSets, { namespace }))).items, []);
    return { started, gone };
  },
};
