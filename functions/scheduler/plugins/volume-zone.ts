/** A volume whose labels name zones or regions is used there alone. Source: plugins/volumezone/volume_zone.go. */
import type { Node, Pod } from '../../kube/generated/types.ts';
import { labelsOf, namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes, storageClasses } from '../../kube/resource-type.ts';
import { claimNameOf } from '../../kube/volumes.ts';
import type { Cache } from '../../workers/controller.ts';
import { refused, type FilterPlugin } from './plugin.ts';
import { anyOf, hasOtherLabels, ownClaim } from './queueing-hints.ts';

const pluginName = 'VolumeZone';
const elsewhere = refused(pluginName, 'node(s) had no available volume zone', false);

/** Older label → the one that nodes have now. */
const newerLabels = new Map([
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
]);
const topologyLabels = [...newerLabels].flat();

/** Between the zones of a volume that is in several. */
const separator = '__';

interface Topology {
  readonly label: string;
  readonly values: readonly string[];
}

function topologiesOf(pod: Pod, cache: Cache): readonly Topology[] {
  return (pod.spec.volumes ?? []).flatMap((volume): Topology[] => {
    const name = claimNameOf(pod, volume);
    if (name === undefined) return [];
    const claim = cache.get(persistentVolumeClaims, { namespace: namespaceOf(pod), name });
    const bound = cache.get(persistentVolumes, { namespace: '', name: claim?.spec.volumeName ?? '' });
    const labels = bound === undefined ? {} : labelsOf(bound);
    return topologyLabels.flatMap((label) => {
      const value = labels[label];
      return value === undefined ? [] : [{ label, values: value.split(separator) }];
    });
  });
}

const isIn = (node: Node, { label, values }: Topology): boolean => {
  const labels = labelsOf(node);
  const value = labels[label] ?? labels[newerLabels.get(label) ?? ''];
  return value !== undefined && values.includes(value);
};

export const volumeZone = (cache: Cache): FilterPlugin => ({
  name: pluginName,
  hints: { node: (_pod, change) => hasOtherLabels(change), others: [ownClaim, anyOf(persistentVolumes), anyOf(storageClasses)] },
  prepare(pod) {
    const topologies = topologiesOf(pod, cache);
    if (topologies.length === 0) return undefined;
    return {
      refusal({ node }) {
        // A cluster of one zone may not name it on its nodes.
        if (!topologyLabels.some((label) => labelsOf(node)[label] !== undefined)) return undefined;
        return topologies.every((topology) => isIn(node, topology)) ? undefined : elsewhere;
      },
    };
  },
});
