/** What wakes the controller of StatefulSets. */
import type { PersistentVolumeClaim, StatefulSet } from '../../kube/generated/types.ts';
import type { Requirement } from '../../kube/labels.ts';
import { requirementsOf } from '../../kube/labels.ts';
import type { ObjectName } from '../../kube/object.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims, statefulSets } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf, watchItself, watchPodsOf } from '../shared/pod-requests.ts';

export const selectorOfSet = ({ spec }: StatefulSet): Requirement[] => requirementsOf(spec.selector);

export const statefulSetWatches: readonly Watch[] = [
  watchItself(statefulSets),
  watchPodsOf(statefulSets, selectorOfSet),
  watch<PersistentVolumeClaim>(persistentVolumeClaims, setsThatMissClaim),
];

/** A pod may have waited for the end of a claim of its name. */
function setsThatMissClaim({ type, object }: Change<PersistentVolumeClaim>, cache: Cache): ObjectName[] {
  if (type !== 'deleted') return [];
  const name = nameOf(object);
  const isOf = (set: StatefulSet): boolean =>
    (set.spec.volumeClaimTemplates ?? []).some((template) => {
      const prefix = `${nameOf(template)}-${nameOf(set)}-`;
      return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
    });
  return namesOf(cache.list(statefulSets, namespaceOf(object)).filter(isOf));
}
