/** What wakes the scheduler. By itself, for who only wants to know whether to ring: none of the scheduling comes along. */
import type { Pod } from '../kube/generated/types.ts';
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

/** A pod for which room is kept has it, too. */
const mayFreeRoom = ({ type, object: { spec, status }, object }: Change<Pod>): boolean =>
  (spec.nodeName ?? status?.nominatedNodeName ?? '') !== '' && (type === 'deleted' || isPodFinished(object));

/** It came with a node, or has other labels there: others may want to be near or far from it. Binds of the scheduler are known to it. */
const mayBeCompany = ({ type, object, previous }: Change<Pod>): boolean =>
  (object.spec.nodeName ?? '') !== '' &&
  (type === 'added' || (type === 'modified' && JSON.stringify(previous?.labels ?? {}) !== JSON.stringify(labelsOf(object))));

/** Filed under the scheduler that is to place them. */
export const podsInQueue: Index<Pod> = { type: pods, values: (pod) => (isWaitingForAny(pod) ? [pod.spec.schedulerName ?? ''] : []) };

/** `schedulerNames`: the `spec.schedulerName` of the pods it cares for. */
export const schedulerWatches = (schedulerNames: readonly string[] = [schedulerComponent]): readonly Watch[] => [
  watch(pods, (change) =>
    mayFreeRoom(change) || mayBeCompany(change) || (change.type !== 'deleted' && isWaiting(change.object, schedulerNames))
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
