/** What wakes the binder of claims and volumes. */
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { nameOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../kube/resource-type.ts';
import { defaultClassOf, storageClassOf } from '../../kube/volumes.ts';
import type { Change } from '../../store/store.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { claimKey, claimsByVolume, openClaimsByClass, volumesByClaim } from '../shared/volume-indexes.ts';

export const persistentVolumeWatches: readonly Watch[] = [
  watch<PersistentVolumeClaim>(persistentVolumeClaims, aboutClaim),
  watch<PersistentVolume>(persistentVolumes, aboutVolume),
  watch<StorageClass>(storageClasses, ({ object }, cache) => [
    ...namesOf(cache.by(openClaimsByClass, nameOf(object))),
    ...(defaultClassOf([object]) === undefined ? [] : namesOf(cache.by(openClaimsByClass, ''))),
  ]),
];

/** The claim, and the volumes that are its own or should be. */
function aboutClaim({ type, object }: Change<PersistentVolumeClaim>, cache: Cache): ObjectName[] {
  const name = object.spec.volumeName ?? '';
  return [
    ...(type === 'deleted' ? [] : namesOf([object])),
    ...namesOf(cache.by(volumesByClaim, claimKey(object))),
    ...(name === '' ? [] : [{ namespace: '', name }]),
  ];
}

/** The volume, its claim, and every claim that could have it now. */
function aboutVolume({ type, object }: Change<PersistentVolume>, cache: Cache): ObjectName[] {
  const { claimRef } = object.spec;
  const isFree = type !== 'deleted' && claimRef === undefined && object.status?.phase === 'Available';
  return [
    ...(type === 'deleted' ? [] : namesOf([object])),
    ...(claimRef === undefined ? [] : [{ namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' }]),
    ...namesOf(cache.by(claimsByVolume, nameOf(object))),
    ...(isFree ? namesOf(cache.by(openClaimsByClass, storageClassOf(object))) : []),
  ];
}
