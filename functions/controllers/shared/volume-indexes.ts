/** Ways from pods, claims and volumes to each other. */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../kube/generated/types.ts';
import { keyText, nameOf, namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes, pods } from '../../kube/resource-type.ts';
import { claimNameOf, storageClassOf } from '../../kube/volumes.ts';
import type { Index } from '../../workers/controller.ts';

export const claimKey = (claim: PersistentVolumeClaim): string => keyText({ namespace: namespaceOf(claim), name: nameOf(claim) });

/** Pods by the claims that they name, as `namespace/name`. */
export const podsByClaim: Index<Pod> = {
  type: pods,
  values: (pod) =>
    (pod.spec?.volumes ?? []).flatMap((volume) => {
      const name = claimNameOf(pod, volume);
      return name === undefined ? [] : [keyText({ namespace: namespaceOf(pod), name })];
    }),
};

/** Volumes by the claim that they are bound to or reserved for, as `namespace/name`. */
export const volumesByClaim: Index<PersistentVolume> = {
  type: persistentVolumes,
  values: ({ spec: { claimRef } }) =>
    claimRef === undefined ? [] : [keyText({ namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' })],
};

/** Claims by the name of the volume that they are bound to or ask for. */
export const claimsByVolume: Index<PersistentVolumeClaim> = {
  type: persistentVolumeClaims,
  values: ({ spec }) => ((spec.volumeName ?? '') === '' ? [] : [spec.volumeName ?? '']),
};

/** Claims that have no volume and name none, by their class. */
export const openClaimsByClass: Index<PersistentVolumeClaim> = {
  type: persistentVolumeClaims,
  values: (claim) => ((claim.spec.volumeName ?? '') === '' ? [storageClassOf(claim)] : []),
};
