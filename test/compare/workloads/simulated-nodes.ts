/**
 * Simulated nodes, the same for both control planes: they register, renew their Leases, start pods and end them. A
 * pod's annotation `play` chooses what its containers do: `exit 0`, `exit 1`, `unready`, `hold` (never starts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../../functions/client/client.ts';
import type { Pod } from '../../../functions/kube/generated/types.ts';
import { copy } from '../../../functions/kube/copy.ts';
import { nameOf, namespaceOf } from '../../../functions/kube/object.ts';
import { leases, nodes, pods } from '../../../functions/kube/resource-type.ts';
import { isConflict, isNotFound } from '../../../functions/kube/status-error.ts';
import { microTimestamp, timestamp } from '../../../functions/kube/time.ts';
import type { Recorder } from './recorder.ts';

export interface SimulatedNodes {
  silence(name: string): void;
  wake(name: string): void;
  end(pod: Pod, exitCode: number): Promise<void>;
  stop(): void;
}

const beatMs = 5_000;
const leaseNamespace = 'kube-node-lease';
/** Zones of the nodes. The last ones are kept apart, for what happens to nodes. */
export const simulatedNodes: Readonly<Record<string, { readonly zone: string; readonly apart?: true }>> = {
  'node-a': { zone: 'zone-1' },
  'node-b': { zone: 'zone-1' },
  'node-c': { zone: 'zone-2' },
  'node-lost': { zone: 'zone-2', apart: true },
};
/** A resource of each node, so that scenarios fill nodes without standing in each other's way. */
const slots = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [`example.com/slots-${name}`, '2']));

export async function simulateNodes(client: Client, recorder: Recorder): Promise<SimulatedNodes> {
  const unresponsive = new Set<string>();
  const ending = new AbortController();
  for (const name of Object.keys(simulatedNodes)) await register(client, name);
  const beats = beat(client, unresponsive, ending.signal);
  beats.catch((error: unknown) => {
    if (!ending.signal.aborted) throw error;
  });
  const kubelet = new Kubelet(client, unresponsive);
  recorder.onChange((type, event) => {
    if (type.resource === 'pods' && type.group === '' && event.type !== 'DELETED') kubelet.follow(event.object as Pod);
  });
  for (const pod of recorder.seen()) if (pod.kind === 'Pod') kubelet.follow(pod as Pod);
  return {
    silence: (name) => void unresponsive.add(name),
    wake: (name) => void unresponsive.delete(name),
    end: (pod, exitCode) => kubelet.end(pod, exitCode),
    stop: () => ending.abort(),
  };
}

async function register(client: Client, name: string): Promise<void> {
  const { zone, apart } = simulatedNodes[name] ?? { zone: '' };
  const now = timestamp(Date.now());
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': zone, 'kubernetes.io/os': 'linux' };
  const taints = apart === true ? { taints: [{ key: 'apart', effect: 'NoSchedule' as const }] } : {};
  const made = await client.create(nodes, { metadata: { name, labels }, spec: taints });
  const capacity = { cpu: '64', memory: '256Gi', pods: '500', 'ephemeral-storage': '100Gi', ...slots };
  const condition = (type: string, status: string, reason: string): object =>
    ({ type, status, reason, message: reason, lastHeartbeatTime: now, lastTransitionTime: now }) as object;
  const conditions = [
    condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory'),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID'),
    condition('Ready', 'True', 'KubeletReady'),
  ];
  await client.patch(
    nodes,
    { namespace: '', name: nameOf(made) },
    { status: { conditions, capacity, allocatable: capacity } },
    { subresource: 'status' },
  );
  await client.create(leases, {
    metadata: { namespace: leaseNamespace, name },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(Date.now()) },
  });
}

async function beat(client: Client, unresponsive: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const name of Object.keys(simulatedNodes).filter((node) => !unresponsive.has(node))) {
      const at = { namespace: leaseNamespace, name };
      await client.patch(leases, at, { spec: { renewTime: microTimestamp(Date.now()) } });
      const node = copy(await client.get(nodes, { namespace: '', name }));
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      // A node that was thought lost contradicts.
      if (ready !== undefined && ready.status !== 'True') {
        Object.assign(ready, {
          status: 'True',
          reason: 'KubeletReady',
          message: 'KubeletReady',
          lastTransitionTime: timestamp(Date.now()),
        });
        await client.update(nodes, node, 'status');
      }
    }
    await sleep(beatMs, undefined, { signal, ref: false });
  }
}

type Play = { readonly phase: 'Running'; readonly isReady: boolean } | { readonly phase: 'ended'; readonly exitCode: number };

function playOf({ metadata: { annotations = {} } }: Pod): Play | undefined {
  const index = annotations['batch.kubernetes.io/job-completion-index'];
  const text = (index === undefined ? undefined : annotations[`play-${index}`]) ?? annotations['play'] ?? '';
  if (text === 'hold') return undefined;
  if (text.startsWith('exit ')) return { phase: 'ended', exitCode: Number(text.slice('exit '.length)) };
  return { phase: 'Running', isReady: text !== 'unready' };
}

class Kubelet {
  readonly #client: Client;
  readonly #unresponsive: ReadonlySet<string>;
  /** What each pod got: the next change finds it under way. */
  readonly #begun = new Set<string>();
  #addresses = 1;

  constructor(client: Client, unresponsive: ReadonlySet<string>) {
    this.#client = client;
    this.#unresponsive = unresponsive;
  }

  follow(pod: Pod): void {
    const node = pod.spec.nodeName;
    if (node === undefined || simulatedNodes[node] === undefined || this.#unresponsive.has(node)) return;
    const isLeaving = pod.metadata.deletionTimestamp !== undefined;
    const key = `${pod.metadata.uid} ${isLeaving}`;
    if (this.#begun.has(key)) return;
    this.#begun.add(key);
    const work = isLeaving ? this.#remove(pod) : this.#start(pod);
    work.catch((error: unknown) => {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    });
  }

  async #remove(pod: Pod): Promise<void> {
    if (pod.metadata.annotations?.['play-stop'] === 'never') return;
    await this.#client.delete(pods, placeOf(pod), { gracePeriodSeconds: 0 });
  }

  async #start(pod: Pod): Promise<void> {
    const play = playOf(pod);
    if (play === undefined) return;
    this.#addresses += 1;
    const podIP = `10.244.200.${this.#addresses % 250}`;
    const isReady = play.phase === 'ended' || play.isReady;
    await this.#write(pod, {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      hostIP: '192.0.2.10',
      hostIPs: [{ ip: '192.0.2.10' }],
      startTime: timestamp(Date.now()),
      conditions: conditionsOf(pod, isReady ? 'True' : 'False'),
      containerStatuses: containersOf(pod, { running: { startedAt: timestamp(Date.now()) } }, isReady),
    });
    if (play.phase === 'ended') await this.end(pod, play.exitCode);
  }

  async end(pod: Pod, exitCode: number): Promise<void> {
    const now = timestamp(Date.now());
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    await this.#write(pod, {
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      conditions: conditionsOf(pod, 'False'),
      containerStatuses: containersOf(pod, { terminated: { exitCode, reason, startedAt: now, finishedAt: now } }, false),
    });
  }

  async #write(pod: Pod, status: object): Promise<void> {
    await this.#client.patch(
      pods,
      placeOf(pod),
      { status },
      { subresource: 'status', patchType: 'application/strategic-merge-patch+json' },
    );
  }
}

const placeOf = (pod: Pod): { namespace: string; name: string } => ({ namespace: namespaceOf(pod), name: nameOf(pod) });

const conditionsOf = (_pod: Pod, status: 'True' | 'False'): readonly object[] =>
  ['Initialized', 'Ready', 'ContainersReady', 'PodReadyToStartContainers'].map((type) => ({
    type,
    status: type === 'Initialized' || type === 'PodReadyToStartContainers' ? 'True' : status,
    lastTransitionTime: timestamp(Date.now()),
  }));

const containersOf = (pod: Pod, state: object, isReady: boolean): readonly object[] =>
  pod.spec.containers.map(({ name, image }) => ({
    name,
    image,
    imageID: '',
    restartCount: 0,
    ready: isReady,
    started: 'running' in state,
    state,
  }));
