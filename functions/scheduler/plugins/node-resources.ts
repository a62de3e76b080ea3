/** Room for what a pod asks for, and a liking for nodes with much of it left, evenly. Source: plugins/noderesources. */
import type { NodeState } from '../node-state.ts';
import { demandOf, type PodDemand } from '../pod-demand.ts';
import { scoreMax, type FilterPlugin, type Refusal, type ScorePlugin } from './plugin.ts';

function shortage({ amounts }: PodDemand, { allocatable, requested, pods }: NodeState): Refusal | undefined {
  let isResolvable = true;
  const reasons = pods.size + 1 > (allocatable.get('pods') ?? 0) ? ['Too many pods'] : [];
  for (const [resource, amount] of amounts) {
    const total = allocatable.get(resource) ?? 0;
    if (amount <= total - (requested.get(resource) ?? 0)) continue;
    reasons.push(`Insufficient ${resource}`);
    // A pod that asks for more than the whole node has would not fit on an empty one.
    if (amount > total) isResolvable = false;
  }
  return reasons.length === 0 ? undefined : { reasons, isResolvable };
}

export const nodeResourcesFit: FilterPlugin = {
  name: 'NodeResourcesFit',
  prepare(pod) {
    const demand = demandOf(pod);
    return { refusal: (node) => shortage(demand, node) };
  },
};

const compared = ['cpu', 'memory'] as const;

/** The share that is left of one resource, in percent. */
const leftOf = (requested: number, total: number): number => (requested > total ? 0 : Math.trunc(((total - requested) * scoreMax) / total));

function leastAllocatedScore({ assumed: own }: PodDemand, { allocatable, assumed }: NodeState): number {
  let [sum, counted] = [0, 0];
  for (const resource of compared) {
    const total = allocatable.get(resource) ?? 0;
    if (total === 0) continue;
    sum += leftOf(assumed[resource] + own[resource], total);
    counted += 1;
  }
  return counted === 0 ? 0 : Math.trunc(sum / counted);
}

export const leastAllocated: ScorePlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  score(pod, nodes) {
    const demand = demandOf(pod);
    return nodes.map((node) => leastAllocatedScore(demand, node));
  },
};

/** 100 when the same share of cpu and memory is taken. */
function balance({ allocatable, requested }: NodeState, { amounts }: Pick<PodDemand, 'amounts'>): number {
  const shares: number[] = [];
  for (const resource of compared) {
    const total = allocatable.get(resource) ?? 0;
    if (total > 0) shares.push(Math.min(1, ((requested.get(resource) ?? 0) + (amounts.get(resource) ?? 0)) / total));
  }
  const [cpu = 0, memory = 0] = shares;
  return Math.trunc((1 - (shares.length === 2 ? Math.abs((cpu - memory) / 2) : 0)) * scoreMax);
}

const nothing = { amounts: new Map<string, number>() };

/** How much better balanced the node is with the pod than without. */
export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score(pod, nodes) {
    const demand = demandOf(pod);
    if (compared.every((resource) => (demand.amounts.get(resource) ?? 0) === 0)) return undefined;
    const half = scoreMax / 2;
    return nodes.map((node) => half + Math.trunc((half + balance(node, demand) - balance(node, nothing)) / 2));
  },
};
