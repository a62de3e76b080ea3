/**
 * A process's copy of the state: the log applied in order up to one entry. It keeps the recent changes too, down to the
 * compact revision or to a bound, whichever is nearer.
 */
import type { Key, Stored } from '../kube/view.ts';
import { firstState, type FormatState } from './format.ts';
import { History } from './history.ts';
import { lastRevision, type EntryContent, type LogEntry } from './log-entry.ts';
import { noObjects, Snapshot, treeKey, withStored, type Objects } from './snapshot.ts';
import type { Change } from './store.ts';
import { StoreError } from './store.ts';

/** The state at the end of an entry, made of object items and the log. */
export interface Checkpoint {
  readonly logIndex: number;
  readonly revision: number;
  /** The format in which the store is written there. */
  readonly format: FormatState;
  readonly objects: Iterable<Stored>;
}

export interface CompactionMark {
  readonly revision: number;
  readonly writtenMs: number;
}

export class Replica {
  #logIndex = 0;
  #revision = 0;
  #compactRevision = 0;
  #lastCompaction: CompactionMark | undefined;
  #format = firstState;
  #formatRevision = 0;
  #objects = new Map<string, Objects>();
  #history = new History(0);
  readonly #historyChangesMax: number;

  constructor(historyChangesMax: number) {
    this.#historyChangesMax = historyChangesMax;
  }

  get logIndex(): number {
    return this.#logIndex;
  }

  get revision(): number {
    return this.#revision;
  }

  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** The newest compaction frame; the next one makes its revision the compact revision. */
  get lastCompaction(): CompactionMark | undefined {
    return this.#lastCompaction;
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
  snapshot(): Snapshot {
    return new Snapshot(this.#revision, new Map(this.#objects));
  }

  /** The state as of a revision between the history's base and now. */
  snapshotAt(revision: number): Snapshot {
    const objects = new Map(this.#objects);
    for (const resource of this.#history.resources()) {
      objects.set(resource, this.#history.objectsAt(resource, revision, this.objects(resource)));
    }
    return new Snapshot(revision, objects);
  }

  /** Starts again from object items. Entries after the checkpoint's are to be applied next. */
  load(checkpoint: Checkpoint): void {
    this.#logIndex = checkpoint.logIndex;
    this.#revision = checkpoint.revision;
    this.#compactRevision = checkpoint.revision;
    this.#lastCompaction = undefined;
    this.#format = checkpoint.format;
    this.#formatRevision = checkpoint.revision;
    this.#history = new History(checkpoint.revision);
    this.#objects = new Map();
    for (const stored of checkpoint.objects) this.#put(stored.key, stored);
  }

  /** Applies the entry after the last one, and returns what changed. */
  apply(entry: LogEntry): readonly Change[] {
    if (entry.logIndex !== this.#logIndex + 1 || entry.firstRevision !== this.#revision + 1) {
      throw new StoreError(
        'corrupt',
        `log entry ${entry.logIndex} begins with revision ${entry.firstRevision}, but log entry ${this.#logIndex} ends with revision ${this.#revision}`,
      );
    }
    const changes: Change[] = [];
    for (const content of entry.contents) {
      if (content.type === 'compaction')
        this.#applyCompaction(content.compactRevision, { revision: lastRevision(entry), writtenMs: entry.writtenMs });
      else if (content.type === 'format') this.#applyFormat(content.format, lastRevision(entry));
      else changes.push(this.#applyChange(content, entry.logIndex));
    }
    this.#logIndex = entry.logIndex;
    this.#revision = lastRevision(entry);
    this.#bound();
    return changes;
  }

  #applyCompaction(compactRevision: number, mark: CompactionMark): void {
    this.#history.skip();
    this.#lastCompaction = mark;
    this.#compactRevision = Math.max(this.#compactRevision, compactRevision);
    this.#history.forget(this.#compactRevision);
  }

  #applyFormat(format: FormatState, revision: number): void {
    this.#history.skip();
    this.#format = format;
    this.#formatRevision = revision;
  }

  #applyChange({ change, previousRevision }: Extract<EntryContent, { type: 'change' }>, logIndex: number): Change {
    const { key, type } = change;
    const objects = this.objects(key.resource);
    const before = objects.get(treeKey(key));
    this.#history.push(change, before, objects);
    if ((before?.revision ?? 0) !== previousRevision) {
      throw new StoreError(
        'corrupt',
        `log entry ${logIndex}, ${key.resource} ${key.namespace}/${key.name} follows revision ${previousRevision}, but the log has ${before?.revision ?? 0}`,
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
