/** Source: pkg/apis/core/v1/defaults.go, SetDefaults_PersistentVolume. */
import type { PersistentVolume } from '../../../kube/generated/types.ts';
import { roundQuantities } from '../../quantities.ts';

export function setVolumeDefaults(volume: PersistentVolume): void {
  const { spec } = volume;
  volume.status ??= {};
  volume.status.phase ||= 'Pending';
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  roundQuantities(spec.capacity);
  if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
}
