/** Nodes that have the pod's images already. Source: plugins/imagelocality/image_locality.go. */
import type { Pod } from '../../kube/generated/types.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { NodeState } from '../node-state.ts';
import { scoreMax, type ScorePlugin } from './plugin.ts';

const mib = 1024 * 1024;
const smallestBytes = 23 * mib;
const largestBytesOfContainer = 1000 * mib;

/** `nginx` is `nginx:latest`. */
const withTag = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image);

function imagesOf({ spec }: Pod): readonly string[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers].map(({ image = '' }) => image);
  const volumes = (spec.volumes ?? []).flatMap(({ image }) => (image === undefined ? [] : [image.reference ?? '']));
  return [...containers, ...volumes].map(withTag);
}

/** An image counts the more the more nodes have it. So the first node with it does not draw every pod. */
function bytesOn({ node }: NodeState, images: readonly string[], cluster: ClusterState): number {
  let sum = 0;
  for (const { names, sizeBytes = 0 } of node.status?.images ?? []) {
    // An image whose names others have taken has none: null, as Go writes an empty list.
    for (const name of names ?? []) {
      const times = images.filter((image) => image === name).length;
      if (times === 0) continue;
      const spread = (cluster.imageSpread().get(name) ?? 0) / cluster.nodes.length;
      sum += times * Math.trunc(sizeBytes * spread);
    }
  }
  return sum;
}

export const imageLocality = (weight: number): ScorePlugin => ({
  name: 'ImageLocality',
  weight,
  prepare(pod, cluster) {
    const images = imagesOf(pod);
    const spread = cluster.imageSpread();
    if (!images.some((image) => spread.has(image))) return undefined;
    const most = largestBytesOfContainer * images.length;
    return {
      by: 'node',
      of(node) {
        const bytes = Math.min(Math.max(bytesOn(node, images, cluster), smallestBytes), most);
        return Math.trunc((scoreMax * (bytes - smallestBytes)) / (most - smallestBytes));
      },
    };
  },
});
