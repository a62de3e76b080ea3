/** Finds what is served under a group, version and resource. */
import type { ObjectName } from '../../kube/object.ts';
import { groupResource, type ResourceType } from '../../kube/resource-type.ts';
import type { AnyDefinition, ServedVersion } from '../../resources/definition.ts';

/** A kind in one of the versions under which it is served. */
export interface ServedKind {
  readonly definition: AnyDefinition;
  readonly served: ServedVersion;
}

export type GroupVersionResource = Pick<ResourceType, 'group' | 'version' | 'resource'>;

export interface ResourceIndex {
  /** In the order of the definitions; the first one of each group, version and resource. */
  readonly kinds: readonly ServedKind[];
  /** The kinds that are stored, in whatever versions they are served. */
  readonly definitions: readonly AnyDefinition[];
  kind(at: GroupVersionResource): ServedKind | undefined;
}

export const groupVersionResourceText = ({ group, version, resource }: GroupVersionResource): string => `${group}/${version}/${resource}`;

export function createResourceIndex(definitions: readonly AnyDefinition[]): ResourceIndex {
  const byName = new Map<string, ServedKind>();
  for (const kind of definitions.flatMap(servedKindsOf)) {
    const name = groupVersionResourceText(kind.served.type);
    if (!byName.has(name)) byName.set(name, kind);
  }
  const kinds = [...byName.values()];
  return {
    kinds,
    definitions: [...new Set(kinds.map(({ definition }) => definition))],
    kind: (at) => byName.get(groupVersionResourceText(at)),
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

/** How all keys begin in upstream's storage. Some messages leave it out. */
export const registryRoot = '/registry';

/** The key that upstream's storage has for the object, behind its root. */
export const storageKeyOf = ({ etcdPrefix, type }: AnyDefinition, { namespace, name }: ObjectName): string =>
  [etcdPrefix ?? `/${type.resource}`, ...(namespace === '' ? [] : [namespace]), name].join('/');
