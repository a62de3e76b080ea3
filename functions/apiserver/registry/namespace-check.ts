/**
 * Nothing is created in a namespace that is missing or on its way out. Checked at the commit point, so that a namespace
 * that is empty stays so. Source: apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
import { isTerminating } from '../../kube/object.ts';
import { groupResource, namespaces } from '../../kube/resource-type.ts';
import { notFound, StatusError } from '../../kube/status-error.ts';
import type { Key, View } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';

export const namespaceKey = (namespace: string): Key => ({ resource: groupResource(namespaces), namespace: '', name: namespace });

export function checkNamespace(view: View, definition: AnyDefinition, key: Key): void {
  if (!definition.type.namespaced) return;
  const stored = view.get(namespaceKey(key.namespace));
  if (stored === undefined) throw notFound(namespaces, key.namespace);
  if (isTerminating(stored.object)) throw terminating(definition, key);
}

function terminating(definition: AnyDefinition, { namespace, name }: Key): StatusError {
  const { type } = definition;
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
  return new StatusError(403, 'Forbidden', `${groupResource(type)} ${JSON.stringify(name)} is forbidden: ${message}`, {
    details: {
      name,
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.resource,
      causes: [{ reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' }],
    },
  });
}
