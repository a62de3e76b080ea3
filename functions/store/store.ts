/**
 * The store: the interface of the log for all other code. One total order of changes over all resources; the revision
 * of a change is its place in that order. `infra/decisions` and this folder's README describe how it is kept.
 */
import type { KubeObject } from '../kube/object.ts';
import type { Key, Stored, StoreView } from '../kube/view.ts';
import type { FormatState } from './format.ts';

export type ChangeType = 'added' | 'modified' | 'deleted';

/** One committed change. A deletion carries the last object, with the deletion's revision in it. */
export interface Change<T extends KubeObject = KubeObject> extends Stored<T> {
  readonly type: ChangeType;
  /** The labels and selectable fields before this change; undefined for `added`. Watches with selectors need both sides. */
  readonly previous?: Selectable | undefined;
}

export interface Selectable {
  readonly labels: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

export type Write =
  /** `key` must be absent in the view. */
  | { readonly type: 'create'; readonly key: Key; readonly object: KubeObject }
  /**
   * `key` must be present. When nothing but resourceVersion or managedFields times differs, nothing is written and the
   * revision stays, unless `isCounted`.
   */
  | { readonly type: 'update'; readonly key: Key; readonly object: KubeObject; readonly isCounted?: boolean }
  /** `key` must be present. The same object in the format that the store has by now; only its revision is another. */
  | { readonly type: 'rewrite'; readonly key: Key }
  /** `object`, when given, is the last state that watchers see; else the current one. */
  | { readonly type: 'delete'; readonly key: Key; readonly object?: KubeObject };

export type Decision<T> =
  /** All writes are committed in one entry, or none. `answer` gets the stored outcome of each write, in order. */
  | { readonly outcome: 'write'; readonly writes: readonly Write[]; answer(stored: readonly Stored[]): T }
  | { readonly outcome: 'answer'; readonly answer: T }
  /** Thrown to the caller, but only once the view is known to be fresh. */
  | { readonly outcome: 'refuse'; readonly error: Error };

/**
 * What is to happen at the commit point. `decide` is pure and may be called again, with a newer view, when another
 * writer came first; it must read nothing but its view.
 */
export interface Operation<T> {
  /** The objects it reads with `view.get`. */
  readonly keys: readonly Key[];
  /** The resources it lists with `view.list`. */
  readonly lists?: readonly string[];
  decide(view: StoreView): Decision<T>;
}

export interface WatchRequest {
  readonly resource: string;
  readonly namespace?: string;
  /** Changes with a greater revision are delivered. */
  readonly after: number;
  readonly signal: AbortSignal;
}

/** Everything of the watched resource up to `revision` has been delivered with this batch; `changes` may be empty (progress). */
export interface WatchBatch {
  readonly revision: number;
  readonly changes: readonly Change[];
}

export interface FormatProgress extends FormatState {
  readonly newest: number;
  readonly objectsLeft: number;
}

export interface Store {
  /**
   * Commits one operation; many may be under way at once and share an entry.
   * Throws what the decision refused with, or a `StoreError`.
   */
  commit<T>(operation: Operation<T>): Promise<T>;

  /** The newest snapshot in memory, without asking the log. */
  view(): StoreView;
  /**
   * A snapshot that holds every write acknowledged before this call; or before `sinceMs`, a reading of this process's
   * monotonic clock, for a request that came then.
   */
  fresh(sinceMs?: number): Promise<StoreView>;
  /** A snapshot not older than `revision`; `StoreError` 'too-large-revision' after 3 s. */
  notOlderThan(revision: number): Promise<StoreView>;
  /** The snapshot as of exactly `revision`. `StoreError` 'compacted' below the compact revision. */
  at(revision: number): Promise<StoreView>;

  /** The oldest revision that `at` and `watch` still reach. */
  compactRevision(): number;

  /**
   * Batches of changes in order, without gap or duplicate, until the signal is aborted (then it just ends).
   * Throws `StoreError` 'compacted' when `after` is below the compact revision, also later if a slow reader falls below it.
   */
  watch(request: WatchRequest): AsyncIterable<WatchBatch>;

  /** All changes of all resources after `revision`, in order, at most `limit`; 'compacted' below the compact revision. */
  changesAfter(revision: number, limit: number): Promise<readonly Change[]>;

  /** What the object was before a change; `StoreError` 'compacted' where that is below the compact revision. */
  before(change: Change): Promise<Stored | undefined>;

  /**
   * Calls back after each batch of changes that this process applies, with the newest revision. `view()` has the changes
   * then, and so has all that follows from it (`kube/derived.ts`): the order of subscriptions does not matter. Watches are
   * woken afterwards. Returns the un-subscription.
   */
  onApplied(listener: (revision: number, changes: readonly Change[]) => void): () => void;

  /**
   * How the store is written, and which format this version could write. Also how many objects have an older one than the
   * store.
   */
  format(): FormatProgress;
  /**
   * From now on the store is written in the newest format of this version. It refuses versions that do not read it. Not
   * to be undone.
   */
  finalizeFormat(): Promise<void>;

  /**
   * One step of the housekeeping that any process may do: write a checkpoint, move the compact revision, rewrite what has an older format.
   * Call it now and then.
   */
  housekeep(): Promise<void>;

  close(): Promise<void>;
}

export type StoreErrorCode =
  | 'compacted'
  | 'too-large-revision'
  | 'too-large-object'
  /** The write may or may not have happened: read again before deciding. */
  | 'unknown-outcome'
  | 'unavailable'
  | 'corrupt'
  /** The table was written by a version of the format that this code does not know. */
  | 'wrong-format';

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** An entry of the log whose bytes are damaged: what it changed cannot be read from it. */
export class DamagedEntry extends StoreError {
  readonly logIndex: number;

  constructor(logIndex: number, why: string) {
    super('corrupt', `log entry ${logIndex} cannot be read: ${why}`);
    this.logIndex = logIndex;
  }
}
