/** All objects as of one place of the past. */
import type { Key, StoreView, ViewDifference } from '../kube/view.ts';
import { treeKey } from '../store/snapshot.ts';
import { type Envelopes, PastObject } from './past-object.ts';
import type { ArchivedChange, LogPosition, Step } from './step.ts';

const nothing: ReadonlyMap<string, PastObject> = new Map();

export class PastSnapshot implements StoreView {
  readonly place: LogPosition;
  readonly #objects: ReadonlyMap<string, ReadonlyMap<string, PastObject>>;
  readonly #sorted = new Map<string, readonly PastObject[]>();

  constructor(place: LogPosition, objects: ReadonlyMap<string, ReadonlyMap<string, PastObject>>) {
    this.place = place;
    this.#objects = objects;
  }

  get revision(): number {
    return this.place.revision;
  }

  get(key: Key): PastObject | undefined {
    return this.#objects.get(key.resource)?.get(treeKey(key));
  }

  list(resource: string, namespace?: string): readonly PastObject[] {
    const all = this.#all(resource);
    if (namespace === undefined) return all;
    return all.filter(({ key }) => key.namespace === namespace);
  }

  identity(resource: string): object {
    return this.#objects.get(resource) ?? nothing;
  }

  /** Snapshots of the past share nothing with others: all objects differ from those of any other snapshot. */
  since(resource: string, identity: object | undefined): readonly ViewDifference[] {
    const here = this.#objects.get(resource) ?? nothing;
    if (identity === here) return [];
    const there = identity instanceof Map ? (identity as ReadonlyMap<string, PastObject>) : nothing;
    const keys = [...new Set([...here.keys(), ...there.keys()])].sort();
    return keys.map((key) => ({ before: there.get(key), after: here.get(key) }));
  }

  resources(): string[] {
    return [...this.#objects.keys()];
  }

  #all(resource: string): readonly PastObject[] {
    const known = this.#sorted.get(resource);
    if (known !== undefined) return known;
    const entries = [...(this.#objects.get(resource) ?? nothing)];
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    this.#sorted.set(resource, sorted);
    return sorted;
  }
}

/** Builds snapshots step by step. */
export class SnapshotBuilder {
  readonly #envelopes: Envelopes;
  readonly #objects = new Map<string, Map<string, ArchivedChange>>();
  #place: LogPosition;

  constructor(place: LogPosition, envelopes: Envelopes) {
    this.#place = place;
    this.#envelopes = envelopes;
  }

  get place(): LogPosition {
    return this.#place;
  }

  apply({ place, changes }: Step): void {
    for (const change of changes) this.#put(change);
    this.#place = place;
  }

  *changes(): Generator<ArchivedChange> {
    for (const objects of this.#objects.values()) yield* objects.values();
  }

  async snapshot(): Promise<PastSnapshot> {
    await this.#envelopes.load(this.changes());
    const objects = new Map<string, ReadonlyMap<string, PastObject>>();
    for (const [resource, changes] of this.#objects) {
      objects.set(resource, new Map([...changes].map(([key, change]) => [key, new PastObject(change, this.#envelopes)])));
    }
    return new PastSnapshot(this.#place, objects);
  }

  #put(change: ArchivedChange): void {
    const { resource } = change.key;
    const objects = this.#objects.get(resource) ?? new Map<string, ArchivedChange>();
    if (objects.size === 0) this.#objects.set(resource, objects);
    if (change.type === 'deleted') objects.delete(treeKey(change.key));
    else objects.set(treeKey(change.key), change);
  }
}
