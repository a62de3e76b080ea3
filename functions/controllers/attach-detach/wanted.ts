/** Which volumes belong on a node, and which may be attached there. Pure reads of the cache. Source: pkg/controller/volume/attachdetach */
import { createHash } from 'node:crypto';
import type { CSIPersistentVolumeSource, Node, PersistentVolume, Pod, VolumeAttachment } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { csiDrivers, persistentVolumeClaims, persistentVolumes } from '../../kube/resource-type.ts';
import { claimNameOf } from '../../kube/volumes.ts';
import type { Cache } from '../../workers/controller.ts';
import { podsByNode } from '../shared/taints.ts';
import { attachmentsByVolume } from './watches.ts';

export interface WantedVolume {
  readonly volume: PersistentVolume;
  readonly csi: CSIPersistentVolumeSource;
  /** Those of the node that use it. */
  readonly pods: readonly Pod[];
}

/** As the driver's sidecar and the node compute it. Source: pkg/volume/csi/csi_attacher.go (getAttachmentName) */
export const attachmentName = ({ driver, volumeHandle }: CSIPersistentVolumeSource, nodeName: string): string =>
  `csi-${createHash('sha256').update(`${volumeHandle}${driver}${nodeName}`).digest('hex')}`;

/** False for VolumeAttachments that another client made. */
export const isAttachmentName = (name: string): boolean => /^csi-[0-9a-f]{64}$/.test(name);

export const uniqueName = ({ driver, volumeHandle }: CSIPersistentVolumeSource): string => `kubernetes.io/csi/${driver}^${volumeHandle}`;

const isAttachable = ({ driver }: CSIPersistentVolumeSource, cache: Cache): boolean =>
  cache.get(csiDrivers, { namespace: '', name: driver })?.spec.attachRequired !== false;

function volumesOf(pod: Pod, cache: Cache): PersistentVolume[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => {
    const name = claimNameOf(pod, volume);
    const claim = name === undefined ? undefined : cache.get(persistentVolumeClaims, { namespace: namespaceOf(pod), name });
    const found = cache.get(persistentVolumes, { namespace: '', name: claim?.spec.volumeName ?? '' });
    return claim !== undefined && found?.spec.claimRef?.uid === uidOf(claim) ? [found] : [];
  });
}

export function wantedOn(nodeName: string, cache: Cache): ReadonlyMap<string, WantedVolume> {
  const wanted = new Map<string, WantedVolume>();
  for (const pod of cache.by(podsByNode, nodeName)) {
    if (isPodFinished(pod)) continue;
    for (const volume of volumesOf(pod, cache)) {
      const { csi } = volume.spec;
      if (csi === undefined || !isAttachable(csi, cache)) continue;
      const name = attachmentName(csi, nodeName);
      wanted.set(name, { volume, csi, pods: [...(wanted.get(name)?.pods ?? []), pod] });
    }
  }
  return wanted;
}

const isShared = ({ spec }: PersistentVolume): boolean =>
  (spec.accessModes ?? []).some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');

/** Another node has it, and only one may. */
export const holderOf = (volume: PersistentVolume, nodeName: string, cache: Cache): VolumeAttachment | undefined =>
  isShared(volume) ? undefined : cache.by(attachmentsByVolume, nameOf(volume)).find(({ spec }) => spec.nodeName !== nodeName);

/** The node reports that it has it mounted. */
export const isInUse = (node: Node | undefined, csi: CSIPersistentVolumeSource | undefined): boolean =>
  csi !== undefined && (node?.status?.volumesInUse ?? []).includes(uniqueName(csi));
