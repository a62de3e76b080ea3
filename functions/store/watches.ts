/**
 * Each watch reads the shared history from a place of its own. A slow one costs nothing, and a thousand cost a wake-up
 * each (`topics.ts`). One that falls below the compact revision ends with an error.
 */
import type { Cancel, Clock } from '../world.ts';
import type { Replica } from './replica.ts';
import type { Change, WatchBatch, WatchRequest } from './store.ts';
import { StoreError } from './store.ts';
import { Topic, type Sleeper } from './topics.ts';

export interface WatchesParts {
  readonly replica: Replica;
  readonly clock: Clock;
  readonly progressMs: number;
  readonly batchMax: number;
  /** Changes that are no longer in memory but above the compact revision. */
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
  readonly #topics = new Map<string, Topic>();
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

  /** To be called after each entry that was applied. */
  applied(changes: readonly Change[]): void {
    this.#found.clear();
    const topics = new Set<string>();
    for (const { key } of changes) topics.add(topicOf(key)).add(topicOf({ resource: key.resource }));
    for (const name of topics) this.#topics.get(name)?.ring();
    if (this.#topics.size > 0) this.#promiseProgress();
  }

  close(): void {
    this.#closed = true;
    this.#progressTimer?.();
    for (const topic of this.#topics.values()) topic.close();
    this.#wakeAll(false);
  }

  /** `ready` is waited for before the first batch. */
  watch(request: WatchRequest, ready: () => Promise<unknown>): AsyncIterableIterator<WatchBatch> {
    return new Watch(this, request, ready);
  }

  follow(name: string): Topic {
    const topic = this.#topics.get(name) ?? new Topic(this.parts.clock);
    this.#topics.set(name, topic);
    topic.follow();
    return topic;
  }

  unfollow(name: string): void {
    if (this.#topics.get(name)?.unfollow() === false) this.#topics.delete(name);
  }

  /** The changes of the resource that are in memory, at most a batch; all namespaces'. */
  changesAfter(resource: string, after: number): readonly Change[] {
    return this.#sharedAt(`${after} ${resource}`, () => this.parts.replica.history.ofResource(resource, after, this.parts.batchMax));
  }

  /** The changes after a revision that are in the namespace. */
  changesIn(namespace: string | undefined, resource: string, after: number): readonly Change[] {
    const all = this.changesAfter(resource, after);
    if (namespace === undefined) return all;
    return this.#sharedAt(`${after} ${topicOf({ resource, namespace })}`, () => all.filter(({ key }) => key.namespace === namespace));
  }

  #sharedAt(place: string, find: () => readonly Change[]): readonly Change[] {
    const found = this.#found.get(place) ?? find();
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

  #wakeAll(maySendProgress: boolean): void {
    for (const topic of this.#topics.values()) topic.wake(maySendProgress);
  }
}

interface Pending {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

class Watch implements AsyncIterableIterator<WatchBatch>, Sleeper {
  readonly #watches: Watches;
  readonly #request: WatchRequest;
  readonly #ready: () => Promise<unknown>;
  readonly #abort = (): void => this.#finish();
  #isStarted = false;
  #isEnded = false;
  /** Everything up to here was read. */
  #seen: number;
  /** The revision of the last batch. */
  #sent: number;
  #pending: Pending | undefined;
  /** From the first read on, until it ends. */
  #topic: Topic | undefined;
  /** The beat in which it got all there was. */
  #sentInBeat: number | undefined;

  constructor(watches: Watches, request: WatchRequest, ready: () => Promise<unknown>) {
    this.#watches = watches;
    this.#request = request;
    this.#ready = ready;
    this.#seen = request.after;
    this.#sent = request.after;
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
      if (!this.#isOver()) this.#topic = this.#watches.follow(topicOf(this.#request));
    }
    while (this.#isBehindMemory()) {
      const batch = await this.#readPast();
      if (batch !== undefined) return batch;
    }
    return (this.#isEarly() ? undefined : this.#check(false)) ?? this.#wait();
  }

  /** It has had its part of this beat: what came since waits for the next one. */
  #isEarly(): boolean {
    const topic = this.#topic;
    if (topic?.hasBeats !== true || topic.beats !== this.#sentInBeat || this.#isOver()) return false;
    if (this.#watches.changesAfter(this.#request.resource, this.#seen).length === 0) return false;
    topic.awaitBeat();
    return true;
  }

  #wait(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#topic?.wait(this);
    });
  }

  async return(): Promise<Result> {
    this.#finish();
    return end;
  }

  /** Something may have changed, or ended. */
  wake(maySendProgress: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    if (this.#isBehindMemory()) {
      // One entry held more than memory keeps.
      this.#stopWaiting();
      this.next().then(pending.resolve, pending.reject);
      return;
    }
    try {
      const result = this.#check(maySendProgress);
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
    if (this.#topic !== undefined) this.#watches.unfollow(topicOf(this.#request));
    this.#topic = undefined;
    pending?.resolve(end);
  }

  #stopWaiting(): void {
    this.#pending = undefined;
    this.#topic?.stopWaiting(this);
  }

  /** The next batch of what is in memory, if there is news. */
  #check(maySendProgress: boolean): Result | undefined {
    if (this.#isOver()) return end;
    this.#checkCompacted();
    const { replica, batchMax } = this.#watches.parts;
    // A full batch may have left some behind; those of other namespaces alone are no news.
    for (;;) {
      const { resource, namespace } = this.#request;
      const found = this.#watches.changesAfter(resource, this.#seen);
      const changes = this.#watches.changesIn(namespace, resource, this.#seen);
      const isFull = found.length === batchMax;
      this.#seen = Math.max(this.#seen, (isFull ? found.at(-1)?.revision : undefined) ?? replica.revision);
      this.#sentInBeat = isFull ? undefined : this.#topic?.beats;
      if (changes.length > 0 || (maySendProgress && !isFull && this.#seen > this.#sent)) return this.#send(changes);
      if (!isFull) return undefined;
    }
  }

  /** The next batch of what is only in the table. */
  async #readPast(): Promise<Result | undefined> {
    this.#checkCompacted();
    const { past, batchMax } = this.#watches.parts;
    const { changes, through } = await past(this.#seen, batchMax);
    if (this.#isOver()) return end;
    this.#seen = through;
    const { resource, namespace } = this.#request;
    const own = changes.filter(({ key }) => key.resource === resource && (namespace === undefined || key.namespace === namespace));
    return own.length === 0 ? undefined : this.#send(own);
  }

  #send(changes: readonly Change[]): Result {
    this.#sent = this.#seen;
    return { done: false, value: { revision: this.#seen, changes } };
  }

  #checkCompacted(): void {
    const { compactRevision } = this.#watches.parts.replica;
    if (this.#seen >= compactRevision) return;
    throw new StoreError('compacted', `revision ${this.#seen} is no longer available; the oldest is ${compactRevision}`);
  }
}

const topicOf = ({ resource, namespace }: { readonly resource: string; readonly namespace?: string }): string =>
  namespace === undefined ? resource : `${resource}\u0000${namespace}`;
