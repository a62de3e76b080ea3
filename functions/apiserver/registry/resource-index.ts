/** Finds what is served under a group, version and resource. */
import { groupResource, type ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';

/** A kind in one of the versions under which it is served. */
export interface ServedKind {
  readonly definition: AnyDefinition;
  readonly served: ServedVersion;
}

export type Place = Pick<ResourceType, 'group' | 'version' | 'resource'>;

export interface ResourceIndex {
  /** In the order of the definitions; the first one of each group, version and resource. */
  readonly kinds: readonly ServedKind[];
  /** The kinds that are stored, in whatever versions they are served. */
  readonly definitions: readonly AnyDefinition[];
  kind(at: Place): ServedKind | undefined;
}

export const placeText = ({ group, version, resource }: Place): string => `${group}/${version}/${resource}`;

export function createResourceIndex(definitions: readonly AnyDefinition[]): ResourceIndex {
  const byPlace = new Map<string, ServedKind>();
  for (const kind of definitions.flatMap(servedKindsOf)) {
    const place = placeText(kind.served.type);
    if (!byPlace.has(place)) byPlace.set(place, kind);
  }
  const kinds = [...byPlace.values()];
  return {
    kinds,
    definitions: [...new Set(kinds.map(({ definition }) => definition))],
    kind: (at) => byPlace.get(placeText(at)),
  };
}

function servedKindsOf(definition: AnyDefinition): ServedKind[] {
  const { type, schema, deprecation, isServed = true, otherVersions = [], storedConversion: conversion } = definition;
  const stored: ServedVersion = {
    type,
    schema,
    ...(deprecation === undefined ? {} : { deprecation }),
    ...(conversion === undefined ? {} : { conversion }),
  };
  return [...(isServed ? [stored] : []), ...otherVersions].map((served) => ({ definition, served }));
}

/** The store's name for the objects of a definition. */
export const storeResource = (definition: AnyDefinition): string => groupResource(definition.type);

export const keyOf = (definition: AnyDefinition, namespace: string, name: string) => ({
  resource: storeResource(definition),
  namespace: definition.type.namespaced ? namespace : '',
  name,
});
