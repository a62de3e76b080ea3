/** Where one pod goes: filter the nodes, score what is left, take the best. Pure but for the dice that break ties. */
import type { Pod } from '../kube/generated/types.ts';
import type { NodeState } from './node-state.ts';
import type { FilterPlugin, ScorePlugin } from './plugins/plugin.ts';

export interface SchedulerProfile {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
}

/** Why nodes were ruled out. */
export interface Rejection {
  readonly reasons: readonly string[];
  readonly resolvable: boolean;
}

export type Placement =
  | { readonly outcome: 'fits'; readonly node: NodeState }
  /** One rejection a node. */
  | { readonly outcome: 'unschedulable'; readonly rejections: readonly Rejection[] };

function rejectionOf(pod: Pod, node: NodeState, filters: readonly FilterPlugin[]): Rejection | undefined {
  for (const plugin of filters) {
    const reasons = plugin.filter(pod, node);
    if (reasons.length > 0) return { reasons, resolvable: plugin.resolvable(pod, node) };
  }
  return undefined;
}

function best(pod: Pod, nodes: readonly NodeState[], scores: readonly ScorePlugin[], random: () => number): NodeState | undefined {
  const totals = nodes.map(() => 0);
  for (const plugin of scores) {
    plugin.score(pod, nodes).forEach((score, index) => {
      totals[index] = (totals[index] ?? 0) + plugin.weight * score;
    });
  }
  const top = Math.max(...totals);
  const winners = nodes.filter((_, index) => totals[index] === top);
  return winners[Math.floor(random() * winners.length)];
}

export function schedulePod(pod: Pod, nodes: readonly NodeState[], profile: SchedulerProfile, random: () => number): Placement {
  const feasible: NodeState[] = [];
  const rejections: Rejection[] = [];
  for (const node of nodes) {
    const rejection = rejectionOf(pod, node, profile.filters);
    if (rejection === undefined) feasible.push(node);
    else rejections.push(rejection);
  }
  const node = feasible.length === 0 ? undefined : best(pod, feasible, profile.scores, random);
  return node === undefined ? { outcome: 'unschedulable', rejections } : { outcome: 'fits', node };
}
