/**
 * The PersistentVolume that a claim is bound to: a driver's, or one of `sources`.
 * Source: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go.
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../functions/kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { claimNameOf, isReachableFrom, notMadeForPod } from '../../../functions/kube/volumes.ts';
import { sourceOfVolume, stagingFolder, type CsiSource } from '../csi/csi-source.ts';
import type { ClaimLookup, PluginOptions } from '../plugin-options.ts';
import { VolumeError } from '../volumes.ts';
import type { PersistentSource, Published, PublishRequest, VolumePlugin } from '../plugin.ts';

type ClaimOptions = Pick<PluginOptions, 'claims' | 'csi'> & {
  /** What a PersistentVolume may be, besides a driver's. */
  readonly sources: readonly PersistentSource[];
};

function claimPlugin(name: string, field: 'persistentVolumeClaim' | 'ephemeral', options: ClaimOptions): VolumePlugin {
  const { claims, csi, sources } = options;
  const sourceOf = (pod: Pod, volume: Volume): CsiSource | undefined => sourceOfVolume(volumeOf(pod, volume, claims).volume);
  return {
    name,
    field,
    isReadOnly: false,
    // The volume may grow while the pod runs.
    follows: true,
    async publish(request) {
      const { volume, claim } = volumeOf(request.pod, request.volume, claims);
      const source = sourceOfVolume(volume);
      if (source !== undefined && csi !== undefined) {
        const published = await csi.publish(source, request);
        await csi.expand(source, volume, { pod: request.pod, claim, path: published.path, staged: request.staged });
        return published;
      }
      return publishVolume(volume, request, sources);
    },
    async unpublish(_volume, _directory, state) {
      await csi?.unpublish(state);
    },
    staging: {
      key(pod, volume) {
        const source = sourceOf(pod, volume);
        return source === undefined ? undefined : csi?.stagedAs(source);
      },
      folder: stagingFolder,
      async stage(pod, volume, directory) {
        const source = sourceOf(pod, volume);
        if (source !== undefined) await csi?.stage(source, pod, directory);
      },
      async unstage(key, directory) {
        await csi?.unstage(key, directory);
      },
    },
  };
}

export const persistentVolumeClaimPlugin = (options: ClaimOptions): VolumePlugin =>
  claimPlugin('kubernetes.io/persistent-volume-claim', 'persistentVolumeClaim', options);

export const ephemeralPlugin = (options: ClaimOptions): VolumePlugin => claimPlugin('kubernetes.io/ephemeral', 'ephemeral', options);

interface BoundVolume {
  readonly volume: PersistentVolume;
  readonly claim: PersistentVolumeClaim;
}

/** The claim must be the pod's to use, and both sides of its binding must agree. */
function volumeOf(pod: Pod, volume: Volume, claims: ClaimLookup): BoundVolume {
  const name = claimNameOf(pod, volume) ?? '';
  const claim = claims.claim(namespaceOf(pod), name);
  if (claim === undefined) throw new Error(`persistentvolumeclaim "${name}" not found`);
  const why = volume.ephemeral === undefined ? undefined : notMadeForPod(pod, claim);
  if (why !== undefined) throw new Error(why);
  // A pod that has it already keeps it: the claim waits for the pod.
  if (isTerminating(claim) && !isTerminating(pod) && pod.status?.phase === 'Pending') throw new Error('PVC is being deleted');
  const found = claims.persistentVolume(claim.spec.volumeName ?? '');
  if (claim.status?.phase !== 'Bound' || found === undefined) {
    const [namespace, phase] = [namespaceOf(claim), claim.status?.phase ?? ''];
    throw new Error(
      `PVC ${namespace}/${name} has non-bound phase ("${phase}") or empty pvc.Spec.VolumeName ("${claim.spec.volumeName ?? ''}")`,
    );
  }
  checkBinding(found, claim, claims);
  return { volume: found, claim };
}

function checkBinding(volume: PersistentVolume, claim: PersistentVolumeClaim, claims: ClaimLookup): void {
  const { claimRef } = volume.spec;
  if (claimRef === undefined)
    throw new Error(`found PV object ${nameOf(volume)} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`);
  if (claimRef.uid !== uidOf(claim))
    throw new Error(
      `found PV object ${nameOf(volume)} but its pv.Spec.ClaimRef.UID ${claimRef.uid} does not point to claim.UID ${uidOf(claim)}`,
    );
  if (claim.spec.volumeMode === 'Block') throw new Error('volumes of mode Block are not supported by this node');
  const node = claims.ownNode();
  if (node !== undefined && !isReachableFrom(volume, node))
    throw new Error(`the node affinity of volume ${nameOf(volume)} does not match this node`);
}

/** Upstream's events name the volume, not the pod's name for it. */
async function publishVolume(volume: PersistentVolume, request: PublishRequest, sources: readonly PersistentSource[]): Promise<Published> {
  const isReadOnly = request.volume.persistentVolumeClaim?.readOnly === true;
  try {
    const source = sources.find(({ field }) => volume.spec[field] !== undefined);
    if (source === undefined) throw new Error('a volume of this kind is not supported by this node');
    return { ...(await source.publish(volume, request, isReadOnly)), isReadOnly };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new VolumeError(nameOf(volume), error.message, error);
  }
}
