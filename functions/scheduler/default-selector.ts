/** Which pods are of the same workload as this one: by its Services and its controller. Source: plugins/helper/spread.go. */
import type { Pod } from '../kube/generated/types.ts';
import { type Requirement, matchesLabels, requirementsOf, selectorOf } from '../kube/labels.ts';
import { labelsOf, namespaceOf } from '../kube/object.ts';
import { controllerOf } from '../kube/owners.ts';
import { replicaSets, replicationControllers, services, statefulSets } from '../kube/resource-type.ts';
import type { Cache } from '../workers/controller.ts';

/** Nothing for pods of no workload. */
export type DefaultSelector = (pod: Pod) => readonly Requirement[];

export const defaultSelector =
  (cache: Cache): DefaultSelector =>
  (pod) => {
    const namespace = namespaceOf(pod);
    const ofServices = cache.list(services, namespace).flatMap(({ spec }) => {
      if (spec.selector === undefined) return [];
      const requirements = requirementsOf(selectorOf(spec.selector));
      return matchesLabels(requirements, labelsOf(pod)) ? requirements : [];
    });
    return [...ofServices, ...controllerRequirements(pod, cache)];
  };

function controllerRequirements(pod: Pod, cache: Cache): readonly Requirement[] {
  const owner = controllerOf(pod);
  const at = { namespace: namespaceOf(pod), name: owner?.name ?? '' };
  switch (`${owner?.apiVersion} ${owner?.kind}`) {
    case 'v1 ReplicationController':
      return requirementsOf(selectorOf(cache.get(replicationControllers, at)?.spec?.selector ?? {}));
    case 'apps/v1 ReplicaSet':
      return selected(cache.get(replicaSets, at)?.spec.selector);
    case 'apps/v1 StatefulSet':
      return selected(cache.get(statefulSets, at)?.spec.selector);
    default:
      return [];
  }
}

const selected = (selector: Parameters<typeof requirementsOf>[0]): readonly Requirement[] =>
  selector === undefined ? [] : requirementsOf(selector);
