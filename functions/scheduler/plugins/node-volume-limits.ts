/** A CSI driver attaches only so many volumes to a node. Source: plugins/nodevolumelimits/csi.go. */
import type { Pod } from '../../kube/generated/types.ts';
import { namespaceOf } from '../../kube/object.ts';
import { csiNodes, persistentVolumeClaims, persistentVolumes } from '../../kube/resource-type.ts';
import { claimNameOf } from '../../kube/volumes.ts';
import type { Cache } from '../../workers/controller.ts';
import { refused, type FilterPlugin } from './plugin.ts';
import { anyOf, claimNamesOf, ownClaim } from './queueing-hints.ts';

const pluginName = 'NodeVolumeLimits';
const tooMany = refused(pluginName, 'node(s) exceed max volume count', true);

interface AttachedVolume {
  readonly driver: string;
  readonly handle: string;
}

function volumesOf(pod: Pod, cache: Cache): readonly AttachedVolume[] {
  return (pod.spec.volumes ?? []).flatMap((volume): AttachedVolume[] => {
    const name = claimNameOf(pod, volume);
    if (name === undefined) return [];
    const claim = cache.get(persistentVolumeClaims, { namespace: namespaceOf(pod), name });
    const csi = cache.get(persistentVolumes, { namespace: '', name: claim?.spec.volumeName ?? '' })?.spec.csi;
    return csi === undefined ? [] : [{ driver: csi.driver, handle: csi.volumeHandle }];
  });
}

export const nodeVolumeLimits = (cache: Cache): FilterPlugin => ({
  name: pluginName,
  hints: {
    placedPod: (_pod, { before, after }) => before !== undefined && after === undefined && claimNamesOf(before).length > 0,
    others: [anyOf(csiNodes), ownClaim],
  },
  prepare(pod) {
    const wanted = volumesOf(pod, cache);
    if (wanted.length === 0) return undefined;
    return {
      refusal({ name, pods }) {
        const limits = cache.get(csiNodes, { namespace: '', name })?.spec.drivers ?? [];
        const attached = limits.some(({ allocatable }) => allocatable?.count !== undefined)
          ? [...pods].flatMap((other) => volumesOf(other, cache))
          : [];
        const isOver = limits.some(({ name: driver, allocatable }) => {
          const handles = (volumes: readonly AttachedVolume[]): string[] =>
            volumes.filter((volume) => volume.driver === driver).map(({ handle }) => handle);
          const [here, more] = [new Set(handles(attached)), handles(wanted)];
          const added = new Set(more.filter((handle) => !here.has(handle)));
          return added.size > 0 && here.size + added.size > (allocatable?.count ?? Infinity);
        });
        return isOver ? tooMany : undefined;
      },
    };
  },
});
