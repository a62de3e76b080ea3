/** Where one pod goes: filter the nodes, score what is left, take the best. Pure but for the draw that breaks ties. */
import type { Pod } from '../kube/generated/types.ts';
import type { ClusterState } from './cluster-state.ts';
import type { NodeState } from './node-state.ts';
import { firstRefusal, type PodClass, type SchedulerProfile } from './pod-class.ts';
import type { NodeFilter, Refusal } from './plugins/plugin.ts';

export type Placement =
  | { readonly outcome: 'fits'; readonly node: NodeState }
  /** One refusal a node, in the nodes' order. `podClass`: what refused, for preemption to try again. */
  | { readonly outcome: 'unschedulable'; readonly refusals: readonly Refusal[]; readonly podClass: PodClass };

/** Puts other pods on a node, or takes them away, in the cluster and in what the filters have counted. */
export function movePods(pods: Iterable<Pod>, node: NodeState, cluster: ClusterState, sign: 1 | -1): void {
  for (const pod of pods) {
    if (sign === 1) cluster.add(pod, node);
    else cluster.remove(pod, node);
  }
}

export interface Trial {
  readonly cluster: ClusterState;
  readonly filters: readonly NodeFilter[];
}

/**
 * Why the pod cannot run on the node, also beside the pods for which room was made there. It must fit with
 * and without them, since they may not come. Source: framework/runtime, RunFilterPluginsWithNominatedPods.
 */
export function refusalOf(pod: Pod, node: NodeState, { cluster, filters }: Trial): Refusal | undefined {
  const expected = cluster.nominations.before(pod, node);
  if (expected.length === 0) return firstRefusal(node, filters);
  const refusal = cluster.trying(node, () => {
    movePods(expected, node, cluster, 1);
    const found = firstRefusal(node, filters);
    movePods(expected, node, cluster, -1);
    return found;
  });
  return refusal ?? firstRefusal(node, filters);
}

/** Fewer are never compared. Source: pkg/scheduler/schedule_one.go, numFeasibleNodesToFind. */
const leastCompared = 100;
const leastPercent = 5;

function comparedNodes(all: number, percentage: number): number {
  if (all < leastCompared) return all;
  const percent = percentage > 0 ? percentage : Math.max(leastPercent, 50 - Math.trunc(all / 125));
  return percent >= 100 ? all : Math.max(leastCompared, Math.trunc((all * percent) / 100));
}

/** One of those with the highest score. */
function best(nodes: readonly NodeState[], podClass: PodClass, random: () => number): NodeState | undefined {
  if (nodes.length <= 1) return nodes[0];
  const totals = podClass.totals(nodes);
  const top = totals.reduce((most, total) => Math.max(most, total), -Infinity);
  const winners = nodes.filter((_, index) => totals[index] === top);
  return winners[Math.floor(random() * winners.length)];
}

export function schedulePod(pod: Pod, cluster: ClusterState, profile: SchedulerProfile, random: () => number): Placement {
  const podClass = cluster.classes.of(pod, profile, cluster);
  const { nominations } = cluster;
  const asked = (node: NodeState): Refusal | undefined => refusalOf(pod, node, { cluster, filters: podClass.filters });
  const nominated = cluster.node(pod.status?.nominatedNodeName ?? '');
  if (nominated !== undefined && asked(nominated) === undefined) return { outcome: 'fits', node: nominated };
  const own = nominations.of(pod);
  // Others of the class see the pod itself among those that are expected there.
  const refusal = (node: NodeState): Refusal | undefined =>
    node.name === own ? asked(node) : podClass.refusalOf(node, !nominations.has(node), asked);
  const known = own === undefined ? podClass.allRefusals(cluster, refusal) : undefined;
  if (known !== undefined) return { outcome: 'unschedulable', refusals: known, podClass };
  const { feasible, refusals } = searched(cluster, podClass, refusal, random);
  const node = best(feasible, podClass, random);
  if (node !== undefined) return { outcome: 'fits', node };
  if (own === undefined) podClass.noteRefusals(refusals, cluster);
  return { outcome: 'unschedulable', refusals, podClass };
}

interface Searched {
  readonly feasible: readonly NodeState[];
  /** The refusals, by the node's index. */
  readonly refusals: Refusal[];
}

/** Asks nodes until enough of them fit. */
function searched(
  { nodes }: ClusterState,
  { percentageOfNodesToScore }: PodClass,
  refusalAt: (node: NodeState) => Refusal | undefined,
  random: () => number,
): Searched {
  const enough = comparedNodes(nodes.length, percentageOfNodesToScore);
  // Another place to begin at each time, so that no node is always passed over.
  const first = enough < nodes.length ? Math.floor(random() * nodes.length) : 0;
  const feasible: NodeState[] = [];
  const refusals: Refusal[] = [];
  for (let step = 0; step < nodes.length && feasible.length < enough; step += 1) {
    const node = nodes[(first + step) % nodes.length];
    if (node === undefined) continue;
    const refusal = refusalAt(node);
    if (refusal === undefined) feasible.push(node);
    else refusals[node.index] = refusal;
  }
  return { feasible, refusals };
}
