/**
 * Pods of one kind are spread over domains: as a rule (`DoNotSchedule`) and as a preference (`ScheduleAnyway`). Pods of a
 * workload without constraints of their own prefer to be spread over hosts and zones. Source: plugins/podtopologyspread.
 */
import { deepEqual } from '../../kube/equality.ts';
import type { Node, Pod, TopologySpreadConstraint } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { matchesNodeAffinity } from '../../kube/node-selector.ts';
import { isTerminating, labelsOf, namespaceOf } from '../../kube/object.ts';
import { type ClusterState, type Domains, inNamespace, noDomain, type NodeCounts } from '../cluster-state.ts';
import type { PluginArguments } from '../configuration/configuration.ts';
import type { NodeState } from '../node-state.ts';
import type { DefaultSelector } from '../default-selector.ts';
import { refused, scoreMax, type FilterPlugin, type NodeFilter, type ScorePlugin } from './plugin.ts';
import type { QueueingHints } from './queueing-hints.ts';
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

/** Whether pods on the node are counted at all. */
function isEligible(pod: Pod, { node }: NodeState, { honoursAffinity, honoursTaints }: Constraint): boolean {
  if (honoursAffinity && !matchesNodeAffinity(pod.spec, node)) return false;
  return !honoursTaints || !isKeptOut(pod, node.spec?.taints ?? []);
}

/** The pods of each domain that one constraint is about. */
class SpreadCounts {
  readonly constraint: Constraint;
  readonly domains: Domains;
  /** By the node's index, whether its pods count. */
  private readonly eligible: Uint8Array;
  /** Pods by domain, of nodes that count. */
  readonly pods: Int32Array;
  /** Domains with a node that counts. */
  private readonly known: readonly number[];
  /** Undefined: it is to be found again. */
  private smallest: number | undefined;

  /** `keys`: labels that a node must have to count. */
  constructor(pod: Pod, constraint: Constraint, keys: readonly string[], cluster: ClusterState) {
    this.constraint = constraint;
    this.domains = cluster.domainsOf(constraint.topologyKey);
    const required = keys.map((key) => cluster.domainsOf(key));
    const { of } = this.domains;
    const counts = countsFor(pod, constraint, cluster);
    this.pods = new Int32Array(this.domains.count);
    this.eligible = Uint8Array.from(cluster.nodes, (node) => {
      const hasKeys = of[node.index] !== noDomain && required.every((one) => one.of[node.index] !== noDomain);
      return hasKeys && isEligible(pod, node, constraint) ? 1 : 0;
    });
    const known = new Set<number>();
    for (const { index } of cluster.nodes) {
      const domain = of[index] ?? noDomain;
      if (this.eligible[index] !== 1) continue;
      known.add(domain);
      this.pods[domain] = (this.pods[domain] ?? 0) + (counts[index] ?? 0);
    }
    this.known = [...known];
  }

  at({ index }: NodeState): number | undefined {
    const domain = this.domains.of[index] ?? noDomain;
    return domain === noDomain ? undefined : (this.pods[domain] ?? 0);
  }

  /** Too few domains: those that are missing have none. */
  get least(): number {
    if (this.known.length < this.constraint.minDomains) return 0;
    return (this.smallest ??= this.known.reduce((least, domain) => Math.min(least, this.pods[domain] ?? 0), Infinity));
  }

  podChanged(pod: Pod, { index }: NodeState, sign: 1 | -1): void {
    if (this.eligible[index] !== 1 || isTerminating(pod) || !this.constraint.matches(pod)) return;
    const domain = this.domains.of[index] ?? noDomain;
    this.pods[domain] = (this.pods[domain] ?? 0) + sign;
    this.smallest = undefined;
  }
}

const keysOf = (constraints: readonly Constraint[]): readonly string[] => constraints.map(({ topologyKey }) => topologyKey);

const pluginName = 'PodTopologySpread';
const noLabel = refused(pluginName, "node(s) didn't match pod topology spread constraints (missing required label)", false);
const tooUneven = refused(pluginName, "node(s) didn't match pod topology spread constraints", true);

class SpreadFilter implements NodeFilter {
  private readonly namespace: string;
  private readonly rules: readonly { readonly counts: SpreadCounts; readonly own: number }[];

  constructor(pod: Pod, constraints: readonly Constraint[], cluster: ClusterState) {
    this.namespace = namespaceOf(pod);
    this.rules = constraints.map((constraint) => ({
      counts: new SpreadCounts(pod, constraint, keysOf(constraints), cluster),
      own: constraint.matches(pod) ? 1 : 0,
    }));
  }

  refusal(node: NodeState): ReturnType<NodeFilter['refusal']> {
    for (const { counts, own } of this.rules) {
      const here = counts.at(node);
      if (here === undefined) return noLabel;
      if (here + own - counts.least > counts.constraint.maxSkew) return tooUneven;
    }
    return undefined;
  }

  podChanged(other: Pod, node: NodeState, sign: 1 | -1): void {
    if (namespaceOf(other) !== this.namespace) return;
    for (const { counts } of this.rules) counts.podChanged(other, node, sign);
  }
}

type Arguments = PluginArguments['PodTopologySpread'];

export interface SpreadOptions {
  readonly args: Arguments;
  readonly selectorOf: DefaultSelector;
}

const spreadHints = (options: SpreadOptions): QueueingHints => ({
  placedPod(waiting, { before, after }) {
    if (namespaceOf(waiting) !== namespaceOf(after ?? before ?? waiting)) return false;
    const isCounted = ({ matches }: Constraint, pod: Pod | undefined): boolean => pod !== undefined && matches(pod);
    return constraintsOf(waiting, 'DoNotSchedule', options).some((one) => isCounted(one, before) !== isCounted(one, after));
  },
  node(waiting, { before, after }) {
    const keys = constraintsOf(waiting, 'DoNotSchedule', options).map(({ topologyKey }) => topologyKey);
    const places = (node: Node | undefined): readonly string[] =>
      node === undefined ? [] : keys.flatMap((key) => labelsOf(node)[key] ?? []);
    const [was, is] = [places(before), places(after)];
    if (was.length < keys.length && is.length < keys.length) return false;
    return !deepEqual(was, is) || !deepEqual(before?.spec?.taints, after?.spec?.taints);
  },
});

export const topologySpreadFilter = (options: SpreadOptions): FilterPlugin => ({
  name: pluginName,
  hints: spreadHints(options),
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

/** Companions of one soft constraint; hosts count their own pods, other domains those of all their nodes. */
interface SoftConstraint {
  readonly constraint: Constraint;
  readonly domains: Domains;
  /** By the node's index; the cluster's state keeps the counts. */
  readonly counts: NodeCounts;
  /** By the node's index, whether its pods count for its domain. */
  readonly eligible: Uint8Array;
}

function softConstraintOf(pod: Pod, constraint: Constraint, keys: readonly string[], cluster: ClusterState): SoftConstraint {
  const required = keys.map((key) => cluster.domainsOf(key));
  const eligible = Uint8Array.from(cluster.nodes, (node) =>
    required.every(({ of }) => of[node.index] !== noDomain) && isEligible(pod, node, constraint) ? 1 : 0,
  );
  return { constraint, domains: cluster.domainsOf(constraint.topologyKey), counts: countsFor(pod, constraint, cluster), eligible };
}

/** Pods by domain, nodes without the label together in the last place. */
function domainSums({ domains, counts, eligible }: SoftConstraint): Int32Array {
  const sums = new Int32Array(domains.count + 1);
  for (const [index, count] of counts.entries()) {
    if (count === 0 || eligible[index] !== 1) continue;
    const domain = placeOf(domains, index);
    sums[domain] = (sums[domain] ?? 0) + count;
  }
  return sums;
}

const placeOf = ({ of, count }: Domains, index: number): number => (of[index] === noDomain ? count : (of[index] ?? count));

/** Adds to each node's sum what its companions by one soft constraint cost it. */
function addCosts(soft: SoftConstraint, compared: readonly NodeState[], costs: Map<NodeState, number>): void {
  const { constraint, domains, counts } = soft;
  const isHost = constraint.topologyKey === hostname;
  const sums = isHost ? undefined : domainSums(soft);
  const size = isHost ? compared.length : new Set(compared.map(({ index }) => placeOf(domains, index))).size;
  const weight = Math.log(size + 2);
  for (const node of compared) {
    const domain = domains.of[node.index] ?? noDomain;
    if (domain === noDomain) continue;
    const companions = (sums === undefined ? counts[node.index] : sums[domain]) ?? 0;
    costs.set(node, (costs.get(node) ?? 0) + companions * weight + (constraint.maxSkew - 1));
  }
}

/** 100 for the node with the fewest companions; 0 for nodes that cannot be compared. */
function scaled(nodes: readonly NodeState[], costs: ReadonlyMap<NodeState, number>): readonly number[] {
  let [least, most] = [Infinity, 0];
  for (const cost of costs.values()) [least, most] = [Math.min(least, Math.round(cost)), Math.max(most, Math.round(cost))];
  return nodes.map((node) => {
    const cost = costs.get(node);
    if (cost === undefined) return 0;
    return most === 0 ? scoreMax : Math.trunc((scoreMax * (most + least - Math.round(cost))) / most);
  });
}

export const topologySpreadScore = (options: SpreadOptions, weight: number): ScorePlugin => ({
  name: pluginName,
  weight,
  prepare(pod, cluster) {
    const constraints = constraintsOf(pod, 'ScheduleAnyway', options);
    if (constraints.length === 0) return undefined;
    // A node may lack the labels of the constraints that every cluster has by default.
    const isOwn = (pod.spec.topologySpreadConstraints ?? []).length > 0 || options.args.defaultingType === 'List';
    const keys = isOwn ? keysOf(constraints) : [];
    const required = keys.map((key) => cluster.domainsOf(key));
    const softConstraints = constraints.map((constraint) => softConstraintOf(pod, constraint, keys, cluster));
    return {
      by: 'cluster',
      of(nodes) {
        const compared = nodes.filter(({ index }) => required.every(({ of }) => of[index] !== noDomain));
        const costs = new Map(compared.map((node) => [node, 0]));
        for (const soft of softConstraints) addCosts(soft, compared, costs);
        return scaled(nodes, costs);
      },
    };
  },
});
