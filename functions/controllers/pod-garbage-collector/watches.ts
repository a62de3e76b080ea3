/** What wakes the collector of pods. */
import { conditionOf } from '../../kube/conditions.ts';
import type { Node, Pod } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { nodes, pods } from '../../kube/resource-type.ts';
import { watch, type Cache, type Index, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { podsByNode } from '../shared/taints.ts';

/** How many finished pods may stay, so that users can read their status and logs. */
export const finishedPodsMaxDefault = 12_500;

const outOfServiceTaint = 'node.kubernetes.io/out-of-service';

export const finishedPods: Index<Pod> = { type: pods, values: (pod) => (isPodFinished(pod) ? ['finished'] : []) };

/** No pod has this name: it stands for all finished ones. */
export const allFinished: ObjectName = { namespace: '', name: 'finished pods' };

export const podGarbageCollectorWatches = (finishedPodsMax = finishedPodsMaxDefault): readonly Watch[] => [
  watch<Pod>(pods, ({ type, key, object }, cache) => {
    if (type === 'deleted') return [];
    const wake: ObjectName[] = isSuspect(object, cache) ? [{ namespace: key.namespace, name: key.name }] : [];
    return cache.by(finishedPods, 'finished').length > finishedPodsMax && isPodFinished(object) ? [...wake, allFinished] : wake;
  }),
  watch<Node>(nodes, ({ type, object }, cache) => {
    // Pods of a node that is back are no longer to be waited for.
    return type !== 'modified' || isOutOfService(object) ? namesOf(cache.by(podsByNode, nameOf(object))) : [];
  }),
];

export const nodeOf = (pod: Pod, cache: Cache): Node | undefined => cache.get(nodes, { namespace: '', name: pod.spec?.nodeName ?? '' });

const isOutOfService = (node: Node): boolean =>
  (node.spec?.taints ?? []).some(({ key }) => key === outOfServiceTaint) &&
  conditionOf(node.status?.conditions, 'Ready')?.status !== 'True';

export function isSuspect(pod: Pod, cache: Cache): boolean {
  if ((pod.spec?.nodeName ?? '') === '') return isTerminating(pod);
  const node = nodeOf(pod, cache);
  return node === undefined || (isTerminating(pod) && isOutOfService(node));
}
