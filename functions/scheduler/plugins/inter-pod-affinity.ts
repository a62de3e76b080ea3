/**
 * Pods that must or like to be near other pods, or far from them; of placed pods the terms count, too.
 * Source: plugins/interpodaffinity/{filtering,scoring}.go.
 */
import type { Pod } from '../../kube/generated/types.ts';
import type { AffinityTerm, AffinityTerms } from '../affinity-terms.ts';
import { type ClusterState, countsByDomain, domainOf, type NodeCounts } from '../cluster-state.ts';
import type { PluginArguments } from '../configuration/configuration.ts';
import type { NodeState } from '../node-state.ts';
import { refused, scoreMax, type FilterPlugin, type NodeFilter, type ScorePlugin } from './plugin.ts';

const notNear = refused("node(s) didn't match pod affinity rules", false);
const tooNear = refused("node(s) didn't match pod anti-affinity rules", true);
const unwelcome = refused("node(s) didn't satisfy existing pods anti-affinity rules", true);

/** Pods that match all of the terms: one pod has to meet them all. */
const meetsAll = (terms: readonly AffinityTerm[], pod: Pod): boolean => terms.every((term) => term.matches(pod));

interface CountedTerm {
  readonly topologyKey: string;
  /** Whether a pod that comes or goes changes the counts. */
  concerns(pod: Pod): boolean;
  readonly counts: Map<string, number>;
}

function update({ topologyKey, concerns, counts }: CountedTerm, other: Pod, { node, sign }: { node: NodeState; sign: 1 | -1 }): void {
  const domain = domainOf(node, topologyKey);
  if (domain !== undefined && concerns(other)) counts.set(domain, (counts.get(domain) ?? 0) + sign);
}

const isThere = ({ topologyKey, counts }: CountedTerm, node: NodeState): boolean => {
  const domain = domainOf(node, topologyKey);
  return domain !== undefined && (counts.get(domain) ?? 0) > 0;
};

class AffinityFilter implements NodeFilter {
  private readonly pod: Pod;
  private readonly near: readonly CountedTerm[];
  private readonly far: readonly CountedTerm[];
  private readonly existing: readonly CountedTerm[];
  private readonly isOwnCompanion: boolean;

  constructor(pod: Pod, cluster: ClusterState) {
    const { requiredAffinity, requiredAntiAffinity } = cluster.termsOf(pod);
    this.pod = pod;
    const counted = (key: string, term: AffinityTerm, concerns: (other: Pod) => boolean): CountedTerm => ({
      topologyKey: term.topologyKey,
      concerns,
      counts: countsByDomain(cluster.nodes, cluster.countsOf(key, concerns), term.topologyKey),
    });
    const all = requiredAffinity.map(({ signature }) => signature).join();
    this.near = requiredAffinity.map((term) => counted(`near ${all}`, term, (other) => meetsAll(requiredAffinity, other)));
    this.far = requiredAntiAffinity.map((term) => counted(`far ${term.signature}`, term, (other) => term.matches(other)));
    this.existing = cluster.placedTermsFor(pod, 'requiredAntiAffinity').map(({ term, counts }) => ({
      topologyKey: term.topologyKey,
      concerns: (other: Pod) => cluster.termsOf(other).requiredAntiAffinity.some(({ signature }) => signature === term.signature),
      counts: countsByDomain(cluster.nodes, counts, term.topologyKey),
    }));
    this.isOwnCompanion = meetsAll(requiredAffinity, pod);
  }

  get asksNothing(): boolean {
    return this.near.length + this.far.length + this.existing.length === 0;
  }

  refusal(node: NodeState): ReturnType<NodeFilter['refusal']> {
    if (!this.isNear(node)) return notNear;
    if (this.far.some((term) => isThere(term, node))) return tooNear;
    return this.existing.some((term) => isThere(term, node)) ? unwelcome : undefined;
  }

  podChanged(other: Pod, node: NodeState, sign: 1 | -1): void {
    if (other === this.pod) return;
    for (const term of [...this.near, ...this.far, ...this.existing]) update(term, other, { node, sign });
  }

  private isNear(node: NodeState): boolean {
    if (this.near.every((term) => isThere(term, node))) return true;
    // The first pod of a group that wants to be together may go anywhere that has the labels.
    const hasLabels = this.near.every(({ topologyKey }) => domainOf(node, topologyKey) !== undefined);
    return hasLabels && this.isOwnCompanion && this.near.every(({ counts }) => [...counts.values()].every((count) => count <= 0));
  }
}

export const interPodAffinityFilter: FilterPlugin = {
  name: 'InterPodAffinity',
  prepare(pod, cluster) {
    const filter = new AffinityFilter(pod, cluster);
    return filter.asksNothing ? undefined : filter;
  },
};

interface Draw {
  readonly topologyKey: string;
  readonly counts: NodeCounts;
  readonly weight: number;
}

const ownDraws = (terms: readonly AffinityTerm[], sign: 1 | -1, cluster: ClusterState): readonly Draw[] =>
  terms.map((term) => ({
    topologyKey: term.topologyKey,
    counts: cluster.countsOf(`far ${term.signature}`, (other) => term.matches(other)),
    weight: sign * term.weight,
  }));

interface PlacedWeights {
  readonly cluster: ClusterState;
  /** What a required term of a placed pod is worth to a pod that it means. */
  readonly hardWeight: number;
}

const placedDraws = (pod: Pod, kind: keyof AffinityTerms, { cluster, hardWeight }: PlacedWeights): readonly Draw[] =>
  cluster.placedTermsFor(pod, kind).map(({ term, counts }) => ({
    topologyKey: term.topologyKey,
    counts,
    weight: kind === 'requiredAffinity' ? hardWeight : kind === 'preferredAffinity' ? term.weight : -term.weight,
  }));

export const interPodAffinityScore = (args: PluginArguments['InterPodAffinity'], weight: number): ScorePlugin => ({
  name: 'InterPodAffinity',
  weight,
  score(pod, nodes, cluster) {
    const { preferredAffinity, preferredAntiAffinity } = cluster.termsOf(pod);
    const hasWishes = preferredAffinity.length + preferredAntiAffinity.length > 0;
    if (args.ignorePreferredTermsOfExistingPods && !hasWishes) return undefined;
    const placed = { cluster, hardWeight: args.hardPodAffinityWeight };
    const draws = [
      ...ownDraws(preferredAffinity, 1, cluster),
      ...ownDraws(preferredAntiAffinity, -1, cluster),
      ...placedDraws(pod, 'requiredAffinity', placed),
      ...placedDraws(pod, 'preferredAffinity', placed),
      ...placedDraws(pod, 'preferredAntiAffinity', placed),
    ];
    if (draws.length === 0) return undefined;
    const summed = draws.map(({ topologyKey, counts, weight: worth }) => ({
      topologyKey,
      worth,
      sums: countsByDomain(cluster.nodes, counts, topologyKey),
    }));
    const raw = nodes.map((node) =>
      summed.reduce((sum, { topologyKey, worth, sums }) => sum + worth * (sums.get(domainOf(node, topologyKey) ?? '') ?? 0), 0),
    );
    const [least, most] = [Math.min(...raw), Math.max(...raw)];
    return raw.map((score) => (most === least ? 0 : Math.trunc((scoreMax * (score - least)) / (most - least))));
  },
});
