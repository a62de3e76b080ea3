/** Which owners a change of a pod concerns: its controller, or, for an orphan, all owners whose selector matches it. */
import type { Pod } from '../../kube/generated/types.ts';
import type { Requirement } from '../../kube/labels.ts';
import { matchesLabels } from '../../kube/labels.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { apiVersionOf, pods } from '../../kube/resource-type.ts';
import type { Cache, Watch } from '../../workers/controller.ts';
import { watch } from '../../workers/controller.ts';

/** `object` concerns these owners of `ownerType`. */
export function ownersConcerned<O extends KubeObject>(
  object: KubeObject,
  ownerType: ResourceType<O>,
  selectorOfOwner: (owner: O) => readonly Requirement[],
  cache: Cache,
): ObjectName[] {
  const namespace = namespaceOf(object);
  const controller = controllerOf(object);
  if (controller !== undefined) {
    const isOurs = controller.kind === ownerType.kind && controller.apiVersion === apiVersionOf(ownerType);
    return isOurs ? [{ namespace, name: controller.name }] : [];
  }
  return cache
    .list(ownerType, namespace)
    .filter((owner) => matchesLabels(selectorOfOwner(owner), labelsOf(object)))
    .map((owner) => ({ namespace, name: nameOf(owner) }));
}

/** Wakes the owner of each pod that changes. */
export const watchPodsOf = <O extends KubeObject>(
  ownerType: ResourceType<O>,
  selectorOfOwner: (owner: O) => readonly Requirement[],
): Watch => watch<Pod>(pods, ({ object }, cache) => ownersConcerned(object, ownerType, selectorOfOwner, cache));

/** Wakes for the object itself. */
export const watchItself = <T extends KubeObject>(type: ResourceType<T>): Watch =>
  watch(type, ({ key }) => [{ namespace: key.namespace, name: key.name }]);

export const namesOf = (objects: readonly KubeObject[]): ObjectName[] =>
  objects.map((object) => ({ namespace: namespaceOf(object), name: nameOf(object) }));
