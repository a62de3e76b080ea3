/**
 * How pods are placed: the fields of a KubeSchedulerConfiguration, with upstream's defaults. Plain data: it is kept with
 * the cluster.
 */
import type { NodeAffinity, TopologySpreadConstraint } from '../../kube/generated/types.ts';

export interface ResourceWeight {
  readonly name: string;
  readonly weight: number;
}

/** How good it is that so many percent of a resource are taken, from 0 to 10. */
export interface ShapePoint {
  readonly utilization: number;
  readonly score: number;
}

export interface ScoringStrategy {
  readonly type: 'LeastAllocated' | 'MostAllocated' | 'RequestedToCapacityRatio';
  readonly resources: readonly ResourceWeight[];
  readonly requestedToCapacityRatio?: { readonly shape: readonly ShapePoint[] };
}

/** The arguments of plug-ins, by their names. */
export interface PluginArguments {
  readonly DefaultPreemption: { readonly minCandidateNodesPercentage: number; readonly minCandidateNodesAbsolute: number };
  readonly InterPodAffinity: { readonly hardPodAffinityWeight: number; readonly ignorePreferredTermsOfExistingPods: boolean };
  readonly NodeAffinity: { readonly addedAffinity?: NodeAffinity };
  readonly NodeResourcesBalancedAllocation: { readonly resources: readonly ResourceWeight[] };
  readonly NodeResourcesFit: {
    readonly ignoredResources: readonly string[];
    readonly ignoredResourceGroups: readonly string[];
    readonly scoringStrategy: ScoringStrategy;
  };
  readonly PodTopologySpread: {
    readonly defaultConstraints: readonly TopologySpreadConstraint[];
    readonly defaultingType: 'System' | 'List';
  };
}

export interface ProfileSettings {
  /** The `spec.schedulerName` of the pods that it places. */
  readonly schedulerName: string;
  /** 0: the more nodes there are, the smaller the share that is compared. */
  readonly percentageOfNodesToScore: number;
  /** Names of plug-ins, in the order in which they are asked. */
  readonly filters: readonly string[];
  readonly scores: readonly ResourceWeight[];
  readonly preempts: boolean;
  readonly args: PluginArguments;
}

export interface SchedulerConfiguration {
  readonly profiles: readonly ProfileSettings[];
}

const cpuAndMemory: readonly ResourceWeight[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

/** Source: pkg/scheduler/apis/config/v1/defaults.go. */
export const defaultArguments: PluginArguments = {
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  NodeAffinity: {},
  NodeResourcesBalancedAllocation: { resources: cpuAndMemory },
  NodeResourcesFit: {
    ignoredResources: [],
    ignoredResourceGroups: [],
    scoringStrategy: { type: 'LeastAllocated', resources: cpuAndMemory },
  },
  PodTopologySpread: { defaultConstraints: [], defaultingType: 'System' },
};
