import { nodeAffinityFilter, nodeAffinityScore } from './plugins/node-affinity.ts';
import { nodeNamePlugin } from './plugins/node-name.ts';
import { nodePortsPlugin } from './plugins/node-ports.ts';
import { leastAllocated, nodeResourcesFit } from './plugins/node-resources.ts';
import { nodeUnschedulablePlugin } from './plugins/node-unschedulable.ts';
import { podTopologySpread } from './plugins/spread.ts';
import { taintTolerationFilter, taintTolerationScore } from './plugins/taint-toleration.ts';
import type { SchedulerProfile } from './schedule-pod.ts';

/** Filters in upstream's order: the first that objects gives the reason. Weights are upstream's. */
export const defaultProfile: SchedulerProfile = {
  filters: [nodeUnschedulablePlugin, nodeNamePlugin, taintTolerationFilter, nodeAffinityFilter, nodePortsPlugin, nodeResourcesFit],
  scores: [taintTolerationScore, nodeAffinityScore, podTopologySpread, leastAllocated],
};
