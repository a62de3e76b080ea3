/**
 * Pods of one kind are spread over domains: as a rule (`DoNotSchedule`) and as a wish (`ScheduleAnyway`). Pods of a
 * workload without constraints of their own wish to be spread over hosts and zones. Source: plugins/podtopologyspread.
 */
import type { Pod, TopologySpreadConstraint } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { matchesNodeAffinity } from '../../kube/node-selector.ts';
import { isTerminating, labelsOf, namespaceOf } from '../../kube/object.ts';
import { type ClusterState, domainOf, inNamespace, type NodeCounts } from '../cluster-state.ts';
import type { PluginArguments } from '../configuration/configuration.ts';
import type { NodeState } from '../node-state.ts';
import type { DefaultSelector } from '../default-selector.ts';
import { refused, scoreMax, type FilterPlugin, type NodeFilter, type ScorePlugin } from './plugin.ts';
import { isKeptOut } from './taint-toleration.ts';

interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly honoursAffinity: boolean;
  readonly honoursTaints: boolean;
  readonly signature: string;
  matches(pod: Pod): boolean;
}

const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

function constraintOf(pod: Pod, written: TopologySpreadConstraint): Constraint {
  const { topologyKey, maxSkew, minDomains, labelSelector, matchLabelKeys = [], nodeAffinityPolicy, nodeTaintsPolicy } = written;
  const own = labelsOf(pod);
  const keys = matchLabelKeys.filter((key) => own[key] !== undefined);
  const selector = requirementsOf(labelSelector);
  return {
    topologyKey,
    maxSkew,
    minDomains: minDomains ?? 1,
    honoursAffinity: nodeAffinityPolicy !== 'Ignore',
    honoursTaints: nodeTaintsPolicy === 'Honor',
    signature: JSON.stringify([namespaceOf(pod), labelSelector, keys.map((key) => [key, own[key]])]),
    matches: (other) => matchesLabels(selector, labelsOf(other)) && keys.every((key) => labelsOf(other)[key] === own[key]),
  };
}

const ownConstraints = (pod: Pod, whenUnsatisfiable: string): readonly Constraint[] =>
  (pod.spec.topologySpreadConstraints ?? [])
    .filter((written) => written.whenUnsatisfiable === whenUnsatisfiable)
    .map((written) => constraintOf(pod, written));

const countsFor = (pod: Pod, constraint: Constraint, cluster: ClusterState): NodeCounts =>
  cluster.countsOf(
    `spread ${constraint.signature}`,
    inNamespace(namespaceOf(pod), (other) => !isTerminating(other) && constraint.matches(other)),
  );

const hasAllKeys = (node: NodeState, constraints: readonly Constraint[]): boolean =>
  constraints.every(({ topologyKey }) => domainOf(node, topologyKey) !== undefined);

/** Whether pods on the node are counted at all. */
function isEligible(pod: Pod, { node }: NodeState, { honoursAffinity, honoursTaints }: Constraint): boolean {
  if (honoursAffinity && !matchesNodeAffinity(pod.spec, node)) return false;
  return !honoursTaints || !isKeptOut(pod, node.spec?.taints ?? []);
}

/** The pods of each domain; a domain without one counts 0. */
function domainCounts(
  pod: Pod,
  constraint: Constraint,
  { cluster, all }: { cluster: ClusterState; all: readonly Constraint[] },
): Map<string, number> {
  const counts = countsFor(pod, constraint, cluster);
  const sums = new Map<string, number>();
  for (const node of cluster.nodes) {
    if (!hasAllKeys(node, all) || !isEligible(pod, node, constraint)) continue;
    const domain = domainOf(node, constraint.topologyKey) ?? '';
    sums.set(domain, (sums.get(domain) ?? 0) + (counts[node.index] ?? 0));
  }
  return sums;
}

const noLabel = refused("node(s) didn't match pod topology spread constraints (missing required label)", false);
const tooUneven = refused("node(s) didn't match pod topology spread constraints", true);

class SpreadFilter implements NodeFilter {
  private readonly pod: Pod;
  private readonly rules: readonly { readonly constraint: Constraint; readonly counts: Map<string, number>; readonly own: number }[];
  private readonly constraints: readonly Constraint[];
  /** Smallest count of each rule; undefined: it is to be found again. */
  private readonly smallest: (number | undefined)[];

  constructor(pod: Pod, constraints: readonly Constraint[], cluster: ClusterState) {
    this.pod = pod;
    this.constraints = constraints;
    this.rules = constraints.map((constraint) => ({
      constraint,
      counts: domainCounts(pod, constraint, { cluster, all: constraints }),
      own: constraint.matches(pod) ? 1 : 0,
    }));
    this.smallest = constraints.map(() => undefined);
  }

  refusal(node: NodeState): ReturnType<NodeFilter['refusal']> {
    for (const [index, { constraint, counts, own }] of this.rules.entries()) {
      const domain = domainOf(node, constraint.topologyKey);
      if (domain === undefined) return noLabel;
      if ((counts.get(domain) ?? 0) + own - this.smallestOf(index) > constraint.maxSkew) return tooUneven;
    }
    return undefined;
  }

  podChanged(other: Pod, node: NodeState, sign: 1 | -1): void {
    if (namespaceOf(other) !== namespaceOf(this.pod) || !hasAllKeys(node, this.constraints)) return;
    for (const [index, { constraint, counts }] of this.rules.entries()) {
      if (!constraint.matches(other) || isTerminating(other) || !isEligible(this.pod, node, constraint)) continue;
      const domain = domainOf(node, constraint.topologyKey) ?? '';
      counts.set(domain, (counts.get(domain) ?? 0) + sign);
      this.smallest[index] = undefined;
    }
  }

  private smallestOf(index: number): number {
    const known = this.smallest[index];
    if (known !== undefined) return known;
    const rule = this.rules[index];
    // Too few domains: those that are missing have none.
    const isShort = rule === undefined || rule.counts.size < rule.constraint.minDomains;
    const found = isShort ? 0 : minimum(rule.counts.values());
    this.smallest[index] = found;
    return found;
  }
}

function minimum(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) least = Math.min(least, value);
  return least;
}

type Arguments = PluginArguments['PodTopologySpread'];

export interface SpreadOptions {
  readonly args: Arguments;
  readonly selectorOf: DefaultSelector;
}

export const topologySpreadFilter = (options: SpreadOptions): FilterPlugin => ({
  name: 'PodTopologySpread',
  prepare(pod, cluster) {
    const constraints = constraintsOf(pod, 'DoNotSchedule', options);
    return constraints.length === 0 ? undefined : new SpreadFilter(pod, constraints, cluster);
  },
});

/** What upstream spreads pods by that have no constraints, where their workload is known. */
const systemConstraints: readonly TopologySpreadConstraint[] = [
  { topologyKey: hostname, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: zone, whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

/** Its own, or for a pod without any those that the profile has for the pods of its workload. */
function constraintsOf(pod: Pod, whenUnsatisfiable: string, { args, selectorOf }: SpreadOptions): readonly Constraint[] {
  if ((pod.spec.topologySpreadConstraints ?? []).length > 0) return ownConstraints(pod, whenUnsatisfiable);
  const defaults = args.defaultingType === 'System' ? systemConstraints : args.defaultConstraints;
  const meant = defaults.filter((written) => written.whenUnsatisfiable === whenUnsatisfiable);
  if (meant.length === 0) return [];
  const selector = selectorOf(pod);
  if (selector.length === 0) return [];
  return meant.map((written) => ({
    ...constraintOf(pod, written),
    signature: JSON.stringify([namespaceOf(pod), selector]),
    matches: (other: Pod) => matchesLabels(selector, labelsOf(other)),
  }));
}

/** What each node counts by one wish; hosts count their own pods, other domains those of all their nodes. */
function wishCounts(
  pod: Pod,
  wish: Constraint,
  { nodes, cluster, all }: Candidates,
): { readonly of: (node: NodeState) => number; readonly size: number } {
  const counts = countsFor(pod, wish, cluster);
  if (wish.topologyKey === hostname) return { of: ({ index }) => counts[index] ?? 0, size: nodes.length };
  const sums = new Map<string, number>();
  for (const node of nodes) sums.set(domainOf(node, wish.topologyKey) ?? '', 0);
  for (const node of cluster.nodes) {
    const domain = domainOf(node, wish.topologyKey) ?? '';
    const sum = sums.get(domain);
    if (sum === undefined || !hasAllKeys(node, all) || !isEligible(pod, node, wish)) continue;
    sums.set(domain, sum + (counts[node.index] ?? 0));
  }
  return { of: (node) => sums.get(domainOf(node, wish.topologyKey) ?? '') ?? 0, size: sums.size };
}

interface Candidates {
  /** Those that can be compared. */
  readonly nodes: readonly NodeState[];
  readonly cluster: ClusterState;
  /** Constraints whose labels a node must have to be compared. */
  readonly all: readonly Constraint[];
}

const ignored = -1;

/** 100 for the node with the fewest companions; 0 for nodes that cannot be compared. */
function scaled(raw: readonly number[]): readonly number[] {
  const compared = raw.filter((score) => score !== ignored);
  const [least, most] = [minimum(compared), Math.max(0, ...compared)];
  return raw.map((score) => {
    if (score === ignored) return 0;
    return most === 0 ? scoreMax : Math.trunc((scoreMax * (most + least - score)) / most);
  });
}

export const topologySpreadScore = (options: SpreadOptions, weight: number): ScorePlugin => ({
  name: 'PodTopologySpread',
  weight,
  score(pod, nodes, cluster) {
    const constraints = constraintsOf(pod, 'ScheduleAnyway', options);
    if (constraints.length === 0) return undefined;
    // Of those that every cluster has by default, a node may lack the labels.
    const isOwn = (pod.spec.topologySpreadConstraints ?? []).length > 0 || options.args.defaultingType === 'List';
    const all = isOwn ? constraints : [];
    const candidates = { nodes: nodes.filter((node) => hasAllKeys(node, all)), cluster, all };
    const counted = constraints.map((wish) => ({ wish, ...wishCounts(pod, wish, candidates) }));
    const raw = nodes.map((node) => {
      if (!hasAllKeys(node, all)) return ignored;
      let score = 0;
      for (const { wish, of, size } of counted)
        if (domainOf(node, wish.topologyKey) !== undefined) score += of(node) * Math.log(size + 2) + (wish.maxSkew - 1);
      return Math.round(score);
    });
    return scaled(raw);
  },
});
