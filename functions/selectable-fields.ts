/** What watches may select by, kept beside each change in the log. */
import { groupResource } from './kube/resource-type.ts';
import type { ResourceIndex } from './apiserver/registry/resource-index.ts';
import type { AnyDefinition } from './resources/definition.ts';
import type { SelectableFields } from './store/stored-object.ts';

/** `index` returns the kinds that are served at each call. */
export function selectableFields(index: () => ResourceIndex): SelectableFields {
  let known: { readonly of: ResourceIndex; readonly byResource: ReadonlyMap<string, AnyDefinition> } | undefined;
  const definitionOf = (resource: string): AnyDefinition | undefined => {
    const now = index();
    if (known?.of !== now) {
      known = { of: now, byResource: new Map(now.definitions.map((definition) => [groupResource(definition.type), definition])) };
    }
    return known.byResource.get(resource);
  };
  return (resource, object) => ({
    'metadata.name': object.metadata.name ?? '',
    'metadata.namespace': object.metadata.namespace ?? '',
    ...definitionOf(resource)?.fields?.(object),
  });
}
