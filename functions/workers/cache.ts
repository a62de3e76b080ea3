/**
 * Typed reads of a store's newest snapshot, and indexes over it.
 * An index holds names only; the objects always come from the snapshot, so the two cannot disagree.
 */
import { indexed } from '../kube/derived.ts';
import type { KubeObject } from '../kube/object.ts';
import { controllerOf } from '../kube/owners.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import { groupResource } from '../kube/resource-type.ts';
import { damageOf, readable, readObject } from '../kube/unreadable-object.ts';
import type { Key, StoreView, ViewDifference } from '../kube/view.ts';
import type { Store } from '../store/store.ts';
import type { Cache, Index } from './controller.ts';

const placeOf = (key: Key): string => `${key.namespace}\n${key.name}`;

class NamesByValue {
  readonly #keysOf = new Map<string, Map<string, Key>>();
  readonly #valuesOf = new Map<string, readonly string[]>();

  keys(value: string): readonly Key[] {
    const keys = this.#keysOf.get(value);
    if (keys === undefined) return [];
    return [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
  }

  put(key: Key, values: readonly string[]): void {
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

const namesBy = ({ type, values }: Index): ((view: StoreView) => NamesByValue) =>
  indexed(groupResource(type), new NamesByValue(), (names, { before, after }) => {
    if (after !== undefined) names.put(after.key, values(after.object));
    else if (before !== undefined) names.put(before.key, []);
  });

/** Holds an index only once it was asked for. */
export function createCache(store: Pick<Store, 'view'>): Cache {
  const indexes = new Map<Index, (view: StoreView) => NamesByValue>();
  const byController = new Map<string, Index>();

  const namesAt = (index: Index, view: StoreView): NamesByValue => {
    const known = indexes.get(index) ?? namesBy(index);
    indexes.set(index, known);
    return known(view);
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
    return namesAt(index, view)
      .keys(value)
      .flatMap((key) => (readObject(view.get(key)) as T | undefined) ?? []);
  };

  return {
    get revision() {
      return store.view().revision;
    },
    get: <T extends KubeObject>(type: ResourceType<T>, { namespace, name }: { namespace: string; name: string }) =>
      store.view().get({ resource: groupResource(type), namespace: type.namespaced ? namespace : '', name })?.object as T | undefined,
    list: <T extends KubeObject>(type: ResourceType<T>, namespace?: string) =>
      readable(store.view().list(groupResource(type), namespace)).map(({ object }) => object as T),
    controlledBy: (type, ownerUid) => objectsBy(controllerIndex(type), ownerUid),
    by: (index, value) => objectsBy(index as Index, value),
    since: <T extends KubeObject>(type: ResourceType<T>, moment: object | undefined) => {
      const [view, resource] = [store.view(), groupResource(type)];
      const all = view.since(resource, moment) as readonly ViewDifference<T>[];
      const differences = all.filter(({ after }) => after === undefined || damageOf(after) === undefined);
      return { moment: view.identity(resource), differences };
    },
    unreadable: (type, namespace) =>
      store
        .view()
        .list(groupResource(type), namespace)
        .flatMap(({ damage }) => damage ?? []),
  };
}
