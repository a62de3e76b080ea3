/**
 * The changes of the recent past, in memory: all that came after `base`. Watches and snapshots read it; what is older,
 * but above the compact revision, is still in the table.
 */
import type { Stored } from '../kube/view.ts';
import { withStored, type Objects } from './snapshot.ts';
import type { Change } from './store.ts';

interface RecentChange {
  readonly change: Change;
  /** The object that the key held before. */
  readonly before: Stored | undefined;
  /** Set for some changes: all objects of the resource before it, so that reading the past applies few changes. */
  readonly objectsBefore: Objects | undefined;
}

const keptEvery = 256;

export class History {
  #base: number;
  /** One place per revision after the base; a revision that changes no object has an empty place. */
  #changes: (Change | undefined)[] = [];
  readonly #resources = new Map<string, RecentChange[]>();

  constructor(base: number) {
    this.#base = base;
  }

  /** The history holds all changes after this revision. */
  get base(): number {
    return this.#base;
  }

  get length(): number {
    return this.#changes.length;
  }

  push(change: Change, before: Stored | undefined, objectsBefore: Objects): void {
    this.#changes.push(change);
    const recent = this.#resources.get(change.key.resource) ?? [];
    if (recent.length === 0) this.#resources.set(change.key.resource, recent);
    const isKept = change.revision % keptEvery === 0 || recent.length % keptEvery === 0;
    recent.push({ change, before, objectsBefore: isKept ? objectsBefore : undefined });
  }

  /** A revision that changed no object. */
  skip(): void {
    this.#changes.push(undefined);
  }

  /** Forgets what happened up to this revision. */
  forget(revision: number): void {
    const count = Math.min(revision - this.#base, this.#changes.length);
    if (count <= 0) return;
    this.#changes = this.#changes.slice(count);
    this.#base += count;
    for (const [resource, recent] of this.#resources) {
      const kept = recent.slice(firstAfter(recent, this.#base));
      if (kept.length === 0) this.#resources.delete(resource);
      else this.#resources.set(resource, kept);
    }
  }

  /** All changes after a revision that is not below the base. */
  after(revision: number, limit = Number.POSITIVE_INFINITY): Change[] {
    const found: Change[] = [];
    for (let index = revision - this.#base; index < this.#changes.length && found.length < limit; index += 1) {
      const change = this.#changes[index];
      if (change !== undefined) found.push(change);
    }
    return found;
  }

  /** The changes of one resource after a revision that is not below the base. */
  ofResource(resource: string, after: number, limit: number): Change[] {
    const recent = this.#resources.get(resource) ?? [];
    const first = firstAfter(recent, after);
    return recent.slice(first, first + limit).map(({ change }) => change);
  }

  /** What the key of a change after the base held before it. */
  before({ key, revision }: Change): Stored | undefined {
    const recent = this.#resources.get(key.resource) ?? [];
    const found = recent[firstAfter(recent, revision - 1)];
    return found?.change.revision === revision ? found.before : undefined;
  }

  /** The objects of a resource as of a revision that is not below the base, given those of now. */
  objectsAt(resource: string, revision: number, now: Objects): Objects {
    const recent = this.#resources.get(resource) ?? [];
    const first = firstAfter(recent, revision);
    let known = first;
    while (known < recent.length && recent[known]?.objectsBefore === undefined) known += 1;
    let objects = recent[known]?.objectsBefore ?? now;
    for (let index = known - 1; index >= first; index -= 1) {
      const found = recent[index];
      if (found !== undefined) objects = withStored(objects, found.change.key, found.before);
    }
    return objects;
  }

  resources(): Iterable<string> {
    return this.#resources.keys();
  }
}

/** The index of the first change with a greater revision. */
function firstAfter(recent: readonly RecentChange[], revision: number): number {
  let low = 0;
  let high = recent.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((recent[middle]?.change.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
