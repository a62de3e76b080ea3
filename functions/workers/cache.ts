/**
 * Typed reads of a store's newest picture, and indexes over it that are kept up to date change by change.
 * An index holds names only; the objects always come from the picture, so the two cannot disagree.
 */
import type { KubeObject } from '../kube/object.ts';
import { controllerOf } from '../kube/owners.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import { groupResource } from '../kube/resource-type.ts';
import type { Key } from '../kube/view.ts';
import type { Change, Store } from '../store/store.ts';
import type { Cache, Index } from './controller.ts';

export interface StoreCache extends Cache {
  close(): void;
}

const placeOf = (key: Key): string => `${key.namespace}\n${key.name}`;

class LiveIndex {
  readonly #index: Index;
  /** Changes up to this revision were in the picture that the index was made of. */
  readonly #builtAt: number;
  readonly #keysOf = new Map<string, Map<string, Key>>();
  readonly #valuesOf = new Map<string, readonly string[]>();

  constructor(index: Index, store: Store) {
    const view = store.view();
    this.#index = index;
    this.#builtAt = view.revision;
    for (const { key, object } of view.list(groupResource(index.type))) this.#put(key, index.values(object));
  }

  apply(change: Change): void {
    if (change.revision <= this.#builtAt) return;
    this.#put(change.key, change.type === 'deleted' ? [] : this.#index.values(change.object));
  }

  keys(value: string): readonly Key[] {
    const keys = this.#keysOf.get(value);
    if (keys === undefined) return [];
    return [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  }

  #put(key: Key, values: readonly string[]): void {
    const place = placeOf(key);
    for (const value of this.#valuesOf.get(place) ?? []) this.#remove(value, place);
    if (values.length === 0) this.#valuesOf.delete(place);
    else this.#valuesOf.set(place, values);
    for (const value of values) {
      const keys = this.#keysOf.get(value) ?? new Map<string, Key>();
      this.#keysOf.set(value, keys.set(place, key));
    }
  }

  #remove(value: string, place: string): void {
    const keys = this.#keysOf.get(value);
    keys?.delete(place);
    if (keys?.size === 0) this.#keysOf.delete(value);
  }
}

/** Holds an index only once it was asked for. Close it when it is no longer read. */
export function createCache(store: Store): StoreCache {
  const indexes = new Map<Index, LiveIndex>();
  const byResource = new Map<string, LiveIndex[]>();
  const byController = new Map<string, Index>();

  const unsubscribe = store.onApplied((_revision, changes) => {
    for (const change of changes) for (const index of byResource.get(change.key.resource) ?? []) index.apply(change);
  });

  const live = (index: Index): LiveIndex => {
    const known = indexes.get(index);
    if (known !== undefined) return known;
    const made = new LiveIndex(index, store);
    const resource = groupResource(index.type);
    indexes.set(index, made);
    byResource.set(resource, [...(byResource.get(resource) ?? []), made]);
    return made;
  };

  const controllerIndex = (type: ResourceType): Index => {
    const resource = groupResource(type);
    const known = byController.get(resource);
    if (known !== undefined) return known;
    const made: Index = { type, values: (object) => [controllerOf(object)?.uid ?? ''] };
    byController.set(resource, made);
    return made;
  };

  const objectsBy = <T extends KubeObject>(index: Index, value: string): readonly T[] => {
    const view = store.view();
    return live(index)
      .keys(value)
      .flatMap((key) => (view.get(key)?.object as T | undefined) ?? []);
  };

  return {
    get revision() {
      return store.view().revision;
    },
    get: <T extends KubeObject>(type: ResourceType<T>, { namespace, name }: { namespace: string; name: string }) =>
      store.view().get({ resource: groupResource(type), namespace: type.namespaced ? namespace : '', name })?.object as T | undefined,
    list: <T extends KubeObject>(type: ResourceType<T>, namespace?: string) =>
      store
        .view()
        .list(groupResource(type), namespace)
        .map(({ object }) => object as T),
    controlledBy: (type, ownerUid) => objectsBy(controllerIndex(type), ownerUid),
    by: (index, value) => objectsBy(index as Index, value),
    close: unsubscribe,
  };
}
