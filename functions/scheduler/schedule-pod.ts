/** Where one pod goes: filter the nodes, score what is left, take the best. Pure but for the draw that breaks ties. */
import type { Pod } from '../kube/generated/types.ts';
import type { ClusterState } from './cluster-state.ts';
import type { NodeState } from './node-state.ts';
import { templateOf } from './shared-answers.ts';
import type { FilterPlugin, NodeFilter, Refusal, ScorePlugin } from './plugins/plugin.ts';

export interface SchedulerProfile {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
  /** How many of the nodes that fit are compared, in percent. 0: fewer the more nodes there are, as upstream does. */
  readonly percentageOfNodesToScore?: number;
}

export type Placement =
  | { readonly outcome: 'fits'; readonly node: NodeState }
  /** One refusal a node, in the nodes' order. `filters`: what refused, for preemption to try again. */
  | { readonly outcome: 'unschedulable'; readonly refusals: readonly Refusal[]; readonly filters: readonly NodeFilter[] };

const firstRefusal = (node: NodeState, filters: readonly NodeFilter[]): Refusal | undefined => {
  for (const filter of filters) {
    const refusal = filter.refusal(node);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
};

/** Puts other pods on a node, or takes them away: in the cluster and in what the filters have counted. */
export function movePods(pods: Iterable<Pod>, node: NodeState, { cluster, filters }: Trial, sign: 1 | -1): void {
  for (const pod of pods) {
    if (sign === 1) cluster.add(pod, node);
    else cluster.remove(pod, node);
    for (const filter of filters) filter.podChanged?.(pod, node, sign);
  }
}

export interface Trial {
  readonly cluster: ClusterState;
  readonly filters: readonly NodeFilter[];
}

/**
 * Why the pod cannot run on the node, also when the pods come that wait there for room made for them. It must fit with
 * and without them, since they may not come. Source: framework/runtime, RunFilterPluginsWithNominatedPods.
 */
export function refusalOf(pod: Pod, node: NodeState, trial: Trial): Refusal | undefined {
  const expected = trial.cluster.nominatedBefore(pod, node);
  if (expected.length === 0) return firstRefusal(node, trial.filters);
  const { version } = node;
  movePods(expected, node, trial, 1);
  const refusal = firstRefusal(node, trial.filters);
  movePods(expected, node, trial, -1);
  node.version = version;
  return refusal ?? firstRefusal(node, trial.filters);
}

/** Fewer are never compared. Source: pkg/scheduler/schedule_one.go, numFeasibleNodesToFind. */
const leastCompared = 100;
const leastPercent = 5;

function comparedNodes(all: number, percentage: number): number {
  if (all < leastCompared) return all;
  const percent = percentage > 0 ? percentage : Math.max(leastPercent, 50 - Math.trunc(all / 125));
  return percent >= 100 ? all : Math.max(leastCompared, Math.trunc((all * percent) / 100));
}

function best(pod: Pod, nodes: readonly NodeState[], { scores, cluster, random }: Search): NodeState | undefined {
  if (nodes.length === 1) return nodes[0];
  const totals = nodes.map(() => 0);
  for (const plugin of scores) {
    const found = plugin.score(pod, nodes, cluster);
    found?.forEach((score, index) => {
      totals[index] = (totals[index] ?? 0) + plugin.weight * score;
    });
  }
  const top = totals.reduce((most, total) => Math.max(most, total), -Infinity);
  const winners = nodes.filter((_, index) => totals[index] === top);
  return winners[Math.floor(random() * winners.length)];
}

interface Search {
  readonly scores: readonly ScorePlugin[];
  readonly cluster: ClusterState;
  readonly random: () => number;
}

export function schedulePod(pod: Pod, cluster: ClusterState, profile: SchedulerProfile, random: () => number): Placement {
  const filters = profile.filters.flatMap((plugin) => plugin.prepare(pod, cluster) ?? []);
  const trial = { cluster, filters };
  const nominated = cluster.node(pod.status?.nominatedNodeName ?? '');
  if (nominated !== undefined && refusalOf(pod, nominated, trial) === undefined) return { outcome: 'fits', node: nominated };
  const { nodes } = cluster;
  const ask = cluster.refusals.asking(templateOf(pod, filters));
  const enough = comparedNodes(nodes.length, profile.percentageOfNodesToScore ?? 0);
  // Another place to begin at each time, so that no node is always passed over.
  const first = enough < nodes.length ? Math.floor(random() * nodes.length) : 0;
  const feasible: NodeState[] = [];
  const refusals: Refusal[] = [];
  for (let step = 0; step < nodes.length && feasible.length < enough; step += 1) {
    const node = nodes[(first + step) % nodes.length];
    if (node === undefined) continue;
    const refusal = ask(node, () => refusalOf(pod, node, trial));
    if (refusal === undefined) feasible.push(node);
    else refusals[node.index] = refusal;
  }
  const node = best(pod, feasible, { scores: profile.scores, cluster, random });
  return node === undefined ? { outcome: 'unschedulable', refusals, filters } : { outcome: 'fits', node };
}
