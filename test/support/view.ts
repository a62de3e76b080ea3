/** Views and changes for tests of what is decided at the commit point. */
import { type KubeObject, keyText, nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { groupResource, type ResourceType } from '../../functions/kube/resource-type.ts';
import type { Key, Stored, View } from '../../functions/kube/view.ts';
import type { CommitChange } from '../../functions/resources/definition.ts';

export const keyOf = (type: ResourceType, object: KubeObject): Key => ({
  resource: groupResource(type),
  namespace: namespaceOf(object),
  name: nameOf(object),
});

/** A view of these objects and no others. */
export function viewOf(...objects: readonly (readonly [type: ResourceType, object: KubeObject])[]): View {
  const stored = objects.map(([type, object]): Stored => ({ key: keyOf(type, object), revision: 1, object }));
  const sorted = stored.toSorted((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1));
  return {
    revision: 1,
    get: (key) => sorted.find((one) => one.key.resource === key.resource && keyText(one.key) === keyText(key)),
    list: (resource, namespace) =>
      sorted.filter(({ key }) => key.resource === resource && (namespace === undefined || key.namespace === namespace)),
  };
}

/** A creation, or an update where there is a current object. */
export const changeOf = <T extends KubeObject>(type: ResourceType<T>, next: T, current?: T): CommitChange<T> => ({
  operation: current === undefined ? 'create' : 'update',
  subresource: '',
  key: keyOf(type, next),
  next,
  current,
});
