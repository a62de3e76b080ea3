/** What wakes the controller of DaemonSets. */
import type { DaemonSet, Node } from '../../kube/generated/types.ts';
import type { Requirement } from '../../kube/labels.ts';
import { requirementsOf } from '../../kube/labels.ts';
import type { ObjectName } from '../../kube/object.ts';
import { nameOf } from '../../kube/object.ts';
import { isControlledBy } from '../../kube/owners.ts';
import { daemonSets, nodes } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf, watchItself, watchPodsOf } from '../shared/pod-requests.ts';
import { podsByNode } from '../shared/taints.ts';
import { placementOf } from './placement.ts';

export const selectorOfSet = ({ spec }: DaemonSet): Requirement[] => requirementsOf(spec.selector);

export const daemonSetWatches: readonly Watch[] = [
  watchItself(daemonSets),
  watchPodsOf(daemonSets, selectorOfSet),
  watch<Node>(nodes, daemonSetsConcerned),
];

/** Sets whose pod is missing on the node or does not belong there, and sets that counted such pods. */
function daemonSetsConcerned({ type, object: node }: Change<Node>, cache: Cache): ObjectName[] {
  const sets = cache.list(daemonSets);
  if (sets.length === 0) return [];
  const here = cache.by(podsByNode, nameOf(node));
  return namesOf(
    sets.filter((set) => {
      const { shouldRun } = placementOf(set)(node);
      const isScheduled = here.some((pod) => isControlledBy(pod, set));
      if (type === 'deleted') return shouldRun || isScheduled;
      return shouldRun !== isScheduled || (isScheduled && (set.status?.numberMisscheduled ?? 0) > 0);
    }),
  );
}
