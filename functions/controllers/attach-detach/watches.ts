/** What wakes the controller that attaches volumes: it works on one node at a time. */
import type { CSIDriver, Node, PersistentVolumeClaim, Pod, VolumeAttachment } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { keyText, nameOf, namespaceOf } from '../../kube/object.ts';
import { csiDrivers, nodes, persistentVolumeClaims, pods, volumeAttachments } from '../../kube/resource-type.ts';
import { claimNameOf } from '../../kube/volumes.ts';
import { watch, type Cache, type Index, type Watch } from '../../workers/controller.ts';
import { claimsByVolume, podsByClaim } from '../shared/volume-indexes.ts';

export const attachmentsByNode: Index<VolumeAttachment> = { type: volumeAttachments, values: ({ spec }) => [spec.nodeName] };

export const attachmentsByVolume: Index<VolumeAttachment> = {
  type: volumeAttachments,
  values: ({ spec: { source } }) => (source.persistentVolumeName === undefined ? [] : [source.persistentVolumeName]),
};

const named = (nodeNames: Iterable<string | undefined>): ObjectName[] =>
  [...new Set(nodeNames)].flatMap((name) => (name === undefined || name === '' ? [] : [{ namespace: '', name }]));

const hasClaims = (pod: Pod): boolean => (pod.spec?.volumes ?? []).some((volume) => claimNameOf(pod, volume) !== undefined);

const nodesOfClaim = (claim: PersistentVolumeClaim, cache: Cache): (string | undefined)[] =>
  cache.by(podsByClaim, keyText({ namespace: namespaceOf(claim), name: nameOf(claim) })).map(({ spec }) => spec?.nodeName);

/** The node itself, and those that wait until the volume is free. */
function nodesOfAttachment({ spec }: VolumeAttachment, cache: Cache): ObjectName[] {
  const claims = cache.by(claimsByVolume, spec.source.persistentVolumeName ?? '');
  return named([spec.nodeName, ...claims.flatMap((claim) => nodesOfClaim(claim, cache))]);
}

export const attachDetachWatches: readonly Watch[] = [
  watch<Pod>(pods, ({ object }) => (hasClaims(object) ? named([object.spec?.nodeName]) : [])),
  watch<PersistentVolumeClaim>(persistentVolumeClaims, ({ object }, cache) => named(nodesOfClaim(object, cache))),
  watch<VolumeAttachment>(volumeAttachments, ({ object }, cache) => nodesOfAttachment(object, cache)),
  watch<Node>(nodes, ({ object }, cache) => (cache.by(attachmentsByNode, nameOf(object)).length === 0 ? [] : named([nameOf(object)]))),
  watch<CSIDriver>(csiDrivers, (_change, cache) => named(cache.list(nodes).map(nameOf))),
];
