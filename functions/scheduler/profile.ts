/** The plug-ins of a profile, in its order: the first filter that objects gives the reason. */
import type { Cache } from '../workers/controller.ts';
import { defaultArguments, type ProfileSettings, type SchedulerConfiguration } from './configuration/configuration.ts';
import { chosenPlugins } from './configuration/plugin-sets.ts';
import { defaultSelector } from './default-selector.ts';
import { imageLocality } from './plugins/image-locality.ts';
import { interPodAffinityFilter, interPodAffinityScore } from './plugins/inter-pod-affinity.ts';
import { nodeAffinityFilter, nodeAffinityScore } from './plugins/node-affinity.ts';
import { nodeNamePlugin } from './plugins/node-name.ts';
import { nodePortsPlugin } from './plugins/node-ports.ts';
import { balancedAllocation, nodeResourcesFit, resourcesScore } from './plugins/node-resources.ts';
import { nodeUnschedulablePlugin } from './plugins/node-unschedulable.ts';
import { taintTolerationFilter, taintTolerationScore } from './plugins/taint-toleration.ts';
import { topologySpreadFilter, topologySpreadScore } from './plugins/topology-spread.ts';
import { nodeVolumeLimits } from './plugins/node-volume-limits.ts';
import { volumeRestrictions } from './plugins/volume-restrictions.ts';
import { volumeZone } from './plugins/volume-zone.ts';
import type { FilterPlugin, ScorePlugin } from './plugins/plugin.ts';
import type { SchedulerProfile } from './pod-class.ts';
import { schedulerComponent } from './watches.ts';

interface Surroundings {
  readonly cache: Cache;
  /** The filter of the pass that knows which volumes were promised. */
  readonly volumes: FilterPlugin | undefined;
  /** Set for a pod that asks for devices. */
  readonly devices?: FilterPlugin | undefined;
}

type Filters = Readonly<Record<string, (settings: ProfileSettings, surroundings: Surroundings) => FilterPlugin | undefined>>;
type Scores = Readonly<Record<string, (settings: ProfileSettings, weight: number, surroundings: Surroundings) => ScorePlugin>>;

const filters: Filters = {
  NodeName: () => nodeNamePlugin,
  NodeUnschedulable: () => nodeUnschedulablePlugin,
  TaintToleration: () => taintTolerationFilter,
  NodeAffinity: ({ args }) => nodeAffinityFilter(args.NodeAffinity),
  NodePorts: () => nodePortsPlugin,
  NodeResourcesFit: ({ args }) => nodeResourcesFit(args.NodeResourcesFit),
  VolumeRestrictions: (_settings, { cache }) => volumeRestrictions(cache),
  NodeVolumeLimits: (_settings, { cache }) => nodeVolumeLimits(cache),
  VolumeBinding: (_settings, { volumes }) => volumes,
  VolumeZone: (_settings, { cache }) => volumeZone(cache),
  PodTopologySpread: ({ args }, { cache }) => topologySpreadFilter({ args: args.PodTopologySpread, selectorOf: defaultSelector(cache) }),
  DynamicResources: (_settings, { devices }) => devices,
  InterPodAffinity: () => interPodAffinityFilter,
};

const scores: Scores = {
  TaintToleration: (_settings, weight) => taintTolerationScore(weight),
  NodeAffinity: ({ args }, weight) => nodeAffinityScore(args.NodeAffinity, weight),
  NodeResourcesFit: ({ args }, weight) => resourcesScore(args.NodeResourcesFit, weight),
  PodTopologySpread: ({ args }, weight, { cache }) =>
    topologySpreadScore({ args: args.PodTopologySpread, selectorOf: defaultSelector(cache) }, weight),
  InterPodAffinity: ({ args }, weight) => interPodAffinityScore(args.InterPodAffinity, weight),
  NodeResourcesBalancedAllocation: ({ args }, weight) => balancedAllocation(args.NodeResourcesBalancedAllocation, weight),
  ImageLocality: (_settings, weight) => imageLocality(weight),
};

export const profileOf = (settings: ProfileSettings, surroundings: Surroundings): SchedulerProfile => ({
  filters: settings.filters.flatMap((name) => filters[name]?.(settings, surroundings) ?? []),
  scores: settings.scores.flatMap(({ name, weight }) => scores[name]?.(settings, weight, surroundings) ?? []),
  percentageOfNodesToScore: settings.percentageOfNodesToScore,
});

const nothingChosen = { enabled: [], disabled: [] };

/** Upstream's, for the pods of one scheduler. */
export const defaultSettings = (schedulerName: string = schedulerComponent): ProfileSettings => ({
  schedulerName,
  percentageOfNodesToScore: 0,
  args: defaultArguments,
  ...chosenPlugins({ multiPoint: nothingChosen, filter: nothingChosen, postFilter: nothingChosen, score: nothingChosen }, schedulerName),
});

export const defaultConfiguration: SchedulerConfiguration = { profiles: [defaultSettings()] };
