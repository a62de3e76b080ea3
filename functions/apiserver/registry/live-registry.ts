/**
 * Which kinds one cluster serves at a revision: the built-in ones, and those that stored objects declare. Nothing is
 * registered anywhere: processes that see the same revision serve the same kinds, from that revision on.
 */
import { derived } from '../../kube/derived.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { StoreView, View } from '../../kube/view.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { createResourceIndex, type ResourceIndex } from './resource-index.ts';

/** Objects of one resource that declare kinds, as CustomResourceDefinitions do. */
export interface KindSource {
  /** The GroupResource of the kind. */
  readonly resource: string;
  /** Pure. Built-in kinds win over declared ones of the same group, version and resource. */
  kinds(view: View): readonly AnyDefinition[];
}

export interface RegistryOptions {
  readonly definitions: readonly AnyDefinition[];
  readonly sources?: readonly KindSource[];
}

/** The same index is returned as long as no declaring object changes. */
export type LiveRegistry = (view: StoreView) => ResourceIndex;

export function createLiveRegistry({ definitions, sources = [] }: RegistryOptions): LiveRegistry {
  return derived(
    sources.map(({ resource }) => resource),
    (view) => createResourceIndex([...definitions, ...sources.flatMap((source) => source.kinds(view))]),
  );
}

/** The stored kinds at each call; the same array as long as they stay the same. */
export function storedTypes(registry: LiveRegistry, view: () => StoreView): () => readonly ResourceType[] {
  let known: { readonly index: ResourceIndex; readonly types: readonly ResourceType[] } | undefined;
  return () => {
    const index = registry(view());
    if (known?.index !== index) known = { index, types: index.definitions.map(({ type }) => type) };
    return known.types;
  };
}
