/** What a budget allows now. Pure. Source: pkg/controller/disruption/disruption.go; component-helpers, apps/poddisruptionbudget. */
import { withCondition } from '../../kube/conditions.ts';
import type { Condition, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../kube/generated/types.ts';
import { scaledIntOrString } from '../../kube/int-or-string.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { parseTime, timestamp } from '../../kube/time.ts';

/** A pod whose eviction was allowed and that is still there after this time stays. */
const deletionMs = 120_000;

export interface Disrupted {
  /** Pods whose eviction was allowed, and since when. */
  readonly pods: Readonly<Record<string, string>>;
  /** Pods that were to go and did not. */
  readonly notDeleted: readonly Pod[];
  /** When the first of them is given up. */
  readonly recheckMs?: number;
}

export function disruptedPods(pods: readonly Pod[], { status }: PodDisruptionBudget, nowMs: number): Disrupted {
  const waiting = pods.flatMap((pod) => {
    const since = isTerminating(pod) ? undefined : status?.disruptedPods?.[nameOf(pod)];
    return since === undefined ? [] : [{ pod, since, untilMs: parseTime(since) + deletionMs }];
  });
  const left = waiting.filter(({ untilMs }) => untilMs >= nowMs);
  return {
    pods: Object.fromEntries(left.map(({ pod, since }) => [nameOf(pod), since])),
    notDeleted: waiting.filter(({ untilMs }) => untilMs < nowMs).map(({ pod }) => pod),
    ...(left.length > 0 && { recheckMs: Math.min(...left.map(({ untilMs }) => untilMs)) - nowMs + 1 }),
  };
}

/** Whether `minAvailable` or `maxUnavailable` needs to know what the controllers want. */
export const needsScale = ({ spec }: PodDisruptionBudget): boolean =>
  spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';

export function desiredHealthy({ spec }: PodDisruptionBudget, expected: number): number {
  if (spec.maxUnavailable !== undefined) return Math.max(0, expected - scaledIntOrString(spec.maxUnavailable, expected, true));
  return spec.minAvailable === undefined ? 0 : scaledIntOrString(spec.minAvailable, expected, true);
}

export function budgetStatus(
  budget: PodDisruptionBudget,
  { pods, expected, disrupted }: { readonly pods: readonly Pod[]; readonly expected: number; readonly disrupted: Disrupted },
  nowMs: number,
): PodDisruptionBudgetStatus {
  const desired = desiredHealthy(budget, expected);
  const healthy = pods.filter((pod) => !isTerminating(pod) && disrupted.pods[nameOf(pod)] === undefined && isPodReady(pod)).length;
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
  const condition = {
    type: 'DisruptionAllowed',
    status: allowed > 0 ? 'True' : 'False',
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  };
  return {
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    ...(budget.metadata.generation !== undefined && { observedGeneration: budget.metadata.generation }),
    ...(Object.keys(disrupted.pods).length > 0 && { disruptedPods: { ...disrupted.pods } }),
    conditions: conditionsWith(budget, condition, nowMs, budget.metadata.generation),
  };
}

/** Nothing may be evicted while it is not known how many pods there should be. */
export function failedStatus(budget: PodDisruptionBudget, error: Error, nowMs: number): PodDisruptionBudgetStatus {
  const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message: error.message };
  const conditions = conditionsWith(budget, condition, nowMs, budget.status?.observedGeneration);
  const { currentHealthy = 0, desiredHealthy: desired = 0, expectedPods = 0 } = budget.status ?? {};
  return { currentHealthy, desiredHealthy: desired, expectedPods, ...budget.status, disruptionsAllowed: 0, conditions };
}

function conditionsWith(
  { status }: PodDisruptionBudget,
  condition: Pick<Condition, 'type' | 'status' | 'reason' | 'message'>,
  ...[nowMs, observedGeneration]: [number, number | undefined]
): Condition[] {
  const now = timestamp(nowMs);
  const next = { ...condition, lastTransitionTime: now, ...(observedGeneration !== undefined && { observedGeneration }) };
  return withCondition<Condition>(status?.conditions, next, now);
}
