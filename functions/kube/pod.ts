/**
 * What controllers, the scheduler and the agent ask of a pod.
 * Source: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go, component-helpers resource/helpers.go.
 */
import { conditionOf } from './conditions.ts';
import type { Container, Pod, PodCondition } from './generated/types.ts';
import { isTerminating } from './object.ts';
import { parseQuantity } from './quantity.ts';
import { parseTime } from './time.ts';

const readyCondition = (pod: Pod): PodCondition | undefined => conditionOf(pod.status?.conditions, 'Ready');

export const isPodReady = (pod: Pod): boolean => readyCondition(pod)?.status === 'True';

/** Ready for at least `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const ready = readyCondition(pod);
  if (ready?.status !== 'True') return false;
  if (minReadySeconds === 0) return true;
  return ready.lastTransitionTime !== undefined && parseTime(ready.lastTransitionTime) + minReadySeconds * 1000 <= nowMs;
}

/** All containers ended for good. */
export const isPodFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Counts towards its controller's replicas: neither finished nor going away. */
export const isPodActive = (pod: Pod): boolean => !isPodFinished(pod) && !isTerminating(pod);

/** Amounts of resources in billionths, by the resource's name: `cpu`, `memory`. */
export type ResourceAmounts = Record<string, bigint>;

function amountsOf(quantities: Readonly<Record<string, string | number>> | undefined): ResourceAmounts {
  return Object.fromEntries(Object.entries(quantities ?? {}).map(([name, quantity]) => [name, parseQuantity(quantity)]));
}

const requestsOf = (container: Container): ResourceAmounts => amountsOf(container.resources?.requests);

function added(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const sum = { ...a };
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0n) + amount;
  return sum;
}

function larger(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const result = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const other = result[name];
    if (other === undefined || amount > other) result[name] = amount;
  }
  return result;
}

/**
 * What the pod needs at its hungriest moment.
 *
 *   init 1   init 2 (sidecar)   init 3            containers
 *   |------| |--------------------------------------------->   each init container runs alone, but for the
 *                               |---------------| |-------->   sidecars before it; containers run together
 */
export function podRequests(pod: Pod): ResourceAmounts {
  const { initContainers = [], overhead, resources } = pod.spec ?? {};
  let sidecars: ResourceAmounts = {};
  let initPeak: ResourceAmounts = {};
  for (const container of initContainers) {
    const requests = added(sidecars, requestsOf(container));
    if (container.restartPolicy === 'Always') sidecars = requests;
    initPeak = larger(initPeak, requests);
  }
  const running = (pod.spec?.containers ?? []).map(requestsOf).reduce(added, sidecars);
  // Requests of the pod as a whole replace what its containers sum up to.
  return added({ ...larger(running, initPeak), ...amountsOf(resources?.requests) }, amountsOf(overhead));
}
