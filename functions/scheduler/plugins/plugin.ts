/** The two questions that a scheduling plug-in may answer. Both are pure but for what they keep of one pod's turn. */
import type { Pod } from '../../kube/generated/types.ts';
import type { ClusterState } from '../cluster-state.ts';
import type { NodeState } from '../node-state.ts';

/** Why a node cannot run the pod. */
export interface Refusal {
  /** Upstream's words. */
  readonly reasons: readonly string[];
  /** Whether evicting other pods could make room on the node. */
  readonly isResolvable: boolean;
}

/** A filter that knows its pod and what the cluster is like. */
export interface NodeFilter {
  /** Undefined: the pod can run there. */
  refusal(node: NodeState): Refusal | undefined;
  /** Another pod comes to a node (1) or leaves it (-1) while preemption is tried; the cluster's own counts have followed. */
  podChanged?(other: Pod, node: NodeState, sign: 1 | -1): void;
}

export interface FilterPlugin {
  /** Upstream's name of the plug-in. */
  readonly name: string;
  /** Once for each pod. Undefined: the pod asks nothing of this plug-in. */
  prepare(pod: Pod, cluster: ClusterState): NodeFilter | undefined;
}

export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  /** A whole number from 0 (worst) to 100 for each node, in the order of `nodes`. Undefined: all are the same to the pod. */
  score(pod: Pod, nodes: readonly NodeState[], cluster: ClusterState): readonly number[] | undefined;
}

export const scoreMax = 100;

export const refused = (reason: string, isResolvable: boolean): Refusal => ({ reasons: [reason], isResolvable });

/** Stretches raw numbers to 0..100 with the largest at 100. Source: plugins/helper/normalize_score.go. */
export function normalized(raw: readonly number[], direction: 'more is better' | 'less is better'): readonly number[] {
  const max = Math.max(0, ...raw);
  if (max === 0) return raw.map(() => (direction === 'more is better' ? 0 : scoreMax));
  const stretched = raw.map((value) => Math.trunc((scoreMax * value) / max));
  return direction === 'more is better' ? stretched : stretched.map((value) => scoreMax - value);
}
