/** Finds what is served under a group, version and resource. */
import { groupResource, type ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import type { VirtualResource } from '../ports.ts';

export interface ResourceIndex {
  readonly definitions: readonly AnyDefinition[];
  readonly virtual: readonly VirtualResource[];
  definition(at: Pick<ResourceType, 'group' | 'version' | 'resource'>): AnyDefinition | undefined;
  virtualResource(at: Pick<ResourceType, 'group' | 'version' | 'resource'>): VirtualResource | undefined;
}

const indexKey = ({ group, version, resource }: Pick<ResourceType, 'group' | 'version' | 'resource'>): string =>
  `${group}/${version}/${resource}`;

export function createResourceIndex(definitions: readonly AnyDefinition[], virtual: readonly VirtualResource[]): ResourceIndex {
  const byKey = new Map(definitions.map((definition) => [indexKey(definition.type), definition]));
  const virtualByKey = new Map(virtual.map((resource) => [indexKey(resource.type), resource]));
  return {
    definitions,
    virtual,
    definition: (at) => byKey.get(indexKey(at)),
    virtualResource: (at) => virtualByKey.get(indexKey(at)),
  };
}

/** The store's name for the objects of a definition. */
export const storeResource = (definition: AnyDefinition): string => groupResource(definition.type);

export const keyOf = (definition: AnyDefinition, namespace: string, name: string) => ({
  resource: storeResource(definition),
  namespace: definition.type.namespaced ? namespace : '',
  name,
});
