/**
 * Plays the nodes of a rehearsed cluster. Those that were Ready stay so: pods that are bound to them start, and those that
 * are deleted end. No container runs, so that no program of a pod ends by itself.
 */
import type { Client } from '../../functions/client/client.ts';
import { conditionOf } from '../../functions/kube/conditions.ts';
import { copy } from '../../functions/kube/copy.ts';
import type { Container, ContainerStatus, Lease, Node, Pod, PodCondition } from '../../functions/kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { isPodFinished, isPodReady } from '../../functions/kube/pod.ts';
import { groupResource, leases, nodes, pods, type ResourceType } from '../../functions/kube/resource-type.ts';
import { isConflict, isNotFound } from '../../functions/kube/status-error.ts';
import { microTimestamp, timestamp } from '../../functions/kube/time.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { StoreView } from '../../functions/kube/view.ts';

export interface RehearsedNodesOptions {
  readonly client: Client;
  readonly view: () => StoreView;
  readonly nowMs: () => number;
}

const leaseNamespace = 'kube-node-lease';
/** As a kubelet renews its Lease. */
const beatMs = 10_000;
/** What pulling an image, starting and becoming ready take together. */
const startMs = 3_000;
/** What a program takes to end that heeds its signal. */
const stopMs = 1_000;

const listed = <T extends KubeObject>(view: StoreView, type: ResourceType<T>): readonly T[] =>
  view.list(groupResource(type)).map(({ object }) => object as T);

const isReady = (node: Node): boolean => conditionOf(node.status?.conditions, 'Ready')?.status === 'True';

export class RehearsedNodes {
  readonly #options: RehearsedNodesOptions;
  readonly #living: ReadonlySet<string>;
  /** When a node first saw that a pod is to start, or to end; by uid. */
  readonly #since = new Map<string, number>();
  #beatMs = Number.NEGATIVE_INFINITY;
  #addresses = 0;

  constructor(options: RehearsedNodesOptions) {
    this.#options = options;
    this.#living = new Set(listed(options.view(), nodes).filter(isReady).map(nameOf));
  }

  /** What the nodes do now. Call it each second. */
  async act(): Promise<void> {
    await this.#beat();
    for (const pod of listed(this.#options.view(), pods)) {
      if (!this.#living.has(pod.spec?.nodeName ?? '')) continue;
      if (isTerminating(pod)) await unlessChanged(this.#end(pod));
      else if (!isPodFinished(pod) && !isPodReady(pod) && !hasStarted(pod)) await unlessChanged(this.#start(pod));
    }
  }

  async #beat(): Promise<void> {
    const { client, view, nowMs } = this.#options;
    if (nowMs() - this.#beatMs < beatMs) return;
    this.#beatMs = nowMs();
    const held = new Map(listed(view(), leases).map((lease) => [`${namespaceOf(lease)}/${nameOf(lease)}`, lease]));
    for (const name of this.#living) {
      const renewed = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(nowMs()) };
      const lease = held.get(`${leaseNamespace}/${name}`);
      if (lease === undefined) await client.create(leases, { metadata: { namespace: leaseNamespace, name }, spec: renewed } as Lease);
      else await unlessChanged(client.update(leases, { ...copy(lease), spec: { ...lease.spec, ...renewed } }));
    }
  }

  /** True once this was to happen for so long. */
  #isDue(key: string, afterMs: number): boolean {
    const nowMs = this.#options.nowMs();
    const sinceMs = this.#since.get(key) ?? nowMs;
    this.#since.set(key, sinceMs);
    return nowMs - sinceMs >= afterMs;
  }

  async #end(pod: Pod): Promise<void> {
    const at = { namespace: namespaceOf(pod), name: nameOf(pod) };
    const { uid = '', deletionGracePeriodSeconds = 0 } = pod.metadata;
    if (!this.#isDue(`${uid} ends`, Math.min(stopMs, deletionGracePeriodSeconds * 1000))) return;
    await this.#options.client.delete(pods, at, { gracePeriodSeconds: 0, preconditions: { uid } });
  }

  async #start(pod: Pod): Promise<void> {
    const { client, nowMs } = this.#options;
    if (!this.#isDue(`${pod.metadata.uid} starts`, startMs)) return;
    this.#addresses += 1;
    const podIP = `198.18.${(this.#addresses >> 8) & 255}.${this.#addresses & 255}`;
    await client.update(pods, { ...copy(pod), status: runningStatus(pod, podIP, timestamp(nowMs())) }, 'status');
  }
}

/** An object that was changed or removed meanwhile is read again a second later. */
async function unlessChanged(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
}

/** A pod that runs and is not ready was so when the rehearsal began, or waits for a readiness gate. */
const hasStarted = (pod: Pod): boolean => pod.status?.phase === 'Running';

function runningStatus(pod: Pod, podIP: string, now: string): NonNullable<Pod['status']> {
  const { containers, initContainers = [], readinessGates = [] } = pod.spec ?? { containers: [] };
  const condition = (type: string, status = 'True'): PodCondition => ({ type, status, lastTransitionTime: now });
  const kept = (pod.status?.conditions ?? []).filter(({ type }) => !startedConditions.has(type));
  const isGated = readinessGates.some(({ conditionType }) => conditionOf(kept, conditionType)?.status !== 'True');
  return {
    ...pod.status,
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: pod.status?.startTime ?? now,
    conditions: [
      ...kept,
      ...['PodReadyToStartContainers', 'Initialized', 'ContainersReady'].map((type) => condition(type)),
      condition('Ready', isGated ? 'False' : 'True'),
    ],
    initContainerStatuses: initContainers.map((container) => initStatus(container, now)),
    containerStatuses: containers.map((container) => runningContainer(container, now)),
  };
}

const startedConditions: ReadonlySet<string> = new Set(['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'Ready']);

const containerBase = ({ name, image = '' }: Container): Omit<ContainerStatus, 'ready'> => ({
  name,
  image,
  imageID: image,
  restartCount: 0,
});

const runningContainer = (container: Container, now: string): ContainerStatus => ({
  ...containerBase(container),
  ready: true,
  started: true,
  state: { running: { startedAt: now } },
});

/** A sidecar runs; another init container has ended. */
function initStatus(container: Container, now: string): ContainerStatus {
  if (container.restartPolicy === 'Always') return runningContainer(container, now);
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now };
  return { ...containerBase(container), ready: true, started: false, state: { terminated } };
}
