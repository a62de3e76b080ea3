/** Finds what is served under a group, version and resource. */
import { groupResource, type ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';
import type { VirtualResource } from '../ports.ts';

/** A kind in one of the versions under which it is served. */
export interface ServedKind {
  readonly definition: AnyDefinition;
  readonly served: ServedVersion;
}

type Place = Pick<ResourceType, 'group' | 'version' | 'resource'>;

export interface ResourceIndex {
  readonly kinds: readonly ServedKind[];
  readonly virtual: readonly VirtualResource[];
  kind(at: Place): ServedKind | undefined;
  virtualResource(at: Place): VirtualResource | undefined;
}

const indexKey = ({ group, version, resource }: Place): string => `${group}/${version}/${resource}`;

export function createResourceIndex(definitions: readonly AnyDefinition[], virtual: readonly VirtualResource[]): ResourceIndex {
  const kinds = definitions.flatMap(servedKindsOf);
  const byKey = new Map(kinds.map((kind) => [indexKey(kind.served.type), kind]));
  const virtualByKey = new Map(virtual.map((resource) => [indexKey(resource.type), resource]));
  return {
    kinds,
    virtual,
    kind: (at) => byKey.get(indexKey(at)),
    virtualResource: (at) => virtualByKey.get(indexKey(at)),
  };
}

function servedKindsOf(definition: AnyDefinition): ServedKind[] {
  const { type, schema, deprecation, isServed = true, otherVersions = [] } = definition;
  const stored: ServedVersion = { type, schema, ...(deprecation === undefined ? {} : { deprecation }) };
  return [...(isServed ? [stored] : []), ...otherVersions].map((served) => ({ definition, served }));
}

/** The store's name for the objects of a definition. */
export const storeResource = (definition: AnyDefinition): string => groupResource(definition.type);

export const keyOf = (definition: AnyDefinition, namespace: string, name: string) => ({
  resource: storeResource(definition),
  namespace: definition.type.namespaced ? namespace : '',
  name,
});
