/**
 * Pods of one template are placed by the same questions: filters and scores are prepared once for all of them. What a node
 * answered holds until something changes there; filters that read more than the node follow every pod that comes or goes.
 */
import type { Pod } from '../kube/generated/types.ts';
import { labelsOf, namespaceOf } from '../kube/object.ts';
import { controllerOf } from '../kube/owners.ts';
import type { ClusterState } from './cluster-state.ts';
import type { NodeState } from './node-state.ts';
import { demandOf } from './pod-demand.ts';
import type { Preempted } from './preemption.ts';
import { type Direction, type FilterPlugin, type NodeFilter, normalized, type Refusal, type ScorePlugin } from './plugins/plugin.ts';

export interface SchedulerProfile {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
  /** How many of the nodes that fit are compared, in percent. 0: fewer the more nodes there are, as upstream does. */
  readonly percentageOfNodesToScore?: number;
}

/** What nodes answered, by the node's index, each as of a version of the node. */
class Kept<T> {
  private readonly versions: Int32Array;
  private readonly answers: T[] = [];

  constructor(nodeCount: number) {
    this.versions = new Int32Array(nodeCount).fill(-1);
  }

  has({ index, version }: NodeState): boolean {
    return this.versions[index] === version;
  }

  get({ index }: NodeState): T {
    return this.answers[index] as T;
  }

  set({ index, version }: NodeState, answer: T): T {
    this.versions[index] = version;
    this.answers[index] = answer;
    return answer;
  }
}

export function firstRefusal(node: NodeState, filters: readonly NodeFilter[]): Refusal | undefined {
  for (const filter of filters) {
    const refusal = filter.refusal(node);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

interface Weighed<T> {
  readonly weight: number;
  readonly of: T;
}

interface Comparison extends Weighed<(node: NodeState) => number> {
  readonly direction: Direction;
  readonly kept: Kept<number>;
}

/** The scores of the pods of a class. */
class Scores {
  private readonly own: readonly Weighed<(node: NodeState) => number>[];
  private readonly comparisons: readonly Comparison[];
  private readonly wide: readonly Weighed<(nodes: readonly NodeState[]) => readonly number[]>[];
  private readonly kept: Kept<number>;

  constructor(pod: Pod, plugins: readonly ScorePlugin[], cluster: ClusterState) {
    const nodeCount = cluster.nodes.length;
    const prepared = plugins.flatMap((plugin) => {
      const score = plugin.prepare(pod, cluster);
      return score === undefined ? [] : [{ ...score, weight: plugin.weight }];
    });
    this.own = prepared.flatMap((score) => (score.by === 'node' ? [score] : []));
    this.comparisons = prepared.flatMap((score) => (score.by === 'comparison' ? [{ ...score, kept: new Kept<number>(nodeCount) }] : []));
    this.wide = prepared.flatMap((score) => (score.by === 'cluster' ? [score] : []));
    this.kept = new Kept(nodeCount);
  }

  totals(nodes: readonly NodeState[]): Float64Array {
    const totals = new Float64Array(nodes.length);
    for (let place = 0; place < nodes.length; place += 1) totals[place] = this.ownOf(nodes[place] as NodeState);
    for (const { weight, direction, of, kept } of this.comparisons) {
      const raw = nodes.map((node) => (kept.has(node) ? kept.get(node) : kept.set(node, of(node))));
      // Where all have none, all get the same.
      if (raw.some((value) => value !== 0)) addTo(totals, normalized(raw, direction), weight);
    }
    for (const { weight, of } of this.wide) addTo(totals, of(nodes), weight);
    return totals;
  }

  private ownOf(node: NodeState): number {
    if (this.kept.has(node)) return this.kept.get(node);
    let sum = 0;
    for (const { weight, of } of this.own) sum += weight * of(node);
    return this.kept.set(node, sum);
  }
}

function addTo(totals: Float64Array, scores: readonly number[], weight: number): void {
  for (const [index, score] of scores.entries()) totals[index] = (totals[index] ?? 0) + weight * score;
}

export class PodClass {
  readonly filters: readonly NodeFilter[];
  readonly percentageOfNodesToScore: number;
  /** Filters that come first and read the node alone. */
  private readonly narrow: readonly NodeFilter[];
  private readonly rest: readonly NodeFilter[];
  private readonly followers: readonly NodeFilter[];
  private readonly refusals: Kept<Refusal | undefined>;
  private readonly victims: Kept<Preempted>;
  private readonly scores: Scores;
  private readonly termCount: number;
  /** Where all nodes refused: what they answered, and how far the cluster had changed by then. */
  private refusedBy: { readonly refusals: Refusal[]; changes: number } | undefined;

  constructor(pod: Pod, { filters, scores, percentageOfNodesToScore = 0 }: SchedulerProfile, cluster: ClusterState) {
    this.filters = filters.flatMap((plugin) => plugin.prepare(pod, cluster) ?? []);
    this.percentageOfNodesToScore = percentageOfNodesToScore;
    const firstWide = this.filters.findIndex(({ podChanged }) => podChanged !== undefined);
    this.narrow = firstWide < 0 ? this.filters : this.filters.slice(0, firstWide);
    this.rest = this.filters.slice(this.narrow.length);
    this.followers = this.rest.filter(({ podChanged }) => podChanged !== undefined);
    this.refusals = new Kept(cluster.nodes.length);
    this.victims = new Kept(cluster.nodes.length);
    this.scores = new Scores(pod, scores, cluster);
    this.termCount = cluster.termCount;
  }

  /** Terms that no placed pod had before concern the class perhaps. */
  isCurrent({ termCount }: ClusterState): boolean {
    return this.termCount === termCount;
  }

  /** Why the node refuses the pod. `answer` is asked where more counts than the filters: other pods are expected there. */
  refusalOf(node: NodeState, isPlain: boolean, answer: (node: NodeState) => Refusal | undefined): Refusal | undefined {
    if (this.rest.length > 0) return isPlain ? (this.narrowRefusal(node) ?? firstRefusal(node, this.rest)) : answer(node);
    return this.refusals.has(node) ? this.refusals.get(node) : this.refusals.set(node, answer(node));
  }

  /** What every node answered when all refused, brought up to date; undefined where one may take the pod now. */
  allRefusals({ changes }: ClusterState, answer: (node: NodeState) => Refusal | undefined): readonly Refusal[] | undefined {
    const { refusedBy } = this;
    if (refusedBy === undefined) return undefined;
    for (const node of changes.slice(refusedBy.changes)) {
      const refusal = answer(node);
      if (refusal === undefined) {
        this.refusedBy = undefined;
        return undefined;
      }
      refusedBy.refusals[node.index] = refusal;
    }
    refusedBy.changes = changes.length;
    return refusedBy.refusals;
  }

  /** Every node refused. Filters that read more than a node may decide otherwise anywhere. */
  noteRefusals(refusals: Refusal[], { changes }: ClusterState): void {
    if (this.rest.length === 0) this.refusedBy = { refusals, changes: changes.length };
  }

  private narrowRefusal(node: NodeState): Refusal | undefined {
    return this.refusals.has(node) ? this.refusals.get(node) : this.refusals.set(node, firstRefusal(node, this.narrow));
  }

  /** The pods that would leave the node. */
  victimsOn(node: NodeState, answer: () => Preempted): Preempted {
    if (this.rest.length > 0) return answer();
    return this.victims.has(node) ? this.victims.get(node) : this.victims.set(node, answer());
  }

  totals(nodes: readonly NodeState[]): Float64Array {
    return this.scores.totals(nodes);
  }

  podChanged(pod: Pod, node: NodeState, sign: 1 | -1): void {
    for (const follower of this.followers) follower.podChanged?.(pod, node, sign);
  }
}

/** More classes are not kept: each follows every pod that is placed. */
const classesMax = 64;

export class PodClasses {
  private readonly byTemplate = new Map<string, PodClass>();
  /** The class of the pod that was asked about last, if it shares its class with no other. */
  private alone: PodClass | undefined;

  of(pod: Pod, profile: SchedulerProfile, cluster: ClusterState): PodClass {
    const template = templateOf(pod);
    if (template === undefined) {
      this.alone = undefined;
      return (this.alone = new PodClass(pod, profile, cluster));
    }
    const known = this.byTemplate.get(template);
    if (known?.isCurrent(cluster) === true) return known;
    this.byTemplate.delete(template);
    const made = new PodClass(pod, profile, cluster);
    this.byTemplate.set(template, made);
    const [oldest] = this.byTemplate.keys();
    if (this.byTemplate.size > classesMax && oldest !== undefined) this.byTemplate.delete(oldest);
    return made;
  }

  podChanged(pod: Pod, node: NodeState, sign: 1 | -1): void {
    this.alone?.podChanged(pod, node, sign);
    for (const podClass of this.byTemplate.values()) podClass.podChanged(pod, node, sign);
  }

  forget(): void {
    this.alone = undefined;
    this.byTemplate.clear();
  }
}

const templates = new WeakMap<Pod, string>();

/** Equal for pods of which every node thinks the same. Undefined: the pod has volumes or devices of its own. */
function templateOf(pod: Pod): string | undefined {
  const { spec } = pod;
  const hasClaims = (spec.volumes ?? []).some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral);
  if (hasClaims || (spec.resourceClaims ?? []).length > 0) return undefined;
  const known = templates.get(pod);
  if (known !== undefined) return known;
  const { amounts, assumed, hostPorts } = demandOf(pod);
  const { schedulerName, nodeName, nodeSelector, affinity, tolerations, priority, preemptionPolicy, topologySpreadConstraints } = spec;
  const images = [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image);
  const owner = controllerOf(pod);
  const asked = [nodeName, nodeSelector, affinity, tolerations, priority, preemptionPolicy, topologySpreadConstraints];
  const own = [namespaceOf(pod), labelsOf(pod), owner?.uid, images, spec.volumes?.flatMap(({ image }) => image?.reference ?? [])];
  const template = JSON.stringify([schedulerName, ...asked, ...own, [...amounts], assumed, hostPorts]);
  templates.set(pod, template);
  return template;
}
