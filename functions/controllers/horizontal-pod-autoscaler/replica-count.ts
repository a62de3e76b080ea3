/**
 * How many pods a metric asks for. Pure. Pods without metrics, and those that are not ready, are assumed to use what
 * makes the change smaller. Source: pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go.
 */
import { conditionOf } from '../../kube/conditions.ts';
import type { Container, Pod } from '../../kube/generated/types.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { quantityMilli } from '../../kube/quantity.ts';
import { parseTime } from '../../kube/time.ts';

/** How long after its start a pod's CPU usage may be left out of the average. */
const cpuInitializationMs = 300_000;
const initialReadinessMs = 30_000;
const replicasMax = 2 ** 31 - 1;

export interface PodMetric {
  readonly milli: number;
  readonly atMs: number;
  readonly windowMs: number;
}

export type PodMetrics = ReadonlyMap<string, PodMetric>;

export interface Tolerance {
  readonly up: number;
  readonly down: number;
}

export interface Usage {
  /** Usage divided by its target: above 1 there should be more pods. */
  readonly ratio: number;
  /** The average usage of a pod, in thousandths. */
  readonly milli: number;
  readonly percent?: number;
}

/** What a target makes of the pods' metrics. */
export interface Target {
  /** Throws when the usage cannot be computed. */
  usage(metrics: PodMetrics): Usage;
  /** What a pod is assumed to use that has no metrics, when there would be fewer pods. */
  assumedMilli(podName: string): number;
  readonly isCpu: boolean;
}

export interface Situation {
  readonly pods: readonly Pod[];
  readonly currentReplicas: number;
  readonly tolerance: Tolerance;
  readonly nowMs: number;
}

export interface Count {
  readonly replicas: number;
  readonly usage: Usage;
}

const isWithin = ({ up, down }: Tolerance, ratio: number): boolean => 1 - down <= ratio && ratio <= 1 + up;
const capped = (replicas: number): number => Math.min(replicasMax, Math.ceil(replicas));

/** The number of replicas by a metric that each pod has. */
export function podMetricReplicas(metrics: PodMetrics, target: Target, situation: Situation): Count {
  const { pods, currentReplicas, tolerance } = situation;
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
  const groups = groupPods(metrics, target, situation);
  const measured = new Map([...metrics].filter(([name]) => !groups.ignored.has(name) && !groups.unready.has(name)));
  if (measured.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const usage = target.usage(measured);
  const growsWithUnready = groups.unready.size > 0 && usage.ratio > 1;
  if (!growsWithUnready && groups.missing.size === 0) {
    return { usage, replicas: isWithin(tolerance, usage.ratio) ? currentReplicas : capped(usage.ratio * groups.readyCount) };
  }
  const assumed = new Map(measured);
  const assume = (name: string, milli: number): unknown => assumed.set(name, { milli, atMs: 0, windowMs: 0 });
  if (usage.ratio !== 1) for (const name of groups.missing) assume(name, usage.ratio < 1 ? target.assumedMilli(name) : 0);
  if (growsWithUnready) for (const name of groups.unready) assume(name, 0);
  const { ratio } = target.usage(assumed);
  const replicas = capped(ratio * assumed.size);
  const turnsAround =
    (usage.ratio < 1 && ratio > 1) ||
    (usage.ratio > 1 && ratio < 1) ||
    (ratio < 1 && replicas > currentReplicas) ||
    (ratio > 1 && replicas < currentReplicas);
  return { usage, replicas: isWithin(tolerance, ratio) || turnsAround ? currentReplicas : replicas };
}

interface PodGroups {
  readonly readyCount: number;
  readonly unready: ReadonlySet<string>;
  readonly missing: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
}

function groupPods(metrics: PodMetrics, { isCpu }: Target, { pods, nowMs }: Situation): PodGroups {
  const [unready, missing, ignored] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let readyCount = 0;
  for (const pod of pods) {
    const metric = metrics.get(nameOf(pod));
    if (isTerminating(pod) || pod.status?.phase === 'Failed') ignored.add(nameOf(pod));
    else if ((pod.status?.phase ?? 'Pending') === 'Pending') unready.add(nameOf(pod));
    else if (metric === undefined) missing.add(nameOf(pod));
    else if (isCpu && isCpuMeaningless(pod, metric, nowMs)) unready.add(nameOf(pod));
    else readyCount += 1;
  }
  return { readyCount, unready, missing, ignored };
}

function isCpuMeaningless(pod: Pod, metric: PodMetric, nowMs: number): boolean {
  const ready = conditionOf(pod.status?.conditions, 'Ready');
  const startTime = pod.status?.startTime;
  if (ready === undefined || startTime === undefined) return true;
  const startMs = parseTime(startTime);
  const sinceMs = ready.lastTransitionTime === undefined ? 0 : parseTime(ready.lastTransitionTime);
  if (startMs + cpuInitializationMs > nowMs) return ready.status === 'False' || metric.atMs < sinceMs + metric.windowMs;
  return ready.status === 'False' && startMs + initialReadinessMs > sinceMs;
}

/** An average value of each pod. */
export function averageValueTarget(targetMilli: number, isCpu: boolean): Target {
  return {
    isCpu,
    assumedMilli: () => targetMilli,
    usage(metrics) {
      const milli = Math.trunc(sumOf(metrics) / metrics.size);
      return { milli, ratio: milli / targetMilli };
    },
  };
}

/** A share of what the pods request. */
export function utilizationTarget(percentWanted: number, requests: ReadonlyMap<string, number>, isCpu: boolean): Target {
  return {
    isCpu,
    assumedMilli: (name) => Math.trunc(((requests.get(name) ?? 0) * Math.max(100, percentWanted)) / 100),
    usage(metrics) {
      const known = new Map([...metrics].filter(([name]) => requests.has(name)));
      const requested = [...known.keys()].reduce((sum, name) => sum + (requests.get(name) ?? 0), 0);
      if (requested === 0) throw new Error('no metrics returned matched known pods');
      const used = sumOf(known);
      const percent = Math.trunc((used * 100) / requested);
      return { percent, ratio: percent / percentWanted, milli: Math.trunc(used / known.size) };
    },
  };
}

const sumOf = (metrics: PodMetrics): number => [...metrics.values()].reduce((sum, { milli }) => sum + milli, 0);

/** The request of each pod, or of that container of it. Throws for a pod without one. */
export function requestsOf(pods: readonly Pod[], resource: string, containerName: string): Map<string, number> {
  return new Map(pods.map((pod) => [nameOf(pod), requestOf(pod, resource, containerName)]));
}

function requestOf(pod: Pod, resource: string, containerName: string): number {
  const own = pod.spec?.resources?.requests;
  if (own !== undefined && containerName === '') {
    const quantity = own[resource];
    if (quantity === undefined) throw new Error(`missing pod-level request for ${resource} in Pod ${nameOf(pod)}`);
    return quantityMilli(quantity);
  }
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const containers = [...(pod.spec?.containers ?? []), ...sidecars].filter(({ name }) => containerName === '' || name === containerName);
  if (containerName !== '' && containers.length === 0) throw new Error(`container ${containerName} not found in Pod ${nameOf(pod)}`);
  const milliOf = ({ name, resources }: Container): number => {
    const quantity = resources?.requests?.[resource];
    if (quantity === undefined) throw new Error(`missing request for ${resource} in container ${name} of Pod ${nameOf(pod)}`);
    return quantityMilli(quantity);
  };
  return containers.reduce((sum, container) => sum + milliOf(container), 0);
}

/** The number of replicas by one value for all pods together. From zero pods the ratio itself is the count. */
export function totalValueReplicas(milli: number, targetMilli: number, { pods, currentReplicas, tolerance }: Situation): Count {
  const ratio = milli / targetMilli;
  const usage = { ratio, milli };
  if (currentReplicas === 0) return { usage, replicas: capped(ratio) };
  if (isWithin(tolerance, ratio)) return { usage, replicas: currentReplicas };
  if (pods.length === 0) {
    throw new Error('unable to calculate ready pods: no pods returned by selector while calculating replica count');
  }
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { usage, replicas: capped(ratio * ready) };
}

/** The number of replicas among which one value is shared out, the target for each. */
export function sharedValueReplicas(milli: number, targetMilli: number, statusReplicas: number, tolerance: Tolerance): Count {
  const ratio = milli / (targetMilli * statusReplicas);
  const replicas = isWithin(tolerance, ratio) ? statusReplicas : capped(milli / targetMilli);
  return { replicas, usage: { ratio, milli: Math.ceil(milli / statusReplicas) } };
}
