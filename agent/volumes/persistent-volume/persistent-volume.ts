/**
 * The volume that a claim is bound to, where it is a directory of this node.
 * Source: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go; pkg/volume/local/local.go.
 */
import { stat } from 'node:fs/promises';
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../functions/kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { claimNameOf, isReachableFrom, notMadeForPod } from '../../../functions/kube/volumes.ts';
import { orUndefined } from '../../files/error-code.ts';
import { specOf } from '../../pods/pod-facts.ts';
import { sourceOfVolume, stagingFolder, type CsiSource } from '../csi/csi-source.ts';
import { hostPathPlugin } from '../host-path/host-path.ts';
import { mountOptionsOf, nfsMount } from '../nfs/nfs.ts';
import { makeLocalPath } from '../local-path/local-path.ts';
import type { ClaimLookup, PluginOptions } from '../plugin-options.ts';
import { VolumeError } from '../volumes.ts';
import type { PluginState, Published, PublishRequest, VolumePlugin } from '../plugin.ts';
import { giveToGroup } from '../files/volume-group.ts';

function claimPlugin(name: string, field: 'persistentVolumeClaim' | 'ephemeral', options: PluginOptions): VolumePlugin {
  const { claims, csi } = options;
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
      return publishVolume(volume, request, options);
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

export const persistentVolumeClaimPlugin = (options: PluginOptions): VolumePlugin =>
  claimPlugin('kubernetes.io/persistent-volume-claim', 'persistentVolumeClaim', options);

export const ephemeralPlugin = (options: PluginOptions): VolumePlugin => claimPlugin('kubernetes.io/ephemeral', 'ephemeral', options);

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
async function publishVolume(volume: PersistentVolume, request: PublishRequest, options: PluginOptions): Promise<Published> {
  const isReadOnly = request.volume.persistentVolumeClaim?.readOnly === true;
  try {
    return { ...(await publishSource(volume, { ...request, isReadOnly }, options)), isReadOnly };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new VolumeError(nameOf(volume), error.message, error);
  }
}

async function publishSource(
  volume: PersistentVolume,
  request: PublishRequest & { readonly isReadOnly: boolean },
  { mountRemote }: PluginOptions,
): Promise<Published> {
  const { hostPath, local, nfs } = volume.spec;
  const { isReadOnly, directory } = request;
  if (hostPath !== undefined) return hostPathPlugin.publish({ ...request, volume: { name: request.volume.name, hostPath } });
  if (nfs !== undefined) {
    await mountRemote(nfsMount({ source: nfs, isReadOnly, mountOptions: mountOptionsOf(volume) }, directory));
    return { path: directory };
  }
  if (local === undefined) throw new Error('a volume of this kind is not supported by this node');
  await makeLocalPath(volume);
  if ((await orUndefined(stat(local.path))) === undefined) throw new Error(`path "${local.path}" does not exist`);
  return { path: local.path, state: await giveToPod(local.path, request) };
}

/** Once for each pod, and not again when the agent restarts. */
async function giveToPod(path: string, { pod, volume, state }: PublishRequest): Promise<PluginState> {
  const { fsGroup, fsGroupChangePolicy } = specOf(pod).securityContext ?? {};
  if (fsGroup === undefined || state['group'] === String(fsGroup)) return state;
  const isReadOnly = volume.persistentVolumeClaim?.readOnly === true;
  await giveToGroup(path, { id: fsGroup, isReadOnly, changePolicy: fsGroupChangePolicy });
  return { group: String(fsGroup) };
}
