/** What wakes the scheduler. By itself, for who only wants to know whether to ring: none of the scheduling comes along. */
import type { Pod } from '../kube/generated/types.ts';
import { isPodFinished } from '../kube/pod.ts';
import { isTerminating } from '../kube/object.ts';
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

/** Filed under the scheduler that is to place them. */
export const podsInQueue: Index<Pod> = { type: pods, values: (pod) => (isWaitingForAny(pod) ? [pod.spec.schedulerName ?? ''] : []) };

/** `schedulerNames`: the `spec.schedulerName` of the pods it cares for. */
export const schedulerWatches = (schedulerNames: readonly string[] = [schedulerComponent]): readonly Watch[] => [
  watch(pods, ({ type, object }) => {
    const freesRoom = (object.spec.nodeName ?? '') !== '' && (type === 'deleted' || isPodFinished(object));
    return freesRoom || (type !== 'deleted' && isWaiting(object, schedulerNames)) ? [waitingPods] : [];
  }),
  // Heartbeats are leases: a changed node is news, and a pass without a waiting pod is short.
  watch(nodes, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  watch(persistentVolumeClaims, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  watch(persistentVolumes, ({ type, object }) => (type === 'deleted' || object.status?.phase === 'Released' ? [] : [waitingPods])),
  watch(resourceClaims, () => [waitingPods]),
  watch(resourceSlices, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  // A device may lose a taint that kept a pod away.
  watch(deviceTaintRules, () => [waitingPods]),
  watch(deviceClasses, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
  watch(storageClasses, ({ type }) => (type === 'deleted' ? [] : [waitingPods])),
];
