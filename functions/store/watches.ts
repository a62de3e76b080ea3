/**
 * Watches read the shared history from a place of their own, so that a slow one costs nothing and a thousand cost a
 * wake-up each. One that falls below the floor is told so.
 */
import type { Cancel, Clock } from '../world.ts';
import type { Replica } from './replica.ts';
import type { Change, WatchBatch, WatchRequest } from './store.ts';
import { StoreError } from './store.ts';

export interface WatchesParts {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly progressMs: number;
  readonly batchMax: number;
  /** Changes that are no longer in memory but above the floor. */
  readonly past: (after: number, limit: number) => Promise<PastChanges>;
}

export interface PastChanges {
  readonly changes: readonly Change[];
  /** All up to here is in `changes`. */
  readonly through: number;
}

type Result = IteratorResult<WatchBatch, undefined>;

const end: Result = { done: true, value: undefined };

export class Watches {
  readonly parts: WatchesParts;
  readonly #waiting = new Map<string, Set<Watch>>();
  /** What watches at the same place found since the last change: many of them ask for the same. */
  readonly #found = new Map<string, readonly Change[]>();
  #progressTimer: Cancel | undefined;
  #closed = false;

  constructor(parts: WatchesParts) {
    this.parts = parts;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** To be called after each slot that was applied. */
  applied(changes: readonly Change[]): void {
    this.#found.clear();
    const topics = new Set<string>();
    for (const { key } of changes) topics.add(topicOf(key)).add(topicOf({ resource: key.resource }));
    for (const topic of topics) this.#wake(topic, false);
    if (this.#waiting.size > 0) this.#promiseProgress();
  }

  close(): void {
    this.#closed = true;
    this.#progressTimer?.();
    this.#wakeAll(false);
  }

  /** `ready` is waited for before the first batch. */
  watch(request: WatchRequest, ready: () => Promise<unknown>): AsyncIterableIterator<WatchBatch> {
    return new Watch(this, request, ready);
  }

  wait(watch: Watch): void {
    const waiting = this.#waiting.get(watch.topic);
    if (waiting === undefined) this.#waiting.set(watch.topic, new Set([watch]));
    else waiting.add(watch);
  }

  leave(watch: Watch): void {
    const waiting = this.#waiting.get(watch.topic);
    if (waiting?.delete(watch) === true && waiting.size === 0) this.#waiting.delete(watch.topic);
  }

  /** The changes of the resource that are in memory, at most a batch; all namespaces'. */
  changesAfter(resource: string, after: number): readonly Change[] {
    const place = `${after} ${resource}`;
    const found = this.#found.get(place) ?? this.parts.replica.history.ofResource(resource, after, this.parts.batchMax);
    this.#found.set(place, found);
    return found;
  }

  /** One timer for all, and only while something has changed that some of them do not know of. */
  #promiseProgress(): void {
    this.#progressTimer ??= this.parts.clock.after(this.parts.progressMs, () => {
      this.#progressTimer = undefined;
      this.#wakeAll(true);
    });
  }

  #wakeAll(mayTellProgress: boolean): void {
    for (const topic of this.#waiting.keys()) this.#wake(topic, mayTellProgress);
  }

  /** A woken watch comes back no sooner than in another turn: it is safe to go through those that wait. */
  #wake(topic: string, mayTellProgress: boolean): void {
    for (const watch of this.#waiting.get(topic) ?? []) watch.wake(mayTellProgress);
  }
}

interface Pending {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

class Watch implements AsyncIterableIterator<WatchBatch> {
  readonly topic: string;
  readonly #watches: Watches;
  readonly #request: WatchRequest;
  readonly #ready: () => Promise<unknown>;
  readonly #abort = (): void => this.#finish();
  #isStarted = false;
  #isEnded = false;
  /** Everything up to here was looked at. */
  #seen: number;
  /** The revision of the last batch. */
  #told: number;
  #pending: Pending | undefined;

  constructor(watches: Watches, request: WatchRequest, ready: () => Promise<unknown>) {
    this.topic = topicOf(request);
    this.#watches = watches;
    this.#request = request;
    this.#ready = ready;
    this.#seen = request.after;
    this.#told = request.after;
    request.signal.addEventListener('abort', this.#abort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    try {
      return await this.#next();
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  async #next(): Promise<Result> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      await this.#ready();
    }
    while (this.#isBehindMemory()) {
      const batch = await this.#readPast();
      if (batch !== undefined) return batch;
    }
    return (
      this.#look(false) ??
      new Promise((resolve, reject) => {
        this.#pending = { resolve, reject };
        this.#watches.wait(this);
      })
    );
  }

  async return(): Promise<Result> {
    this.#finish();
    return end;
  }

  /** Something may have changed, or ended. */
  wake(mayTellProgress: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    if (this.#isBehindMemory()) {
      // One slot held more than memory keeps.
      this.#stopWaiting();
      this.next().then(pending.resolve, pending.reject);
      return;
    }
    try {
      const result = this.#look(mayTellProgress);
      if (result === undefined) return;
      this.#stopWaiting();
      pending.resolve(result);
    } catch (error) {
      this.#stopWaiting();
      pending.reject(error);
    }
  }

  #isOver(): boolean {
    return this.#isEnded || this.#request.signal.aborted || this.#watches.isClosed;
  }

  #isBehindMemory(): boolean {
    return this.#seen < this.#watches.parts.replica.history.base && !this.#isOver();
  }

  #finish(): void {
    const pending = this.#pending;
    this.#isEnded = true;
    this.#request.signal.removeEventListener('abort', this.#abort);
    this.#stopWaiting();
    pending?.resolve(end);
  }

  #stopWaiting(): void {
    this.#pending = undefined;
    this.#watches.leave(this);
  }

  /** The next batch of what is in memory, if there is something to tell. */
  #look(mayTellProgress: boolean): Result | undefined {
    if (this.#isOver()) return end;
    this.#checkFloor();
    const { replica, batchMax } = this.#watches.parts;
    // A full batch may have left some behind; those of other namespaces alone are nothing to tell.
    for (;;) {
      const found = this.#watches.changesAfter(this.#request.resource, this.#seen);
      const isFull = found.length === batchMax;
      this.#seen = Math.max(this.#seen, (isFull ? found.at(-1)?.revision : undefined) ?? replica.revision);
      const changes = this.#inNamespace(found);
      if (changes.length > 0 || (mayTellProgress && !isFull && this.#seen > this.#told)) return this.#tell(changes);
      if (!isFull) return undefined;
    }
  }

  /** The next batch of what is only in the table. */
  async #readPast(): Promise<Result | undefined> {
    this.#checkFloor();
    const { past, batchMax } = this.#watches.parts;
    const { changes, through } = await past(this.#seen, batchMax);
    if (this.#isOver()) return end;
    this.#seen = through;
    const own = this.#inNamespace(changes.filter(({ key }) => key.resource === this.#request.resource));
    return own.length === 0 ? undefined : this.#tell(own);
  }

  #inNamespace(changes: readonly Change[]): readonly Change[] {
    const { namespace } = this.#request;
    return namespace === undefined ? changes : changes.filter(({ key }) => key.namespace === namespace);
  }

  #tell(changes: readonly Change[]): Result {
    this.#told = this.#seen;
    return { done: false, value: { revision: this.#seen, changes } };
  }

  #checkFloor(): void {
    const { floor } = this.#watches.parts.replica;
    if (this.#seen >= floor) return;
    throw new StoreError('compacted', `revision ${this.#seen} is no longer available; the oldest is ${floor}`);
  }
}

const topicOf = ({ resource, namespace }: { readonly resource: string; readonly namespace?: string }): string =>
  namespace === undefined ? resource : `${resource}\u0000${namespace}`;
