/**
 * Pods that must or like to be near other pods, or far from them; of placed pods the terms count, too.
 * Source: plugins/interpodaffinity/{filtering,scoring}.go.
 */
import type { Pod, PodAffinityTerm } from '../../kube/generated/types.ts';
import { labelsOf } from '../../kube/object.ts';
import type { AffinityTerm, AffinityTerms } from '../affinity-terms.ts';
import { type ClusterState, countsByDomain, type Domains, noDomain, type NodeCounts } from '../cluster-state.ts';
import type { PluginArguments } from '../configuration/configuration.ts';
import type { NodeState } from '../node-state.ts';
import { refused, scoreMax, type FilterPlugin, type NodeFilter, type ScorePlugin } from './plugin.ts';
import type { QueueingHints } from './queueing-hints.ts';

const pluginName = 'InterPodAffinity';
const notNear = refused(pluginName, "node(s) didn't match pod affinity rules", false);
const tooNear = refused(pluginName, "node(s) didn't match pod anti-affinity rules", true);
const unwelcome = refused(pluginName, "node(s) didn't satisfy existing pods anti-affinity rules", true);

/** Pods that match all of the terms: one pod has to meet them all. Where there are no terms, no pod matches. */
const meetsAll = (terms: readonly AffinityTerm[], pod: Pod): boolean => terms.length > 0 && terms.every((term) => term.matches(pod));

/** Pods that a term is about, by domain. */
class CountedTerm {
  readonly domains: Domains;
  /** Whether a pod that comes or goes changes the counts. */
  private readonly concerns: (pod: Pod) => boolean;
  private readonly counts: Int32Array;
  private total: number;

  constructor(domains: Domains, counts: NodeCounts, concerns: (pod: Pod) => boolean) {
    this.domains = domains;
    this.concerns = concerns;
    this.counts = countsByDomain(counts, domains);
    this.total = this.counts.reduce((sum, count) => sum + count, 0);
  }

  get isEmpty(): boolean {
    return this.total <= 0;
  }

  isAt({ index }: NodeState): boolean {
    const domain = this.domains.of[index] ?? noDomain;
    return domain !== noDomain && (this.counts[domain] ?? 0) > 0;
  }

  podChanged(pod: Pod, { index }: NodeState, sign: 1 | -1): void {
    const domain = this.domains.of[index] ?? noDomain;
    if (domain === noDomain || !this.concerns(pod)) return;
    this.counts[domain] = (this.counts[domain] ?? 0) + sign;
    this.total += sign;
  }
}

class AffinityFilter implements NodeFilter {
  private readonly near: readonly CountedTerm[];
  private readonly far: readonly CountedTerm[];
  private readonly existing: readonly CountedTerm[];
  private readonly isOwnCompanion: boolean;

  constructor(pod: Pod, cluster: ClusterState) {
    const { requiredAffinity, requiredAntiAffinity } = cluster.termsOf(pod);
    const counted = (key: string, { topologyKey }: AffinityTerm, concerns: (other: Pod) => boolean): CountedTerm =>
      new CountedTerm(cluster.domainsOf(topologyKey), cluster.countsOf(key, concerns), concerns);
    const all = requiredAffinity.map(({ signature }) => signature).join();
    this.near = requiredAffinity.map((term) => counted(`near ${all}`, term, (other) => meetsAll(requiredAffinity, other)));
    this.far = requiredAntiAffinity.map((term) => counted(`far ${term.signature}`, term, (other) => term.matches(other)));
    this.existing = cluster.placedTermsFor(pod, 'requiredAntiAffinity').map(({ term: { signature, topologyKey }, counts }) => {
      const has = (other: Pod): boolean => cluster.termsOf(other).requiredAntiAffinity.some((term) => term.signature === signature);
      return new CountedTerm(cluster.domainsOf(topologyKey), counts, has);
    });
    this.isOwnCompanion = meetsAll(requiredAffinity, pod);
  }

  get asksNothing(): boolean {
    return this.near.length + this.far.length + this.existing.length === 0;
  }

  refusal(node: NodeState): ReturnType<NodeFilter['refusal']> {
    if (!this.isNear(node)) return notNear;
    if (this.far.some((term) => term.isAt(node))) return tooNear;
    return this.existing.some((term) => term.isAt(node)) ? unwelcome : undefined;
  }

  podChanged(other: Pod, node: NodeState, sign: 1 | -1): void {
    for (const terms of [this.near, this.far, this.existing]) for (const term of terms) term.podChanged(other, node, sign);
  }

  private isNear(node: NodeState): boolean {
    if (this.near.every((term) => term.isAt(node))) return true;
    // The first pod of a group that wants to be together may go anywhere that has the labels.
    const hasLabels = this.near.every(({ domains }) => domains.of[node.index] !== noDomain);
    return hasLabels && this.isOwnCompanion && this.near.every(({ isEmpty }) => isEmpty);
  }
}

/** Pods come near the waiting one or leave it; what was near or far before is so no more. */
const affinityHints: QueueingHints = {
  placedPod(waiting, { before, after }, cluster) {
    const { requiredAffinity, requiredAntiAffinity } = cluster.termsOf(waiting);
    const isFar = (other: Pod): boolean => requiredAntiAffinity.some((term) => term.matches(other));
    if (after !== undefined && meetsAll(requiredAffinity, after) && (before === undefined || !meetsAll(requiredAffinity, before)))
      return true;
    if (before === undefined) return false;
    if (isFar(before) && (after === undefined || !isFar(after))) return true;
    return after === undefined && cluster.termsOf(before).requiredAntiAffinity.some((term) => term.matches(waiting));
  },
  node(waiting, { before, after }) {
    if (after === undefined) return false;
    const { podAffinity, podAntiAffinity } = waiting.spec.affinity ?? {};
    const values = (key: string): readonly (string | undefined)[] => [
      before === undefined ? undefined : labelsOf(before)[key],
      labelsOf(after)[key],
    ];
    const isNewPlace = ({ topologyKey }: PodAffinityTerm): boolean => {
      const [was, is] = values(topologyKey);
      return is !== undefined && was !== is;
    };
    const isOtherPlace = ({ topologyKey }: PodAffinityTerm): boolean => {
      const [was, is] = values(topologyKey);
      return before === undefined || (was !== undefined && was !== is);
    };
    return (
      (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(isNewPlace) ||
      (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(isOtherPlace)
    );
  },
};

export const interPodAffinityFilter: FilterPlugin = {
  name: pluginName,
  hints: affinityHints,
  prepare(pod, cluster) {
    const filter = new AffinityFilter(pod, cluster);
    return filter.asksNothing ? undefined : filter;
  },
};

interface Draw {
  readonly domains: Domains;
  /** The counts that the cluster's state keeps. */
  readonly counts: NodeCounts;
  readonly worth: number;
}

const ownDraws = (terms: readonly AffinityTerm[], sign: 1 | -1, cluster: ClusterState): readonly Draw[] =>
  terms.map((term) => ({
    domains: cluster.domainsOf(term.topologyKey),
    counts: cluster.countsOf(`far ${term.signature}`, (other) => term.matches(other)),
    worth: sign * term.weight,
  }));

interface PlacedWeights {
  readonly cluster: ClusterState;
  /** What a required term of a placed pod is worth to a pod that it means. */
  readonly hardWeight: number;
}

const placedDraws = (pod: Pod, kind: keyof AffinityTerms, { cluster, hardWeight }: PlacedWeights): readonly Draw[] =>
  cluster.placedTermsFor(pod, kind).map(({ term, counts }) => ({
    domains: cluster.domainsOf(term.topologyKey),
    counts,
    worth: kind === 'requiredAffinity' ? hardWeight : kind === 'preferredAffinity' ? term.weight : -term.weight,
  }));

/** The nearer to liked pods and the farther from others, the more; stretched to 0..100. */
function scoresOf(nodes: readonly NodeState[], draws: readonly Draw[]): readonly number[] {
  const raw = nodes.map(() => 0);
  for (const { domains, counts, worth } of draws) {
    const sums = countsByDomain(counts, domains);
    for (const [place, { index }] of nodes.entries()) {
      const domain = domains.of[index] ?? noDomain;
      if (domain !== noDomain) raw[place] = (raw[place] ?? 0) + worth * (sums[domain] ?? 0);
    }
  }
  const [least, most] = [Math.min(...raw), Math.max(...raw)];
  return raw.map((score) => (most === least ? 0 : Math.trunc((scoreMax * (score - least)) / (most - least))));
}

export const interPodAffinityScore = (args: PluginArguments['InterPodAffinity'], weight: number): ScorePlugin => ({
  name: pluginName,
  weight,
  prepare(pod, cluster) {
    const { preferredAffinity, preferredAntiAffinity } = cluster.termsOf(pod);
    const hasPreferredTerms = preferredAffinity.length + preferredAntiAffinity.length > 0;
    if (args.ignorePreferredTermsOfExistingPods && !hasPreferredTerms) return undefined;
    const placed = { cluster, hardWeight: args.hardPodAffinityWeight };
    const draws = [
      ...ownDraws(preferredAffinity, 1, cluster),
      ...ownDraws(preferredAntiAffinity, -1, cluster),
      ...placedDraws(pod, 'requiredAffinity', placed),
      ...placedDraws(pod, 'preferredAffinity', placed),
      ...placedDraws(pod, 'preferredAntiAffinity', placed),
    ];
    return draws.length === 0 ? undefined : { by: 'cluster', of: (nodes) => scoresOf(nodes, draws) };
  },
});
