/** What wakes the protection of claims, volumes and classes that are used. */
import type { Pod } from '../../kube/generated/types.ts';
import { type ObjectName, isTerminating, namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes, pods, volumeAttributesClasses } from '../../kube/resource-type.ts';
import { claimNameOf } from '../../kube/volumes.ts';
import { type Cache, type Watch, watch } from '../../workers/controller.ts';
import { namesOf, watchItself } from '../shared/pod-requests.ts';

export const claimProtectionWatches: readonly Watch[] = [
  watchItself(persistentVolumeClaims),
  watch<Pod>(pods, ({ object: pod }) =>
    (pod.spec?.volumes ?? []).flatMap((volume) => {
      const name = claimNameOf(pod, volume);
      return name === undefined ? [] : [{ namespace: namespaceOf(pod), name }];
    }),
  ),
];

export const volumeProtectionWatches: readonly Watch[] = [watchItself(persistentVolumes)];

/** Which class the object named before is not known: those that wait are few. */
const waiting = (_change: unknown, cache: Cache): ObjectName[] => namesOf(cache.list(volumeAttributesClasses).filter(isTerminating));

export const attributesClassProtectionWatches: readonly Watch[] = [
  watchItself(volumeAttributesClasses),
  watch(persistentVolumes, waiting),
  watch(persistentVolumeClaims, waiting),
];
