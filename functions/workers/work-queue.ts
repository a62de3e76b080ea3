/**
 * The objects that one controller has yet to reconcile. A request waits at most once, and is never given out again
 * while it is being reconciled. Failures come back after a delay that doubles; every outcome replaces whatever was
 * planned for the request before, since a reconcile reads everything there is to know.
 * Source: client-go, util/workqueue (queue.go, delaying_queue.go, default_rate_limiters.go).
 */
import type { ObjectName } from '../kube/object.ts';
import type { Clock } from '../world.ts';
import type { Note } from './controller.ts';
import { DelayQueue } from './delay-queue.ts';

const retryMsMin = 5;
const retryMsMax = 1_000_000;

/** What is left of a request when a run ends. */
export interface Pending extends ObjectName {
  /** When the request is due; 0: as soon as possible. */
  readonly atMs: number;
  /** How often it failed in a row. */
  readonly failures?: number;
  readonly note?: Note;
}

/** Another reconcile that a reconcile asks for. */
interface Again {
  readonly afterMs: number;
  readonly note?: Note | undefined;
}

export function retryDelayMs(failures: number): number {
  return Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures - 1, 40));
}

const keyOf = (request: ObjectName): string => `${request.namespace}\n${request.name}`;

function requestOf(key: string): ObjectName {
  const [namespace = '', name = ''] = key.split('\n');
  return { namespace, name };
}

export class WorkQueue {
  readonly #clock: Clock;
  /** Insertion order is the order of service. */
  readonly #ready = new Set<string>();
  readonly #running = new Set<string>();
  /** Requests that came again while they were being reconciled. */
  readonly #dirty = new Set<string>();
  readonly #delays = new DelayQueue();
  readonly #failures = new Map<string, number>();
  readonly #notes = new Map<string, Note>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(request: ObjectName): void {
    this.#addKey(keyOf(request));
  }

  /** Takes up what an earlier run left. */
  restore(pending: Pending): void {
    const key = keyOf(pending);
    if (pending.failures !== undefined) this.#failures.set(key, pending.failures);
    if (pending.note !== undefined) this.#notes.set(key, pending.note);
    if (pending.atMs <= this.#clock.now()) this.#addKey(key);
    else this.#delays.set(key, pending.atMs);
  }

  /** The next request to reconcile; it counts as running until `done` or `failed` is called for it. */
  take(): ObjectName | undefined {
    this.#moveDue();
    const [key] = this.#ready;
    if (key === undefined) return undefined;
    this.#ready.delete(key);
    this.#running.add(key);
    return requestOf(key);
  }

  /** What the reconcile before left for this one. */
  noteFor(request: ObjectName): Note | undefined {
    return this.#notes.get(keyOf(request));
  }

  /** It was reconciled; `again` asks for another reconcile. */
  done(request: ObjectName, again?: Again): void {
    const key = keyOf(request);
    this.#failures.delete(key);
    if (again?.note === undefined) this.#notes.delete(key);
    else this.#notes.set(key, again.note);
    this.#finish(key, again?.afterMs);
  }

  /** It was not; it comes back after the returned delay, with its note. */
  failed(request: ObjectName): number {
    const key = keyOf(request);
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const delayMs = retryDelayMs(failures);
    this.#finish(key, delayMs);
    return delayMs;
  }

  /** How often it failed in a row. */
  failuresOf(request: ObjectName): number {
    return this.#failures.get(keyOf(request)) ?? 0;
  }

  get readyCount(): number {
    this.#moveDue();
    return this.#ready.size;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** When the next delayed request is due. */
  nextMs(): number | undefined {
    return this.#delays.nextMs();
  }

  /** Everything that is not done, running requests included. */
  pending(): Pending[] {
    const all = new Map<string, number>(this.#delays.entries());
    for (const key of [...this.#ready, ...this.#running]) all.set(key, 0);
    return [...all].map(([key, atMs]) => {
      const failures = this.#failures.get(key);
      const note = this.#notes.get(key);
      return { ...requestOf(key), atMs, ...(failures === undefined ? {} : { failures }), ...(note === undefined ? {} : { note }) };
    });
  }

  #addKey(key: string): void {
    if (this.#running.has(key)) this.#dirty.add(key);
    else this.#ready.add(key);
  }

  #finish(key: string, againAfterMs: number | undefined): void {
    this.#running.delete(key);
    if (againAfterMs === undefined) this.#delays.cancel(key);
    else this.#delays.set(key, this.#clock.now() + againAfterMs);
    if (this.#dirty.delete(key)) this.#ready.add(key);
  }

  #moveDue(): void {
    const nowMs = this.#clock.now();
    for (let key = this.#delays.takeDue(nowMs); key !== undefined; key = this.#delays.takeDue(nowMs)) this.#addKey(key);
  }
}
