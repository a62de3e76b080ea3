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

/** What wakes a waiting watch. */
type Wake = 'changes' | 'progress' | 'end';

interface Place {
  /** Everything up to here was looked at. */
  seen: number;
  /** The revision of the last batch. */
  told: number;
}

export class Watches {
  readonly #parts: WatchesParts;
  readonly #waiting = new Map<string, Set<(wake: Wake) => void>>();
  #progressTimer: Cancel | undefined;
  #closed = false;

  constructor(parts: WatchesParts) {
    this.#parts = parts;
  }

  /** To be called after each slot that was applied. */
  applied(changes: readonly Change[]): void {
    const topics = new Set<string>();
    for (const { key } of changes) topics.add(topicOf(key.resource, undefined)).add(topicOf(key.resource, key.namespace));
    for (const topic of topics) this.#wake(topic, 'changes');
    if (this.#waiting.size > 0) this.#promiseProgress();
  }

  close(): void {
    this.#closed = true;
    this.#progressTimer?.();
    this.#wakeAll('end');
  }

  async *watch(request: WatchRequest): AsyncGenerator<WatchBatch, void, undefined> {
    const place: Place = { seen: request.after, told: request.after };
    let wake: Wake = 'changes';
    while (wake !== 'end' && !request.signal.aborted && !this.#closed) {
      const changes = await this.#changesSince(place, request);
      // While a batch was read from the table, the reader may have left.
      if (request.signal.aborted) return;
      if (changes.length > 0 || (wake === 'progress' && place.seen > place.told)) {
        place.told = place.seen;
        wake = 'changes';
        yield { revision: place.seen, changes };
      } else if (place.seen >= this.#parts.replica.revision) {
        wake = await this.#sleep(request);
      }
    }
  }

  /** Moves the place forward. */
  async #changesSince(place: Place, { resource, namespace }: WatchRequest): Promise<readonly Change[]> {
    const { replica, batchMax, past } = this.#parts;
    if (place.seen < replica.floor) {
      throw new StoreError('compacted', `revision ${place.seen} is no longer available; the oldest is ${replica.floor}`);
    }
    let changes: readonly Change[];
    if (place.seen < replica.history.base) {
      const read = await past(place.seen, batchMax);
      changes = read.changes.filter(({ key }) => key.resource === resource);
      place.seen = read.through;
    } else {
      changes = replica.history.ofResource(resource, place.seen, batchMax);
      const last = changes.length === batchMax ? changes.at(-1)?.revision : undefined;
      place.seen = Math.max(place.seen, last ?? replica.revision);
    }
    return namespace === undefined ? changes : changes.filter(({ key }) => key.namespace === namespace);
  }

  #sleep({ resource, namespace, signal }: WatchRequest): Promise<Wake> {
    const topic = topicOf(resource, namespace);
    const waiting = this.#waiting.get(topic) ?? new Set();
    this.#waiting.set(topic, waiting);
    return new Promise((resolve) => {
      const abort = (): void => wake('end');
      const wake = (why: Wake): void => {
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(topic);
        signal.removeEventListener('abort', abort);
        resolve(why);
      };
      waiting.add(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** One timer for all, and only while something has changed that some of them do not know of. */
  #promiseProgress(): void {
    this.#progressTimer ??= this.#parts.clock.after(this.#parts.progressMs, () => {
      this.#progressTimer = undefined;
      this.#wakeAll('progress');
    });
  }

  #wakeAll(wake: Wake): void {
    for (const topic of this.#waiting.keys()) this.#wake(topic, wake);
  }

  #wake(topic: string, wake: Wake): void {
    for (const one of this.#waiting.get(topic) ?? []) one(wake);
  }
}

const topicOf = (resource: string, namespace: string | undefined): string =>
  namespace === undefined ? resource : `${resource}\u0000${namespace}`;
