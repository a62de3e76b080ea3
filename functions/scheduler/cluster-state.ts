/**
 * The nodes with the pods on them, as the scheduler sees and changes them while it decides. Questions about pods of the
 * whole cluster ("how many of these are on each node") are counted once. Each pod that comes or goes updates the counts.
 */
import type { Node, Pod } from '../kube/generated/types.ts';
import { labelsOf, namespaceOf } from '../kube/object.ts';
import { isPodFinished } from '../kube/pod.ts';
import { type AffinityTerm, type AffinityTerms, affinityTermsOf, type NamespaceLabels } from './affinity-terms.ts';
import { Nominations } from './nominations.ts';
import { countPod, nodeState, type NodeState, replaceNode } from './node-state.ts';
import { PodClasses } from './pod-class.ts';

/** How many pods each node has, by the node's index. */
export type NodeCounts = Int32Array;

interface Counter {
  matches(pod: Pod): boolean;
  readonly counts: Int32Array;
  /** Whether a pod used these counts since the last pass began. */
  isUsed: boolean;
}

/** Terms of pods that are placed. Terms that mean the same are kept once, with the number of pods that have them on each node. */
export interface PlacedTerm {
  readonly term: AffinityTerm;
  readonly kind: keyof AffinityTerms;
  readonly counts: Int32Array;
}

/** Which domain each node is in by one label: its zone, its host. */
export interface Domains {
  /** Number of the domain by the node's index; `noDomain` where the node lacks the label. */
  readonly of: Int32Array;
  /** The number of domains. */
  readonly count: number;
}

export const noDomain = -1;

export interface ClusterStateOptions {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Labels of a namespace, for terms that select namespaces. */
  readonly labelsOfNamespace?: NamespaceLabels;
}

/** A pod that the pass places on the node. */
export interface Assumed {
  readonly pod: Pod;
  readonly node: NodeState;
}

const noLabels: NamespaceLabels = () => ({});

export class ClusterState {
  readonly nodes: readonly NodeState[];
  /** Pods that wait for room on a node, which was made by taking it from others. */
  readonly nominations: Nominations;
  readonly classes = new PodClasses();
  private readonly byName: ReadonlyMap<string, NodeState>;
  private readonly counters = new Map<string, Counter>();
  private readonly placedTerms = new Map<string, PlacedTerm>();
  private readonly domains = new Map<string, Domains>();
  private readonly terms = new WeakMap<Pod, AffinityTerms>();
  private readonly labelsOfNamespace: NamespaceLabels;
  private images: ReadonlyMap<string, number> | undefined;
  /** Nodes of which something changed since the pass began, one after the other. */
  readonly changes: NodeState[] = [];
  /** What the pass has decided, to be taken back before the next one. */
  private assumed: Assumed[] = [];

  constructor({ nodes, pods, labelsOfNamespace = noLabels }: ClusterStateOptions) {
    this.labelsOfNamespace = labelsOfNamespace;
    this.nodes = nodes.map(nodeState);
    this.byName = new Map(this.nodes.map((state) => [state.name, state]));
    this.nominations = new Nominations((name) => this.touch(this.byName.get(name)));
    for (const pod of pods) {
      if (isPodFinished(pod)) continue;
      const node = pod.spec.nodeName === undefined ? undefined : this.byName.get(pod.spec.nodeName);
      if (node !== undefined) this.add(pod, node);
      else if ((pod.spec.nodeName ?? '') === '') this.nominations.set(pod, pod.status?.nominatedNodeName ?? '');
    }
  }

  /** Forgets what the pass before decided, and returns it: what became of it is in the objects. */
  beginPass(): readonly Assumed[] {
    const { assumed } = this;
    for (const { pod, node } of assumed) this.remove(pod, node);
    this.assumed = [];
    this.nominations.clear();
    this.changes.length = 0;
    this.classes.forget();
    for (const [signature, counter] of this.counters) {
      if (!counter.isUsed) this.counters.delete(signature);
      counter.isUsed = false;
    }
    return assumed;
  }

  node(name: string): NodeState | undefined {
    return this.byName.get(name);
  }

  /** The node's object is another one now. */
  replace(node: Node): void {
    const state = this.byName.get(node.metadata.name ?? '');
    if (state === undefined) return;
    replaceNode(state, node);
    this.domains.clear();
    this.images = undefined;
  }

  add(pod: Pod, node: NodeState): void {
    this.count(pod, node, 1);
  }

  remove(pod: Pod, node: NodeState): void {
    this.count(pod, node, -1);
  }

  /** The pass places the pod there. */
  assume(pod: Pod, node: NodeState): void {
    this.nominations.set(pod, '');
    this.add(pod, node);
    this.assumed.push({ pod, node });
  }

  /** Tries something with the pods of the node. All is as it was afterwards. */
  trying<T>(node: NodeState, attempt: () => T): T {
    const { version } = node;
    const { length } = this.changes;
    const result = attempt();
    node.version = version;
    this.changes.length = length;
    return result;
  }

  termsOf(pod: Pod): AffinityTerms {
    const before = this.terms.get(pod);
    if (before !== undefined) return before;
    const terms = affinityTermsOf(pod, this.labelsOfNamespace);
    this.terms.set(pod, terms);
    return terms;
  }

  /** Grows when a pod comes with terms that no placed pod had. */
  get termCount(): number {
    return this.placedTerms.size;
  }

  /** How many pods that match are on each node, now and later. `signature`: equal for questions that are the same. */
  countsOf(signature: string, matches: (pod: Pod) => boolean): NodeCounts {
    const before = this.counters.get(signature);
    if (before !== undefined) {
      before.isUsed = true;
      return before.counts;
    }
    const counts = Int32Array.from(this.nodes, ({ pods }) => {
      let count = 0;
      for (const pod of pods) if (matches(pod)) count += 1;
      return count;
    });
    this.counters.set(signature, { matches, counts, isUsed: true });
    return counts;
  }

  /** The terms of placed pods that mean this pod. */
  placedTermsFor(pod: Pod, kind: keyof AffinityTerms): readonly PlacedTerm[] {
    return [...this.placedTerms.values()].filter((placed) => placed.kind === kind && placed.term.matches(pod));
  }

  domainsOf(topologyKey: string): Domains {
    const before = this.domains.get(topologyKey);
    if (before !== undefined) return before;
    const numbers = new Map<string, number>();
    const of = Int32Array.from(this.nodes, ({ node }) => {
      const name = labelsOf(node)[topologyKey];
      if (name === undefined) return noDomain;
      const number = numbers.get(name) ?? numbers.size;
      numbers.set(name, number);
      return number;
    });
    const domains = { of, count: numbers.size };
    this.domains.set(topologyKey, domains);
    return domains;
  }

  /** Image name → how many nodes have it. */
  imageSpread(): ReadonlyMap<string, number> {
    if (this.images !== undefined) return this.images;
    const spread = new Map<string, number>();
    for (const { node } of this.nodes)
      for (const { names } of node.status?.images ?? []) for (const name of names ?? []) spread.set(name, (spread.get(name) ?? 0) + 1);
    this.images = spread;
    return spread;
  }

  private count(pod: Pod, node: NodeState, sign: 1 | -1): void {
    this.touch(node);
    countPod(node, pod, sign);
    for (const { matches, counts } of this.counters.values()) if (matches(pod)) counts[node.index] = (counts[node.index] ?? 0) + sign;
    if (pod.spec.affinity?.podAffinity !== undefined || pod.spec.affinity?.podAntiAffinity !== undefined)
      for (const [kind, terms] of Object.entries(this.termsOf(pod)) as [keyof AffinityTerms, readonly AffinityTerm[]][])
        for (const term of terms) this.countTerm(term, kind, { node, sign });
    this.classes.podChanged(pod, node, sign);
  }

  private touch(node: NodeState | undefined): void {
    if (node === undefined) return;
    node.version += 1;
    this.changes.push(node);
  }

  private countTerm(term: AffinityTerm, kind: keyof AffinityTerms, { node, sign }: { node: NodeState; sign: 1 | -1 }): void {
    const key = `${kind} ${term.weight} ${term.signature}`;
    const placed = this.placedTerms.get(key) ?? { term, kind, counts: new Int32Array(this.nodes.length) };
    this.placedTerms.set(key, placed);
    placed.counts[node.index] = (placed.counts[node.index] ?? 0) + sign;
  }
}

/** The counts of nodes, summed by domain. Nodes in no domain count nowhere. */
export function countsByDomain(counts: NodeCounts, domains: Domains): Int32Array {
  const sums = new Int32Array(domains.count);
  for (const [index, count] of counts.entries()) {
    const domain = domains.of[index] ?? noDomain;
    if (domain !== noDomain && count !== 0) sums[domain] = (sums[domain] ?? 0) + count;
  }
  return sums;
}

export const inNamespace = (namespace: string, matches: (pod: Pod) => boolean): ((pod: Pod) => boolean) => {
  return (pod) => namespaceOf(pod) === namespace && matches(pod);
};
