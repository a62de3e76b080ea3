/** Which plug-ins decide. Filters in upstream's order: the first that objects gives the reason. Weights are upstream's. */
import type { Cache } from '../workers/controller.ts';
import { defaultSelector } from './default-selector.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { interPodAffinityFilter, interPodAffinityScore } from './plugins/inter-pod-affinity.ts';
import { nodeAffinityFilter, nodeAffinityScore } from './plugins/node-affinity.ts';
import { nodeNamePlugin } from './plugins/node-name.ts';
import { nodePortsPlugin } from './plugins/node-ports.ts';
import { balancedAllocation, leastAllocated, nodeResourcesFit } from './plugins/node-resources.ts';
import { nodeUnschedulablePlugin } from './plugins/node-unschedulable.ts';
import { taintTolerationFilter, taintTolerationScore } from './plugins/taint-toleration.ts';
import { topologySpreadFilter, topologySpreadScore } from './plugins/topology-spread.ts';
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { volumeRestrictions } from './plugins/volume-restrictions.ts';
import type { FilterPlugin } from './plugins/plugin.ts';
import type { SchedulerProfile } from './schedule-pod.ts';

/** `volumes`: the filter of the pass that knows which volumes were promised. */
export const defaultProfile = (cache: Cache, volumes: readonly FilterPlugin[] = []): SchedulerProfile => ({
  filters: [
    nodeNamePlugin,
    nodeUnschedulablePlugin,
    taintTolerationFilter,
    nodeAffinityFilter,
    nodePortsPlugin,
    nodeResourcesFit,
    volumeRestrictions(cache),
    nodeVolumeLimits(cache),
    ...volumes,
    topologySpreadFilter,
    interPodAffinityFilter,
  ],
  scores: [
    taintTolerationScore,
    nodeAffinityScore,
    leastAllocated,
    topologySpreadScore(defaultSelector(cache)),
    interPodAffinityScore,
    balancedAllocation,
    imageLocality,
  ],
});
