/**
 * Required anti-affinity reaches no further than a node. Source: plugin/pkg/admission/antiaffinity/admission.go.
 */
import type { Pod } from '../../kube/generated/types.ts';
import { pods } from '../../kube/resource-type.ts';
import type { AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

const hostname = 'kubernetes.io/hostname';

export const antiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  handles: (attributes) => (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && isOf(attributes, pods),
  async validate(attributes) {
    const pod = attributes.object as Pod | undefined;
    const terms = pod?.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const other = terms.find(({ topologyKey }) => topologyKey !== hostname);
    if (other === undefined) return;
    const why = `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${other.topologyKey} but only key ${hostname} is allowed`;
    throw refuse(attributes, why);
  },
};
