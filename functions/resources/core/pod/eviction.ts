/**
 * `pods/eviction`: a deletion that the budgets of the namespace allow. The budget is charged in the same commit.
 * Source: pkg/registry/core/pod/storage/eviction.go.
 */
import { conditionOf, withCondition } from '../../../kube/conditions.ts';
import { copy } from '../../../kube/copy.ts';
import type { Eviction, Pod, PodCondition, PodDisruptionBudget } from '../../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../../kube/labels.ts';
import { isTerminating, type KubeObject, nameOf } from '../../../kube/object.ts';
import { groupResource, podDisruptionBudgets } from '../../../kube/resource-type.ts';
import { forbidden, StatusError } from '../../../kube/status-error.ts';
import { timestamp } from '../../../kube/time.ts';
import type { Stored, View } from '../../../kube/view.ts';
import type { CompanionWrite, ObjectSubresource } from '../../definition.ts';
import { validateLabelSelector } from '../../label-selector-validation.ts';

const resource = groupResource(podDisruptionBudgets);
const cause = 'DisruptionBudget';
/** Evictions that the controller has not confirmed yet. */
const disruptedPodsMax = 2000;

export const evict: ObjectSubresource<Pod>['write'] = (pod, body: KubeObject & Partial<Eviction>, { nowMs }, view) => {
  const options = body.deleteOptions ?? {};
  const budget = isFree(pod) ? undefined : budgetOf(pod, view);
  const object = marked(pod, nowMs);
  if (budget === undefined || mayGoAnyway(pod, budget.object)) return { outcome: 'delete', options, object };
  checkBudget(budget.object);
  return { outcome: 'delete', options, object, writes: [charged(budget, nameOf(pod), nowMs)] };
};

/** The pod with the reason why it goes. */
function marked(pod: Pod, nowMs: number): Pod {
  // Go writes the missing time as null.
  const unprobed: object = { lastProbeTime: null };
  const condition = {
    ...unprobed,
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  const conditions = withCondition<PodCondition>(pod.status?.conditions, condition, timestamp(nowMs));
  return { ...pod, status: { ...pod.status, conditions } };
}

const isFree = (pod: Pod): boolean => isTerminating(pod) || ['Succeeded', 'Failed', 'Pending'].includes(pod.status?.phase ?? '');

function budgetOf(pod: Pod, view: View): Stored<PodDisruptionBudget> | undefined {
  const all = view.list(resource, pod.metadata.namespace ?? '') as readonly Stored<PodDisruptionBudget>[];
  const [budget, ...others] = all.filter(({ object: { spec } }) => {
    if (spec.selector !== undefined && validateLabelSelector(spec.selector, '').length > 0) return false;
    return matchesLabels(requirementsOf(spec.selector), pod.metadata.labels);
  });
  if (others.length === 0) return budget;
  const message = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
  throw new StatusError(500, 'InternalError', message);
}

/** A pod that is not ready costs no availability. */
function mayGoAnyway(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (conditionOf(pod.status?.conditions, 'Ready')?.status === 'True') return false;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

const violated = "Cannot evict pod as it would violate the pod's disruption budget.";

function tooManyRequests(message: string, retryAfterSeconds?: number): StatusError {
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new StatusError(429, 'TooManyRequests', violated, { details: { ...retry, causes: [{ reason: cause, message }] } });
}

function refused(name: string, why: string, causeText: string): StatusError {
  const error = forbidden({ group: 'policy', resource: 'poddisruptionbudget' }, name, why);
  const message = `The disruption budget ${name} does not allow evicting pods currently: ${causeText}`;
  return new StatusError(403, 'Forbidden', error.message, { details: { ...error.details, causes: [{ reason: cause, message }] } });
}

function checkBudget(budget: PodDisruptionBudget): void {
  const name = nameOf(budget);
  const { observedGeneration = 0, disruptionsAllowed: allowed = 0, disruptedPods = {} } = budget.status ?? {};
  if (observedGeneration < (budget.metadata.generation ?? 0)) {
    throw tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  if (allowed < 0) throw refused(name, 'pdb disruptions allowed is negative', 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > disruptedPodsMax) {
    const why = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    throw refused(name, why, 'too many pending evictions not confirmed by PDB controller');
  }
  if (allowed === 0) throw tooManyRequests(`The disruption budget ${name} ${exhaustion(budget)}`);
}

/** Why nothing more may go. */
function exhaustion({ status }: PodDisruptionBudget): string {
  const { currentHealthy = 0, desiredHealthy = 0, conditions } = status ?? {};
  const condition = conditionOf(conditions, 'DisruptionAllowed');
  const known = condition?.status === 'False' && condition.message ? condition : undefined;
  const start = 'does not allow evicting pods currently';
  if (known?.reason === 'SyncFailed') return `${start} because it failed sync: ${known.message}`;
  if (currentHealthy <= desiredHealthy) return `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  return known === undefined ? start : `${start} (${known.reason}): ${known.message}`;
}

function charged({ key, object }: Stored<PodDisruptionBudget>, podName: string, nowMs: number): CompanionWrite {
  const next = copy(object);
  const now = timestamp(nowMs);
  const status = next.status ?? { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
  status.disruptedPods = { ...status.disruptedPods, [podName]: now };
  if (status.disruptionsAllowed === 0) {
    const { observedGeneration = 0 } = status;
    const condition = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods', message: '', observedGeneration };
    status.conditions = withCondition(status.conditions, { ...condition, lastTransitionTime: now }, now);
  }
  next.status = status;
  return { type: 'update', key, object: next };
}
