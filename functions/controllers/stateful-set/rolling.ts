/**
 * Which pods of the old template go now, under RollingUpdate. Pure.
 * Source: pkg/controller/statefulset/stateful_set_control.go, updateStatefulSetAfterInvariantEstablished.
 */
import type { Pod, StatefulSet } from '../../kube/generated/types.ts';
import { scaledIntOrString } from '../../kube/int-or-string.ts';
import { isTerminating } from '../../kube/object.ts';
import { isPodAvailable } from '../../kube/pod.ts';
import { podRevision, replicasOf } from './identity.ts';

export const isParallel = ({ spec }: StatefulSet): boolean => spec.podManagementPolicy === 'Parallel';

export const isUnavailable = (set: StatefulSet, pod: Pod, nowMs: number): boolean =>
  isTerminating(pod) || !isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs);

export function maxUnavailableOf(set: StatefulSet): number {
  const value = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1;
  return Math.max(1, scaledIntOrString(value, replicasOf(set), false));
}

/** `replicas`: the pods by ordinal, ascending. The partition counts places in it, not ordinals. */
export function podsToUpdate(set: StatefulSet, replicas: readonly Pod[], updateRevision: string, nowMs: number): Pod[] {
  const isDown = (pod: Pod): boolean => isUnavailable(set, pod, nowMs);
  const budget = maxUnavailableOf(set) - replicas.filter(isDown).length;
  const outdated = replicas
    .slice(set.spec.updateStrategy?.rollingUpdate?.partition ?? 0)
    .reverse()
    .filter((pod) => podRevision(pod) !== updateRevision && !isTerminating(pod));
  if (!isParallel(set)) return outdated.slice(0, Math.max(0, budget));
  // Pods that are down go first and outside the budget; else they could use up all of maxUnavailable.
  return [...outdated.filter(isDown), ...outdated.filter((pod) => !isDown(pod)).slice(0, Math.max(0, budget))];
}
