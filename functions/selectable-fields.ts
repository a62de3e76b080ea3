/** What watches may select by, kept beside each change in the log. */
import { groupResource } from './kube/resource-type.ts';
import type { AnyDefinition } from './resources/definition.ts';
import type { SelectableFields } from './store/stored-object.ts';

export function selectableFields(definitions: readonly AnyDefinition[]): SelectableFields {
  const byResource = new Map(definitions.map((definition) => [groupResource(definition.type), definition]));
  return (resource, object) => ({
    'metadata.name': object.metadata.name ?? '',
    'metadata.namespace': object.metadata.namespace ?? '',
    ...byResource.get(resource)?.fields?.(object),
  });
}
