/**
 * One reconcile of a StatefulSet's pods: the missing ones are made in order, those too many go from the end, then the
 * old ones are replaced. Source: pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet.
 */
import type { Pod, StatefulSet } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { isPodFinished, isPodReady } from '../../kube/pod.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { slowStart } from '../shared/slow-start.ts';
import { isInRange, newPod, ordinalOf, replicasOf, startOrdinal } from './identity.ts';
import { SetPods } from './pods.ts';
import type { Revisions } from './revisions.ts';
import { isParallel, isUnavailable, podsToUpdate } from './rolling.ts';
import { isCreated } from './status.ts';

/** Whether the pods after this one may be worked on in the same reconcile. */
type Next = 'go on' | 'stop';

export async function updateReplicas(
  set: StatefulSet,
  pods: readonly Pod[],
  revisions: Revisions,
  context: ReconcileContext,
): Promise<void> {
  const nowMs = context.clock.now();
  const replicas = replicasByOrdinal(set, pods, revisions);
  const condemned = pods
    .filter((pod) => ordinalOf(pod) !== undefined && !isInRange(set, pod))
    .sort((a, b) => (ordinalOf(b) ?? 0) - (ordinalOf(a) ?? 0));
  const firstUnavailable = [...replicas, ...condemned.toReversed()].find((pod) => isUnavailable(set, pod, nowMs));
  const control = new SetPods(set, context);
  const isOrdered = !isParallel(set);

  if ((await forAll(replicas, isOrdered, (pod) => keepReplica(set, pod, control, nowMs))) === 'stop') return;
  const keepClaims = async (pod: Pod): Promise<Next> => {
    await control.ownClaims(pod);
    return 'go on';
  };
  if ((await forAll(condemned, isOrdered, keepClaims)) === 'stop') return;
  const remove = async (pod: Pod): Promise<Next> => {
    if (isTerminating(pod)) return 'stop';
    if (isOrdered && pod !== firstUnavailable && isUnavailable(set, pod, nowMs)) return 'stop';
    await control.delete(pod);
    return 'stop';
  };
  if ((await forAll(condemned, isOrdered, remove)) === 'stop') return;

  if (set.spec.updateStrategy?.type !== 'RollingUpdate') return;
  for (const pod of podsToUpdate(set, replicas, revisions.update.revision, nowMs)) await control.delete(pod);
}

/** Every ordinal of the set in ascending order: its pod, or the one that is to be created. */
function replicasByOrdinal(set: StatefulSet, pods: readonly Pod[], revisions: Revisions): Pod[] {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  return Array.from({ length: replicasOf(set) }, (_, index) => {
    const ordinal = startOrdinal(set) + index;
    return byOrdinal.get(ordinal) ?? newPod(set, isBelowPartition(set, index) ? revisions.current : revisions.update, ordinal);
  });
}

/** Such a pod comes back with the template that it had. */
function isBelowPartition({ spec, status }: StatefulSet, index: number): boolean {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  if (rollingUpdate !== undefined) return index < (rollingUpdate.partition ?? 0);
  return type === 'RollingUpdate' && index < (status?.currentReplicas ?? 0);
}

/** One after the other until one stops it, or all in growing batches. */
async function forAll(pods: readonly Pod[], isOrdered: boolean, act: (pod: Pod) => Promise<Next>): Promise<Next> {
  if (isOrdered) {
    for (const pod of pods) if ((await act(pod)) === 'stop') return 'stop';
    return 'go on';
  }
  const { error } = await slowStart(pods.length, async (index) => {
    const pod = pods[index];
    if (pod !== undefined) await act(pod);
  });
  if (error !== undefined) throw error;
  return 'go on';
}

async function keepReplica(set: StatefulSet, pod: Pod, control: SetPods, nowMs: number): Promise<Next> {
  const isOrdered = !isParallel(set);
  if (isPodFinished(pod)) {
    // It comes again once it is gone: two pods of one name cannot be.
    if (!isTerminating(pod)) await control.delete(pod);
    return 'stop';
  }
  if (!isCreated(pod)) {
    if (control.hasStaleClaim(pod)) return 'stop';
    await control.create(pod);
    return isOrdered ? 'stop' : 'go on';
  }
  if (pod.status?.phase === 'Pending') await control.createMissingClaims(pod);
  if (isOrdered && (pod.status?.phase !== 'Running' || !isPodReady(pod) || isUnavailable(set, pod, nowMs))) return 'stop';
  if (!control.isInOrder(pod)) await control.repair(pod);
  return 'go on';
}
