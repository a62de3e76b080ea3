/**
 * A process's copy of the state: the log applied in order up to one slot. It keeps the recent changes too, down to the
 * floor or to a bound, whichever is nearer.
 */
import type { Key, Stored } from '../kube/view.ts';
import { firstState, type FormatState } from './format.ts';
import { History } from './history.ts';
import { lastRevision, type Entry, type LogSlot } from './log-slot.ts';
import { noObjects, Picture, treeKey, withStored, type Objects } from './picture.ts';
import type { Change } from './store.ts';
import { StoreError } from './store.ts';

/** The state at the end of a slot, made of object items and the log. */
export interface Snapshot {
  readonly slot: number;
  readonly revision: number;
  /** How the store is written there. */
  readonly format: FormatState;
  readonly objects: Iterable<Stored>;
}

export interface FloorMark {
  readonly revision: number;
  readonly writtenMs: number;
}

export class Replica {
  #slot = 0;
  #revision = 0;
  #floor = 0;
  #lastFloor: FloorMark | undefined;
  #format = firstState;
  #formatRevision = 0;
  #objects = new Map<string, Objects>();
  #history = new History(0);
  readonly #historyChangesMax: number;

  constructor(historyChangesMax: number) {
    this.#historyChangesMax = historyChangesMax;
  }

  get slot(): number {
    return this.#slot;
  }

  get revision(): number {
    return this.#revision;
  }

  get floor(): number {
    return this.#floor;
  }

  /** The newest floor frame; the next one makes its revision the floor. */
  get lastFloor(): FloorMark | undefined {
    return this.#lastFloor;
  }

  /** How the store is written from here on. */
  get format(): FormatState {
    return this.#format;
  }

  /** Everything after this revision is written so. */
  get formatRevision(): number {
    return this.#formatRevision;
  }

  get history(): History {
    return this.#history;
  }

  objects(resource: string): Objects {
    return this.#objects.get(resource) ?? noObjects;
  }

  resources(): string[] {
    return [...this.#objects.keys()];
  }

  /** The state now; it stays as it is when the replica moves on. */
  picture(): Picture {
    return new Picture(this.#revision, new Map(this.#objects));
  }

  /** The state as of a revision between the history's base and now. */
  pictureAt(revision: number): Picture {
    const objects = new Map(this.#objects);
    for (const resource of this.#history.resources()) {
      objects.set(resource, this.#history.objectsAt(resource, revision, this.objects(resource)));
    }
    return new Picture(revision, objects);
  }

  /** Starts again from object items. Slots after the snapshot's are to be applied next. */
  load(snapshot: Snapshot): void {
    this.#slot = snapshot.slot;
    this.#revision = snapshot.revision;
    this.#floor = snapshot.revision;
    this.#lastFloor = undefined;
    this.#format = snapshot.format;
    this.#formatRevision = snapshot.revision;
    this.#history = new History(snapshot.revision);
    this.#objects = new Map();
    for (const stored of snapshot.objects) this.#put(stored.key, stored);
  }

  /** Applies the slot after the last one, and returns what changed. */
  apply(slot: LogSlot): readonly Change[] {
    if (slot.slot !== this.#slot + 1 || slot.firstRevision !== this.#revision + 1) {
      throw new StoreError(
        'corrupt',
        `slot ${slot.slot} begins with revision ${slot.firstRevision}, but slot ${this.#slot} ends with revision ${this.#revision}`,
      );
    }
    const changes: Change[] = [];
    for (const entry of slot.entries) {
      if (entry.type === 'floor') this.#applyFloor(entry.floor, { revision: lastRevision(slot), writtenMs: slot.writtenMs });
      else if (entry.type === 'format') this.#applyFormat(entry.format, lastRevision(slot));
      else changes.push(this.#applyChange(entry, slot.slot));
    }
    this.#slot = slot.slot;
    this.#revision = lastRevision(slot);
    this.#bound();
    return changes;
  }

  #applyFloor(floor: number, mark: FloorMark): void {
    this.#history.skip();
    this.#lastFloor = mark;
    this.#floor = Math.max(this.#floor, floor);
    this.#history.forget(this.#floor);
  }

  #applyFormat(format: FormatState, revision: number): void {
    this.#history.skip();
    this.#format = format;
    this.#formatRevision = revision;
  }

  #applyChange({ change, previousRevision }: Extract<Entry, { type: 'change' }>, slot: number): Change {
    const { key, type } = change;
    const objects = this.objects(key.resource);
    const before = objects.get(treeKey(key));
    this.#history.push(change, before, objects);
    if ((before?.revision ?? 0) !== previousRevision) {
      throw new StoreError(
        'corrupt',
        `slot ${slot}, ${key.resource} ${key.namespace}/${key.name} follows revision ${previousRevision}, but the log says ${before?.revision ?? 0}`,
      );
    }
    this.#put(key, type === 'deleted' ? undefined : change);
    return change;
  }

  #put(key: Key, stored: Stored | undefined): void {
    this.#objects.set(key.resource, withStored(this.objects(key.resource), key, stored));
  }

  /** Forgets a tenth at once, so that forgetting stays rare. */
  #bound(): void {
    if (this.#history.length <= this.#historyChangesMax) return;
    this.#history.forget(this.#revision - Math.ceil(this.#historyChangesMax * 0.9));
  }
}
