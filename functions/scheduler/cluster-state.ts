/**
 * The nodes with the pods on them, as one pass of the scheduler sees and changes them. Questions about pods of the
 * whole cluster ("how many of these are on each node") are counted once and kept up to date as pods come and go.
 */
import type { Node, Pod } from '../kube/generated/types.ts';
import { labelsOf, namespaceOf } from '../kube/object.ts';
import { isPodFinished } from '../kube/pod.ts';
import { type AffinityTerm, type AffinityTerms, affinityTermsOf, type NamespaceLabels } from './affinity-terms.ts';
import type { Preempted } from './preemption.ts';
import type { Refusal } from './plugins/plugin.ts';
import { SharedAnswers } from './shared-answers.ts';
import { countPod, nodeState, type NodeState } from './node-state.ts';

/** How many pods each node has, by the node's index. */
export type NodeCounts = readonly number[];

interface Counter {
  matches(pod: Pod): boolean;
  readonly counts: number[];
}

/** Terms of pods that are placed. Terms that mean the same are kept once, with the number of pods that have them on each node. */
export interface PlacedTerm {
  readonly term: AffinityTerm;
  readonly kind: keyof AffinityTerms;
  readonly counts: number[];
  /** Pods that have it. */
  total: number;
}

export interface ClusterStateOptions {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Labels of a namespace, for terms that select namespaces. */
  readonly labelsOfNamespace?: NamespaceLabels;
}

const noLabels: NamespaceLabels = () => ({});

export class ClusterState {
  readonly nodes: readonly NodeState[];
  private readonly byName: ReadonlyMap<string, NodeState>;
  private readonly counters = new Map<string, Counter>();
  private readonly placedTerms = new Map<string, PlacedTerm>();
  private readonly nominated = new Map<string, Set<Pod>>();
  private readonly terms = new Map<Pod, AffinityTerms>();
  private readonly labelsOfNamespace: NamespaceLabels;
  /** What nodes answered pods of a template. */
  readonly refusals = new SharedAnswers<Refusal | undefined>();
  readonly victims = new SharedAnswers<Preempted>();
  private images: ReadonlyMap<string, number> | undefined;

  constructor({ nodes, pods, labelsOfNamespace = noLabels }: ClusterStateOptions) {
    this.labelsOfNamespace = labelsOfNamespace;
    this.nodes = nodes.map(nodeState);
    this.byName = new Map(this.nodes.map((state) => [state.name, state]));
    for (const pod of pods) {
      if (isPodFinished(pod)) continue;
      const node = pod.spec.nodeName === undefined ? undefined : this.byName.get(pod.spec.nodeName);
      if (node !== undefined) this.add(pod, node);
      else if ((pod.spec.nodeName ?? '') === '') this.nominate(pod, pod.status?.nominatedNodeName ?? '');
    }
  }

  node(name: string): NodeState | undefined {
    return this.byName.get(name);
  }

  add(pod: Pod, node: NodeState): void {
    this.count(pod, node, 1);
  }

  remove(pod: Pod, node: NodeState): void {
    this.count(pod, node, -1);
  }

  termsOf(pod: Pod): AffinityTerms {
    const before = this.terms.get(pod);
    if (before !== undefined) return before;
    const terms = affinityTermsOf(pod, this.labelsOfNamespace);
    this.terms.set(pod, terms);
    return terms;
  }

  /** How many pods that match are on each node. `signature`: equal for questions that are the same. */
  countsOf(signature: string, matches: (pod: Pod) => boolean): NodeCounts {
    const before = this.counters.get(signature);
    if (before !== undefined) return before.counts;
    const counts = this.nodes.map(({ pods }) => {
      let count = 0;
      for (const pod of pods) if (matches(pod)) count += 1;
      return count;
    });
    this.counters.set(signature, { matches, counts });
    return counts;
  }

  /** The terms of placed pods that mean this pod. */
  placedTermsFor(pod: Pod, kind: keyof AffinityTerms): readonly PlacedTerm[] {
    return [...this.placedTerms.values()].filter((placed) => placed.kind === kind && placed.total > 0 && placed.term.matches(pod));
  }

  /** The pod waits for room on the node, which was made by taking it from others. '' for none. */
  nominate(pod: Pod, nodeName: string): void {
    for (const [name, pods] of this.nominated) if (pods.delete(pod)) this.touch(name);
    if (nodeName === '') return;
    this.touch(nodeName);
    const there = this.nominated.get(nodeName) ?? new Set();
    this.nominated.set(nodeName, there.add(pod));
  }

  /** Pods that wait for room on the node and go before this one. */
  nominatedBefore(pod: Pod, node: NodeState): readonly Pod[] {
    const there = this.nominated.get(node.name);
    if (there === undefined) return [];
    const priority = pod.spec.priority ?? 0;
    return [...there].filter((other) => other !== pod && (other.spec.priority ?? 0) >= priority);
  }

  nominatedWithLess(priority: number, nodeName: string): readonly Pod[] {
    return [...(this.nominated.get(nodeName) ?? [])].filter((other) => (other.spec.priority ?? 0) < priority);
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

  private touch(nodeName: string): void {
    const node = this.byName.get(nodeName);
    if (node !== undefined) node.version += 1;
  }

  private count(pod: Pod, node: NodeState, sign: 1 | -1): void {
    node.version += 1;
    countPod(node, pod, sign);
    for (const { matches, counts } of this.counters.values()) if (matches(pod)) counts[node.index] = (counts[node.index] ?? 0) + sign;
    if (pod.spec.affinity?.podAffinity === undefined && pod.spec.affinity?.podAntiAffinity === undefined) return;
    for (const [kind, terms] of Object.entries(this.termsOf(pod)) as [keyof AffinityTerms, readonly AffinityTerm[]][])
      for (const term of terms) this.countTerm(term, kind, { node, sign });
  }

  private countTerm(term: AffinityTerm, kind: keyof AffinityTerms, { node, sign }: { node: NodeState; sign: 1 | -1 }): void {
    const key = `${kind} ${term.weight} ${term.signature}`;
    const placed = this.placedTerms.get(key) ?? { term, kind, counts: this.nodes.map(() => 0), total: 0 };
    this.placedTerms.set(key, placed);
    placed.counts[node.index] = (placed.counts[node.index] ?? 0) + sign;
    placed.total += sign;
  }
}

/** Domain of the node by a label: its zone, its host. Undefined: the node is in none. */
export const domainOf = ({ node }: NodeState, topologyKey: string): string | undefined => labelsOf(node)[topologyKey];

/** The counts of nodes, summed by domain. Nodes in no domain count nowhere. */
export function countsByDomain(nodes: readonly NodeState[], counts: NodeCounts, topologyKey: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const node of nodes) {
    const domain = domainOf(node, topologyKey);
    const count = counts[node.index] ?? 0;
    if (domain !== undefined && count !== 0) sums.set(domain, (sums.get(domain) ?? 0) + count);
  }
  return sums;
}

export const inNamespace = (namespace: string, matches: (pod: Pod) => boolean): ((pod: Pod) => boolean) => {
  return (pod) => namespaceOf(pod) === namespace && matches(pod);
};
