/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_PersistentVolumeClaim. */
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../kube/generated/types.ts';
import { roundQuantities } from '../../quantities.ts';

export function setClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.status ??= {};
  claim.status.phase ||= 'Pending';
  roundQuantities(claim.status.capacity);
  roundQuantities(claim.status.allocatedResources);
  setClaimSpecDefaults(claim.spec);
}

/** Also of claims that pods bring along. */
export function setClaimSpecDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem';
  roundQuantities(spec.resources?.limits);
  roundQuantities(spec.resources?.requests);
}
