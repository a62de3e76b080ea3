/** The state of all resources at one revision. Immutable: a change makes a new snapshot that shares the rest. */
import type { Key, Stored, StoreView, ViewDifference } from '../kube/view.ts';
import { SortedTree } from './sorted-tree.ts';

export type Objects = SortedTree<Stored>;

const none: Objects = new SortedTree<Stored>();

// No name contains this character, and it sorts before all that do occur: namespace first, then name.
const separator = '\u0000';
const afterSeparator = '\u0001';

export const treeKey = ({ namespace, name }: Pick<Key, 'namespace' | 'name'>): string => namespace + separator + name;

export class Snapshot implements StoreView {
  readonly revision: number;
  readonly #base: ReadonlyMap<string, Objects>;
  /** What differs from the base: a batch touches few resources of many. */
  readonly #changed: ReadonlyMap<string, Objects>;

  constructor(revision: number, base: ReadonlyMap<string, Objects>, changed: ReadonlyMap<string, Objects> = new Map()) {
    this.revision = revision;
    this.#base = base;
    this.#changed = changed;
  }

  objects(resource: string): Objects {
    return this.#changed.get(resource) ?? this.#base.get(resource) ?? none;
  }

  get(key: Key): Stored | undefined {
    return this.objects(key.resource).get(treeKey(key));
  }

  list(resource: string, namespace?: string): readonly Stored[] {
    return listOf(this.objects(resource), namespace);
  }

  identity(resource: string): object {
    return this.objects(resource);
  }

  since(resource: string, identity: object | undefined): readonly ViewDifference[] {
    return this.objects(resource).since(identity instanceof SortedTree ? (identity as Objects) : none);
  }

  /** The next revision's snapshot, in which the key holds this, or nothing. */
  next(key: Key, stored: Stored | undefined): Snapshot {
    const objects = withStored(this.objects(key.resource), key, stored);
    return new Snapshot(this.revision + 1, this.#base, new Map(this.#changed).set(key.resource, objects));
  }
}

export function withStored(objects: Objects, key: Key, stored: Stored | undefined): Objects {
  return stored === undefined ? objects.without(treeKey(key)) : objects.with(treeKey(key), stored);
}

export function listOf(objects: Objects, namespace: string | undefined): readonly Stored[] {
  if (namespace === undefined) return objects.values();
  return objects.range(namespace + separator, namespace + afterSeparator);
}

export const noObjects = none;
