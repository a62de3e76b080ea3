/** Which objects a quota with scopes counts. Source: pkg/quota/v1/evaluator/core/pods.go, podMatchesScopeFunc. */
import type { Pod, ResourceQuota } from '../../../kube/generated/types.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { qosClassOf } from '../../../kube/pod-qos.ts';

interface Requirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** A quota with scopes counts nothing but pods. */
export function isCounted({ spec }: ResourceQuota, resource: string, object: KubeObject): boolean {
  const requirements: readonly Requirement[] = [
    ...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec.scopeSelector?.matchExpressions ?? []),
  ];
  if (requirements.length === 0) return true;
  return resource === 'pods' && requirements.every((requirement) => matches(object as Pod, requirement));
}

function matches(pod: Pod, { scopeName, operator, values = [] }: Requirement): boolean {
  const { activeDeadlineSeconds, priorityClassName = '' } = pod.spec;
  switch (scopeName) {
    case 'Terminating':
      return activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort';
    case 'CrossNamespacePodAffinity':
      return hasAffinityAcrossNamespaces(pod);
    case 'PriorityClass':
      if (operator === 'Exists') return priorityClassName !== '';
      if (operator === 'DoesNotExist') return priorityClassName === '';
      return values.includes(priorityClassName) === (operator === 'In');
    default:
      return false;
  }
}

function hasAffinityAcrossNamespaces({ spec: { affinity } }: Pod): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((one) => {
    const required = one?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = (one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm);
    return [...required, ...preferred].some(
      ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
    );
  });
}
