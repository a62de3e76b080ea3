/** The two questions that a scheduling plug-in may answer. Both are pure but for what they keep while pods are placed. */
import type { Pod } from '../../kube/generated/types.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { NodeState } from '../node-state.ts';
import type { QueueingHints } from './queueing-hints.ts';

/** Why a node cannot run the pod. */
export interface Refusal {
  /** Upstream's name of the plug-in. */
  readonly plugin: string;
  /** Upstream's words. */
  readonly reasons: readonly string[];
  /** Whether evicting other pods could make room on the node. */
  readonly isResolvable: boolean;
}

/** A filter that knows its pod and what the cluster is like. */
export interface NodeFilter {
  /** Undefined: the pod can run there. */
  refusal(node: NodeState): Refusal | undefined;
  /** A pod comes to a node (1) or leaves it (-1). A filter that has this reads more than the node that it is asked about. */
  podChanged?(other: Pod, node: NodeState, sign: 1 | -1): void;
}

export interface FilterPlugin {
  /** Upstream's name of the plug-in. */
  readonly name: string;
  /** Which changes may help a pod that it refused. */
  readonly hints: QueueingHints;
  /** Once for the pods of a template. Undefined: they ask nothing of this plug-in. */
  prepare(pod: Pod, cluster: ClusterState): NodeFilter | undefined;
}

/** What nodes are worth to one pod: whole numbers, from 0 (worst) to 100. */
export type NodeScore =
  /** Follows from the node and the pods on it alone, so it holds until something changes there. */
  | { readonly by: 'node'; of(node: NodeState): number }
  /** Follows from the node's object alone; stretched over the nodes that are compared, so that the largest becomes 100 or 0. */
  | { readonly by: 'comparison'; readonly direction: Direction; of(node: NodeState): number }
  /** Reads the whole cluster: one number for each node, in the order of `nodes`. */
  | { readonly by: 'cluster'; of(nodes: readonly NodeState[]): readonly number[] };

export type Direction = 'more is better' | 'less is better';

export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  /** Once for the pods of a template. Undefined: all nodes are the same to them. */
  prepare(pod: Pod, cluster: ClusterState): NodeScore | undefined;
}

export const scoreMax = 100;

export const refused = (plugin: string, reason: string, isResolvable: boolean): Refusal => ({ plugin, reasons: [reason], isResolvable });

/** Stretches raw numbers to 0..100 with the largest at 100. Source: plugins/helper/normalize_score.go. */
export function normalized(raw: readonly number[], direction: Direction): readonly number[] {
  let max = 0;
  for (const value of raw) max = Math.max(max, value);
  if (max === 0) return raw.map(() => (direction === 'more is better' ? 0 : scoreMax));
  const stretched = raw.map((value) => Math.trunc((scoreMax * value) / max));
  return direction === 'more is better' ? stretched : stretched.map((value) => scoreMax - value);
}
