/** Room for what a pod asks for, and a liking for nodes with much of it left, evenly. Source: plugins/noderesources. */
import type { Node, Pod } from '../../kube/generated/types.ts';
import type { PluginArguments, ScoringStrategy, ShapePoint } from '../configuration/configuration.ts';
import { allocatableOf, type NodeState } from '../node-state.ts';
import { demandOf, type PodDemand } from '../pod-demand.ts';
import { scoreMax, type FilterPlugin, type Refusal, type ScorePlugin } from './plugin.ts';

type FitArguments = PluginArguments['NodeResourcesFit'];

const pluginName = 'NodeResourcesFit';

function isIgnored(resource: string, { ignoredResources, ignoredResourceGroups }: FitArguments): boolean {
  const slash = resource.indexOf('/');
  if (slash < 0) return false;
  return ignoredResources.includes(resource) || ignoredResourceGroups.includes(resource.slice(0, slash));
}

/** Equal refusals of nodes are one object. So they are counted without comparing their words. */
class Shortages {
  private readonly known = new Map<string, Refusal>();

  of(reasons: readonly string[], isResolvable: boolean): Refusal {
    const key = `${isResolvable} ${reasons.join()}`;
    const before = this.known.get(key);
    if (before !== undefined) return before;
    const refusal = { plugin: pluginName, reasons, isResolvable };
    this.known.set(key, refusal);
    return refusal;
  }
}

function shortage(
  amounts: ReadonlyMap<string, number>,
  { allocatable, requested, pods }: NodeState,
  known: Shortages,
): Refusal | undefined {
  let isResolvable = true;
  const reasons = pods.size + 1 > (allocatable.get('pods') ?? 0) ? ['Too many pods'] : [];
  for (const [resource, amount] of amounts) {
    const total = allocatable.get(resource) ?? 0;
    if (amount <= total - (requested.get(resource) ?? 0)) continue;
    reasons.push(`Insufficient ${resource}`);
    // A pod that asks for more than the whole node has would not fit on an empty one.
    if (amount > total) isResolvable = false;
  }
  return reasons.length === 0 ? undefined : known.of(reasons, isResolvable);
}

type Amounts = ReadonlyMap<string, number>;

function countedAmounts(pod: Pod, args: FitArguments): Amounts {
  const { amounts } = demandOf(pod);
  const hasIgnored = args.ignoredResources.length + args.ignoredResourceGroups.length > 0;
  return hasIgnored ? new Map([...amounts].filter(([resource]) => !isIgnored(resource, args))) : amounts;
}

/** The pod fits on the empty node, which came or offers more than before of what the pod asks for. */
function hasRoomNow(amounts: Amounts, before: Node | undefined, after: Node): boolean {
  const offered = allocatableOf(after);
  if ((offered.get('pods') ?? 0) < 1 || [...amounts].some(([name, amount]) => amount > (offered.get(name) ?? 0))) return false;
  if (before === undefined) return true;
  const earlier = allocatableOf(before);
  return ['pods', ...amounts.keys()].some((name) => (offered.get(name) ?? 0) > (earlier.get(name) ?? 0));
}

const asksLess = (amounts: Amounts, before: PodDemand, after: PodDemand): boolean =>
  [...amounts.keys()].some((name) => (after.amounts.get(name) ?? 0) < (before.amounts.get(name) ?? 0));

export const nodeResourcesFit = (args: FitArguments): FilterPlugin => ({
  name: pluginName,
  hints: {
    node: (pod, { before, after }) => after !== undefined && hasRoomNow(countedAmounts(pod, args), before, after),
    placedPod: (pod, { before, after }) =>
      before !== undefined && (after === undefined || asksLess(countedAmounts(pod, args), demandOf(before), demandOf(after))),
  },
  prepare(pod) {
    const amounts = countedAmounts(pod, args);
    const known = new Shortages();
    return { refusal: (node) => shortage(amounts, node, known) };
  },
});

/** Pods that ask for none count a little. */
const isAssumed = (resource: string): resource is 'cpu' | 'memory' => resource === 'cpu' || resource === 'memory';

/** What would be taken of the node's. Undefined: the resource does not count there, or not for this pod. */
function usage(resource: string, demand: PodDemand, { allocatable, assumed, requested }: NodeState): Usage | undefined {
  const total = allocatable.get(resource) ?? 0;
  if (total === 0) return undefined;
  if (isAssumed(resource)) return { taken: assumed[resource] + demand.assumed[resource], total };
  const asked = demand.amounts.get(resource) ?? 0;
  if (asked === 0 && resource.includes('/')) return undefined;
  return { taken: (requested.get(resource) ?? 0) + asked, total };
}

interface Usage {
  readonly taken: number;
  readonly total: number;
}

/** Between two points the score is on the line between them. */
function onShape(shape: readonly ShapePoint[], utilization: number): number {
  const scale = scoreMax / shapeScoreMax;
  for (const [index, { utilization: end, score }] of shape.entries()) {
    if (utilization > end) continue;
    const before = shape[index - 1];
    if (before === undefined) return score * scale;
    const steps = ((score - before.score) * scale * (utilization - before.utilization)) / (end - before.utilization);
    return before.score * scale + Math.trunc(steps);
  }
  return (shape.at(-1)?.score ?? 0) * scale;
}

const shapeScoreMax = 10;

const shareScores: Readonly<Record<ScoringStrategy['type'], (usage: Usage, shape: readonly ShapePoint[]) => number>> = {
  LeastAllocated: ({ taken, total }) => (taken > total ? 0 : Math.trunc(((total - taken) * scoreMax) / total)),
  MostAllocated: ({ taken, total }) => Math.trunc((Math.min(taken, total) * scoreMax) / total),
  RequestedToCapacityRatio: ({ taken, total }, shape) => onShape(shape, taken > total ? 100 : Math.trunc((taken * 100) / total)),
};

function strategyScore({ type, resources, requestedToCapacityRatio }: ScoringStrategy, demand: PodDemand, node: NodeState): number {
  let [sum, weights] = [0, 0];
  for (const { name, weight } of resources) {
    const used = usage(name, demand, node);
    if (used === undefined) continue;
    const score = shareScores[type](used, requestedToCapacityRatio?.shape ?? []);
    if (type === 'RequestedToCapacityRatio' && score <= 0) continue;
    sum += score * weight;
    weights += weight;
  }
  if (weights === 0) return 0;
  return type === 'RequestedToCapacityRatio' ? Math.round(sum / weights) : Math.trunc(sum / weights);
}

export const resourcesScore = ({ scoringStrategy }: FitArguments, weight: number): ScorePlugin => ({
  name: pluginName,
  weight,
  prepare(pod) {
    const demand = demandOf(pod);
    return { by: 'node', of: (node) => strategyScore(scoringStrategy, demand, node) };
  },
});

/** 100 when the same share of each resource is taken. */
function balance(resources: readonly string[], { allocatable, requested }: NodeState, { amounts }: Pick<PodDemand, 'amounts'>): number {
  const shares: number[] = [];
  for (const resource of resources) {
    const total = allocatable.get(resource) ?? 0;
    if (total > 0) shares.push(Math.min(1, ((requested.get(resource) ?? 0) + (amounts.get(resource) ?? 0)) / total));
  }
  return Math.trunc((1 - deviation(shares)) * scoreMax);
}

function deviation(shares: readonly number[]): number {
  const [first = 0, second = 0] = shares;
  if (shares.length === 2) return Math.abs((first - second) / 2);
  if (shares.length < 2) return 0;
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length);
}

const nothing = { amounts: new Map<string, number>() };

/** How much better balanced the node is with the pod than without. */
export function balancedAllocation({ resources }: PluginArguments['NodeResourcesBalancedAllocation'], weight: number): ScorePlugin {
  const names = resources.map(({ name }) => name);
  const half = scoreMax / 2;
  return {
    name: 'NodeResourcesBalancedAllocation',
    weight,
    prepare(pod) {
      const demand = demandOf(pod);
      if (names.every((resource) => (demand.amounts.get(resource) ?? 0) === 0)) return undefined;
      const change = (node: NodeState): number => half + balance(names, node, demand) - balance(names, node, nothing);
      return { by: 'node', of: (node) => half + Math.trunc(change(node) / 2) };
    },
  };
}
