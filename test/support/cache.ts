/** A cache that holds these objects and never changes. */
import { nameOf, namespaceOf, type KubeObject } from '../../functions/kube/object.ts';
import { controllerOf } from '../../functions/kube/owners.ts';
import type { ResourceType } from '../../functions/kube/resource-type.ts';
import type { ViewDifference } from '../../functions/kube/view.ts';
import type { Cache } from '../../functions/workers/controller.ts';

/** The one snapshot of a cache that never changes. */
const everything = {};

const added = <T extends KubeObject>(object: T): ViewDifference<T> => {
  const key = { resource: '', namespace: namespaceOf(object), name: nameOf(object) };
  return { before: undefined, after: { key, revision: 1, object } };
};

export function cacheOf(...objects: readonly (readonly [type: ResourceType, object: KubeObject])[]): Cache {
  const of = (resource: string): KubeObject[] => objects.flatMap(([type, object]) => (type.resource === resource ? [object] : []));
  const list = <T extends KubeObject>(type: ResourceType<T>, namespace?: string): T[] =>
    of(type.resource).filter((object) => namespace === undefined || namespaceOf(object) === namespace) as T[];
  return {
    revision: 1,
    list,
    get: (type, { namespace, name }) => list(type, namespace).find((object) => nameOf(object) === name),
    controlledBy: (type, uid) => list(type).filter((object) => controllerOf(object)?.uid === uid),
    since: (type, moment) => ({ moment: everything, differences: moment === everything ? [] : list(type).map(added) }),
    unreadable: () => [],
    by: (index, value) => list(index.type).filter((object) => index.values(object).includes(value)),
  };
}
