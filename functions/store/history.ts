/**
 * The changes of the recent past, in memory: all that came after `base`. Watches and snapshots read it; what is older,
 * but above the floor, is still in the table.
 */
import type { Stored } from '../kube/view.ts';
import { withStored, type Objects } from './picture.ts';
import type { Change } from './store.ts';

interface Entry {
  readonly change: Change;
  /** What the key held before. */
  readonly before: Stored | undefined;
  /** Set for some changes: all objects of the resource before it, so that reading the past applies few changes. */
  readonly objectsBefore: Objects | undefined;
}

const checkpointEvery = 256;

export class History {
  #base: number;
  /** One place per revision after the base; a revision that changes no object has an empty place. */
  #changes: (Change | undefined)[] = [];
  readonly #resources = new Map<string, Entry[]>();

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
    const entries = this.#resources.get(change.key.resource) ?? [];
    if (entries.length === 0) this.#resources.set(change.key.resource, entries);
    const checkpoint = change.revision % checkpointEvery === 0 || entries.length % checkpointEvery === 0;
    entries.push({ change, before, objectsBefore: checkpoint ? objectsBefore : undefined });
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
    for (const [resource, entries] of this.#resources) {
      const kept = entries.slice(firstAfter(entries, this.#base));
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
    const entries = this.#resources.get(resource) ?? [];
    const first = firstAfter(entries, after);
    return entries.slice(first, first + limit).map(({ change }) => change);
  }

  /** What the key of a change after the base held before it. */
  before({ key, revision }: Change): Stored | undefined {
    const entries = this.#resources.get(key.resource) ?? [];
    const entry = entries[firstAfter(entries, revision - 1)];
    return entry?.change.revision === revision ? entry.before : undefined;
  }

  /** The objects of a resource as of a revision that is not below the base, given those of now. */
  objectsAt(resource: string, revision: number, now: Objects): Objects {
    const entries = this.#resources.get(resource) ?? [];
    const first = firstAfter(entries, revision);
    let known = first;
    while (known < entries.length && entries[known]?.objectsBefore === undefined) known += 1;
    let objects = entries[known]?.objectsBefore ?? now;
    for (let index = known - 1; index >= first; index -= 1) {
      const entry = entries[index];
      if (entry !== undefined) objects = withStored(objects, entry.change.key, entry.before);
    }
    return objects;
  }

  resources(): Iterable<string> {
    return this.#resources.keys();
  }
}

/** The index of the first entry with a greater revision. */
function firstAfter(entries: readonly Entry[], revision: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.change.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
