/** The two questions that a scheduling plugin may answer. Both are pure. */
import type { Pod } from '../../kube/generated/types.ts';
import type { NodeState } from '../node-state.ts';

export interface FilterPlugin {
  /** Upstream's name of the plugin. */
  readonly name: string;
  /** Why this node cannot run the pod, in upstream's words; empty when it can. */
  filter(pod: Pod, node: NodeState): readonly string[];
  /** Whether evicting other pods could make room on a node that was refused: the word in the message about preemption. */
  resolvable(pod: Pod, node: NodeState): boolean;
}

export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  /** 0 (worst) to 100 for each node, in the order of `nodes`. */
  score(pod: Pod, nodes: readonly NodeState[]): readonly number[];
}

export const scoreMax = 100;

/** Stretches raw numbers to 0..100 with the largest at 100; all equal at `whenFlat`. */
export function normalized(raw: readonly number[], direction: 'more is better' | 'less is better'): readonly number[] {
  const max = Math.max(0, ...raw);
  if (max === 0) return raw.map(() => scoreMax * (direction === 'more is better' ? 0 : 1));
  return raw.map((value) => (direction === 'more is better' ? (scoreMax * value) / max : scoreMax - (scoreMax * value) / max));
}
