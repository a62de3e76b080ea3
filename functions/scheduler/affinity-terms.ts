/** The terms of pod affinity and anti-affinity, ready to be asked whether they mean a pod. Source: pkg/scheduler/framework/types.go, AffinityTerm. */
import type { Pod, PodAffinityTerm } from '../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../kube/labels.ts';
import { labelsOf, namespaceOf } from '../kube/object.ts';

export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>>;

export interface AffinityTerm {
  /** Equal for terms that mean the same pods by the same topology. */
  readonly signature: string;
  readonly topologyKey: string;
  /** The weight of a preferred term; 0 for required terms. */
  readonly weight: number;
  matches(pod: Pod): boolean;
}

export interface AffinityTerms {
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly AffinityTerm[];
  readonly preferredAntiAffinity: readonly AffinityTerm[];
}

const none: AffinityTerms = { requiredAffinity: [], requiredAntiAffinity: [], preferredAffinity: [], preferredAntiAffinity: [] };

function compiled(owner: Pod, term: PodAffinityTerm, weight: number, labelsOfNamespace: NamespaceLabels): AffinityTerm {
  const { namespaces: named, namespaceSelector, labelSelector, topologyKey } = term;
  // Without any word about namespaces a term means the pod's own.
  const namespaces = (named ?? []).length === 0 && namespaceSelector === undefined ? [namespaceOf(owner)] : (named ?? []);
  const selector = requirementsOf(labelSelector);
  const namespaceRequirements = namespaceSelector === undefined ? undefined : requirementsOf(namespaceSelector);
  const inNamespace = (namespace: string): boolean =>
    namespaces.includes(namespace) ||
    (namespaceRequirements !== undefined && matchesLabels(namespaceRequirements, labelsOfNamespace(namespace)));
  return {
    signature: JSON.stringify([namespaces, namespaceSelector, labelSelector, topologyKey]),
    topologyKey,
    weight,
    matches: (pod) => inNamespace(namespaceOf(pod)) && matchesLabels(selector, labelsOf(pod)),
  };
}

export function affinityTermsOf(pod: Pod, labelsOfNamespace: NamespaceLabels): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return none;
  type Required = readonly PodAffinityTerm[] | undefined;
  const required = (terms: Required): AffinityTerm[] => (terms ?? []).map((term) => compiled(pod, term, 0, labelsOfNamespace));
  type Preferred = readonly { readonly weight: number; readonly podAffinityTerm: PodAffinityTerm }[] | undefined;
  const preferred = (terms: Preferred): AffinityTerm[] =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => compiled(pod, podAffinityTerm, weight, labelsOfNamespace));
  return {
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}
