/** What wakes the controller of ephemeral volumes. */
import type { PersistentVolumeClaim, Pod } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { persistentVolumeClaims, pods } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { claimKey, podsByClaim } from '../shared/volume-indexes.ts';

export const needsClaim = (pod: Pod): boolean =>
  !isTerminating(pod) && (pod.spec?.volumes ?? []).some(({ ephemeral }) => ephemeral !== undefined);

export const ephemeralVolumeWatches: readonly Watch[] = [
  watch<Pod>(pods, ({ type, object }) => (type === 'added' && needsClaim(object) ? namesOf([object]) : [])),
  watch<PersistentVolumeClaim>(persistentVolumeClaims, ({ type, object }, cache) =>
    type === 'deleted' ? namesOf(cache.by(podsByClaim, claimKey(object)).filter(needsClaim)) : [],
  ),
];
