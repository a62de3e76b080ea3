/**
 * The claims of a pod that is to be placed: those with a volume, and those that get one with the node.
 * Source: plugins/volumebinding/volume_binding.go, PreFilter; binder.go, GetPodVolumeClaims.
 */
import type { PersistentVolumeClaim, Pod } from '../kube/generated/types.ts';
import { annotationsOf, isTerminating, nameOf, namespaceOf } from '../kube/object.ts';
import { persistentVolumeClaims, storageClasses } from '../kube/resource-type.ts';
import { bindCompletedAnnotation, claimNameOf, isDelayed, notMadeForPod, storageClassOf } from '../kube/volumes.ts';
import type { Cache } from '../workers/controller.ts';

export interface PodClaims {
  readonly outcome: 'claims';
  readonly bound: readonly PersistentVolumeClaim[];
  /** Claims whose class waits for a node. */
  readonly delayed: readonly PersistentVolumeClaim[];
}

export type ClaimsOfPod = PodClaims | { readonly outcome: 'none' } | { readonly outcome: 'refused'; readonly message: string };

export function podClaims(pod: Pod, cache: Cache): ClaimsOfPod {
  const claims: PersistentVolumeClaim[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimNameOf(pod, volume);
    if (name === undefined) continue;
    const isEphemeral = volume.ephemeral !== undefined;
    const claim = cache.get(persistentVolumeClaims, { namespace: namespaceOf(pod), name });
    const message =
      claim === undefined ? absence(name, isEphemeral) : (unusable(claim) ?? (isEphemeral ? notMadeForPod(pod, claim) : undefined));
    if (message !== undefined) return { outcome: 'refused', message };
    if (claim !== undefined) claims.push(claim);
  }
  if (claims.length === 0) return { outcome: 'none' };
  const isBound = (claim: PersistentVolumeClaim): boolean =>
    hasVolume(claim) && annotationsOf(claim)[bindCompletedAnnotation] !== undefined;
  const open = claims.filter((claim) => !isBound(claim));
  const waits = (claim: PersistentVolumeClaim): boolean =>
    !hasVolume(claim) && isDelayed(cache.get(storageClasses, { namespace: '', name: storageClassOf(claim) }));
  if (!open.every(waits)) return { outcome: 'refused', message: 'pod has unbound immediate PersistentVolumeClaims' };
  return { outcome: 'claims', bound: claims.filter(isBound), delayed: open };
}

const hasVolume = ({ spec }: PersistentVolumeClaim): boolean => (spec.volumeName ?? '') !== '';

const absence = (name: string, isEphemeral: boolean): string =>
  isEphemeral
    ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
    : `persistentvolumeclaim "${name}" not found`;

function unusable(claim: PersistentVolumeClaim): string | undefined {
  if (claim.status?.phase === 'Lost')
    return `persistentvolumeclaim "${nameOf(claim)}" bound to non-existent persistentvolume "${claim.spec.volumeName}"`;
  return isTerminating(claim) ? `persistentvolumeclaim "${nameOf(claim)}" is being deleted` : undefined;
}
