/**
 * The writes that bind a volume and a claim to each other. Their order survives a crash after each.
 * Source: pkg/controller/volume/persistentvolume/pv_controller.go.
 */
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimStatus } from '../../kube/generated/types.ts';
import { annotationsOf, nameOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resource-type.ts';
import { bindCompletedAnnotation, boundByControllerAnnotation, boundVolume } from '../../kube/volumes.ts';
import type { ReconcileContext } from '../../workers/controller.ts';

interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

export class Binding {
  readonly #context: ReconcileContext;

  constructor(context: ReconcileContext) {
    this.#context = context;
  }

  /** The volume first: two claims may want it, and only one gets it. */
  async bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<void> {
    const bound = await this.setVolumePhase(await this.#bindVolume(volume, claim), 'Bound');
    await this.setClaimStatus(await this.#bindClaim(claim, bound), 'Bound', bound);
  }

  async #bindVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): Promise<PersistentVolume> {
    const next = boundVolume(volume, claim);
    return next === volume ? volume : this.#context.client.update(persistentVolumes, next);
  }

  async #bindClaim(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<PersistentVolumeClaim> {
    const next = copy(claim);
    const annotations = annotationsOf(claim);
    if (claim.spec.volumeName !== nameOf(volume)) {
      next.spec.volumeName = nameOf(volume);
      next.metadata.annotations = { [boundByControllerAnnotation]: 'yes', ...next.metadata.annotations };
    }
    if (annotations[bindCompletedAnnotation] === undefined)
      next.metadata.annotations = { ...next.metadata.annotations, [bindCompletedAnnotation]: 'yes' };
    return deepEqual(next, claim) ? claim : this.#context.client.update(persistentVolumeClaims, next);
  }

  /** Takes the volume back from its claim. One that its maker reserved stays reserved. */
  async unbind(volume: PersistentVolume): Promise<void> {
    const next = copy(volume);
    const { [boundByControllerAnnotation]: byController, ...annotations } = annotationsOf(volume);
    if (byController === undefined) delete next.spec.claimRef?.uid;
    else {
      delete next.spec.claimRef;
      next.metadata.annotations = annotations;
    }
    await this.setVolumePhase(await this.#context.client.update(persistentVolumes, next), 'Available');
  }

  async setVolumePhase(volume: PersistentVolume, phase: string, event?: EventText): Promise<PersistentVolume> {
    if (volume.status?.phase === phase) return volume;
    const { message: _message, ...status } = volume.status ?? {};
    const next = { ...copy(volume), status: { ...status, phase, ...(event !== undefined && { message: event.message }) } };
    const updated = await this.#context.client.update(persistentVolumes, next, 'status');
    if (event !== undefined) this.#context.events.event(updated, event.type, event.reason, event.message);
    return updated;
  }

  async setClaimStatus(claim: PersistentVolumeClaim, phase: string, volume?: PersistentVolume, event?: EventText): Promise<void> {
    if (event !== undefined && claim.status?.phase === phase) return;
    const status = statusOf(claim, phase, volume);
    if (deepEqual(status, claim.status)) return;
    const updated = await this.#context.client.update(persistentVolumeClaims, { ...copy(claim), status }, 'status');
    if (event !== undefined) this.#context.events.event(updated, event.type, event.reason, event.message);
  }
}

/** A bound claim's capacity stays: its file system may be smaller than the volume on purpose. */
function statusOf(claim: PersistentVolumeClaim, phase: string, volume: PersistentVolume | undefined): PersistentVolumeClaimStatus {
  const { accessModes: _modes, capacity, currentVolumeAttributesClassName: attributes, ...rest } = claim.status ?? {};
  if (volume === undefined) return { ...rest, phase };
  const isBecoming = claim.status?.phase !== phase;
  const attributesClass = isBecoming ? volume.spec.volumeAttributesClassName : attributes;
  const amounts = isBecoming ? volume.spec.capacity : capacity;
  return {
    ...rest,
    phase,
    ...(volume.spec.accessModes !== undefined && { accessModes: volume.spec.accessModes }),
    ...(amounts !== undefined && { capacity: amounts }),
    ...(attributesClass !== undefined && { currentVolumeAttributesClassName: attributesClass }),
  };
}
