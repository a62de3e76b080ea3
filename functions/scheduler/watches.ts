/** What wakes the scheduler. By itself, for who only wants to know whether to ring: none of the scheduling comes along. */
import type { Pod } from '../kube/generated/types.ts';
import { deepEqual } from '../kube/equality.ts';
import { isPodFinished } from '../kube/pod.ts';
import { isTerminating, labelsOf } from '../kube/object.ts';
import {
  deviceClasses,
  deviceTaintRules,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  resourceClaims,
  resourceSlices,
  storageClasses,
} from '../kube/resource-type.ts';
import type { Change } from '../store/store.ts';
import { watch, type Index, type Watch } from '../workers/controller.ts';

/** Who reports events, and the scheduler that pods name by default. */
export const schedulerComponent = 'default-scheduler';

export const waitingPods = { namespace: '', name: 'waiting-pods' };

function isWaitingForAny(pod: Pod): boolean {
  const gated = (pod.spec.schedulingGates ?? []).length > 0;
  return (pod.spec.nodeName ?? '') === '' && !gated && !isTerminating(pod) && !isPodFinished(pod);
}

const isWaiting = (pod: Pod, schedulerNames: readonly string[]): boolean =>
  schedulerNames.includes(pod.spec.schedulerName ?? '') && isWaitingForAny(pod);

/** Room may be kept for a pod without a node, too: one was made free for it, or it is about to be bound. */
const mayFreeRoom = ({ type, object }: Change<Pod>): boolean =>
  type === 'deleted' || isPodFinished(object) || (isTerminating(object) && (object.spec.nodeName ?? '') === '');

/** It came with a node, or has other labels there: others may want to be near or far from it. The scheduler's own binds wake no pass. */
const mayBeCompany = ({ type, object, previous }: Change<Pod>, schedulerNames: readonly string[]): boolean => {
  if ((object.spec.nodeName ?? '') === '' || type === 'deleted') return false;
  const isForeignBind = previous?.fields['spec.nodeName'] === '' && !schedulerNames.includes(object.spec.schedulerName ?? '');
  return type === 'added' || isForeignBind || !deepEqual(previous?.labels ?? {}, labelsOf(object));
};

/** Filed under the scheduler that is to place them. */
export const podsInQueue: Index<Pod> = { type: pods, values: (pod) => (isWaitingForAny(pod) ? [pod.spec.schedulerName ?? ''] : []) };

/** `schedulerNames`: the `spec.schedulerName` of the pods it cares for. */
export const schedulerWatches = (schedulerNames: readonly string[] = [schedulerComponent]): readonly Watch[] => [
  watch(pods, (change) =>
    mayFreeRoom(change) || mayBeCompany(change, schedulerNames) || (change.type !== 'deleted' && isWaiting(change.object, schedulerNames))
      ? [waitingPods]
      : [],
  ),
  // Heartbeats are leases: a changed node is news, and a pass without a waiting pod is short.
  watch(nodes, () => [waitingPods]),
  watch(persistentVolumeClaims, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  watch(persistentVolumes, ({ type, object }) => (type === 'deleted' || object.status?.phase === 'Released' ? [] : [waitingPods])),
  watch(resourceClaims, () => [waitingPods]),
  watch(resourceSlices, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  // A device may lose a taint that kept a pod away.
  watch(deviceTaintRules, () => [waitingPods]),
  watch(deviceClasses, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  watch(storageClasses, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
];
