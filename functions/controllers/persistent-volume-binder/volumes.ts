/**
 * Keeps a volume's phase, and does with a released one what its reclaim policy wants.
 * Source: pkg/controller/volume/persistentvolume/pv_controller.go, syncVolume and reclaimVolume.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/generated/types.ts';
import { annotationsOf, nameOf, uidOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resource-type.ts';
import { hasSameMode, provisionedByAnnotation } from '../../kube/volumes.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { Binding } from './binding.ts';

export async function reconcileVolume(volume: PersistentVolume, context: ReconcileContext): Promise<void> {
  const binding = new Binding(context);
  const { claimRef } = volume.spec;
  if (claimRef === undefined || (claimRef.uid ?? '') === '') {
    await binding.setVolumePhase(volume, 'Available');
    return;
  }
  const claim = claimOf(volume, context);
  if (claim === undefined) return release(volume, binding);
  if ((claim.spec.volumeName ?? '') === '') return announceMismatch(volume, claim, context);
  if (claim.spec.volumeName === nameOf(volume)) {
    await binding.setVolumePhase(volume, 'Bound');
    return;
  }
  const isOwn = annotationsOf(volume)[provisionedByAnnotation] !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete';
  // It was made for the claim, which found another: else it could only be deleted by hand.
  await (isOwn ? release(volume, binding) : binding.unbind(volume));
}

function claimOf({ spec: { claimRef } }: PersistentVolume, { cache }: ReconcileContext): PersistentVolumeClaim | undefined {
  const claim = cache.get(persistentVolumeClaims, { namespace: claimRef?.namespace ?? '', name: claimRef?.name ?? '' });
  return claim !== undefined && uidOf(claim) === claimRef?.uid ? claim : undefined;
}

/** The claim binds itself, unless it never can. */
function announceMismatch(volume: PersistentVolume, claim: PersistentVolumeClaim, { events }: ReconcileContext): void {
  if (hasSameMode(claim, volume)) return;
  const why = 'due to incompatible volumeMode.';
  const ofVolume = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${nameOf(claim)}" ${why}`;
  events.event(volume, 'Warning', 'VolumeMismatch', ofVolume);
  const ofClaim = `Cannot bind PersistentVolume "${nameOf(volume)}" to requested PersistentVolumeClaim ${why}`;
  events.event(claim, 'Warning', 'VolumeMismatch', ofClaim);
}

async function release(volume: PersistentVolume, binding: Binding): Promise<void> {
  const isOver = volume.status?.phase === 'Released' || volume.status?.phase === 'Failed';
  const released = isOver ? volume : await binding.setVolumePhase(volume, 'Released');
  const fail = async (reason: string, message: string): Promise<void> => {
    await binding.setVolumePhase(released, 'Failed', { type: 'Warning', reason, message });
  };
  switch (volume.spec.persistentVolumeReclaimPolicy) {
    case 'Retain':
      return;
    case 'Recycle':
      return fail('VolumeFailedRecycle', 'No recycler plugin found for the volume!');
    case 'Delete': {
      const why = undeletable(volume);
      return why === undefined ? undefined : fail('VolumeFailedDelete', why);
    }
    case undefined:
    default:
      return fail('VolumeUnknownReclaimPolicy', 'Volume has unrecognized PersistentVolumeReclaimPolicy');
  }
}

/** Only the provisioner of a volume can delete it; undefined where that is another program. */
function undeletable(volume: PersistentVolume): string | undefined {
  const provisioner = annotationsOf(volume)[provisionedByAnnotation] ?? '';
  if (provisioner === '' ? volume.spec.csi !== undefined : !provisioner.startsWith('kubernetes.io/')) return undefined;
  const path = volume.spec.hostPath?.path;
  return path === undefined || path.startsWith('/tmp/')
    ? `error getting deleter volume plugin for volume "${nameOf(volume)}": no deletable volume plugin matched`
    : `host_path deleter only supports /tmp/.+ but received provided ${path}`;
}
