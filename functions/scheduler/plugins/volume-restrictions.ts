/** A claim that only one pod may use is used by one pod. Source: plugins/volumerestrictions/volume_restrictions.go. */
import type { Pod } from '../../kube/generated/types.ts';
import { namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resource-type.ts';
import type { Cache } from '../../workers/controller.ts';
import { inNamespace, type ClusterState } from '../cluster-state.ts';
import type { NodeState } from '../node-state.ts';
import { refused, type FilterPlugin, type NodeFilter } from './plugin.ts';
import { came, claimNamesOf, ownClaim } from './queueing-hints.ts';

const pluginName = 'VolumeRestrictions';
const inUse = refused(
  pluginName,
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
  true,
);

class SinglePodClaims implements NodeFilter {
  private readonly uses: (other: Pod) => boolean;
  private users: number;

  constructor(pod: Pod, names: readonly string[], cluster: ClusterState) {
    this.uses = inNamespace(namespaceOf(pod), (other) => claimNamesOf(other).some((name) => names.includes(name)));
    const counts = cluster.countsOf(`claims ${namespaceOf(pod)} ${names.join()}`, this.uses);
    this.users = counts.reduce((sum, count) => sum + count, 0);
  }

  refusal(_node: NodeState): ReturnType<NodeFilter['refusal']> {
    return this.users > 0 ? inUse : undefined;
  }

  podChanged(other: Pod, _node: NodeState, sign: 1 | -1): void {
    if (this.uses(other)) this.users += sign;
  }
}

const sharesClaim = (pod: Pod, other: Pod): boolean => claimNamesOf(other).some((name) => claimNamesOf(pod).includes(name));

export const volumeRestrictions = (cache: Cache): FilterPlugin => ({
  name: pluginName,
  hints: {
    node: (_pod, change) => came(change),
    placedPod: (pod, { before, after }) =>
      before !== undefined && after === undefined && namespaceOf(before) === namespaceOf(pod) && sharesClaim(pod, before),
    others: [ownClaim],
  },
  prepare(pod, cluster) {
    const isForOne = (name: string): boolean =>
      cache.get(persistentVolumeClaims, { namespace: namespaceOf(pod), name })?.spec.accessModes?.includes('ReadWriteOncePod') === true;
    const names = claimNamesOf(pod).filter(isForOne);
    return names.length === 0 ? undefined : new SinglePodClaims(pod, names, cluster);
  },
});
