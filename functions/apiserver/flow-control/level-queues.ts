/**
 * The requests of one level: those that run, and those that wait in queues. A queue that got little is served first, by
 * the time that its requests ran. Source: apiserver, pkg/util/flowcontrol/fairqueuing/queueset/queueset.go.
 */
import type { LimitResponse } from '../../kube/generated/types.ts';
import type { LevelLimits } from './shares.ts';
import { handOf } from './shuffle-sharding.ts';

export interface Waiting {
  /** Its flow in the crowd, if it is of it. */
  readonly key: string | undefined;
  start(): void;
}

export interface Running {
  readonly queue: Queue;
  readonly startedMs: number;
}

export interface Queue {
  readonly waiting: Waiting[];
  running: number;
  /** Milliseconds that its requests ran, or that it missed while it was empty. */
  served: number;
}

/** What a request is taken to run for until it is over. */
const estimateMs = 3;

/** Hands that are remembered: more flows at once are rare. */
const handsKept = 256;
const firstQueue: readonly number[] = [0];

const queuingDefaults = { queues: 64, handSize: 8, queueLengthLimit: 50 };

export class LevelQueues {
  limits: LevelLimits;
  #response: LimitResponse | undefined;
  running = 0;
  waiting = 0;
  readonly #queues = new Map<number, Queue>();
  readonly #hands = new Map<string, readonly number[]>();
  /** Where a queue begins that finds no other one. */
  #served = 0;

  constructor(limits: LevelLimits, response: LimitResponse | undefined) {
    this.limits = limits;
    this.#response = response;
  }

  configure(limits: LevelLimits, response: LimitResponse | undefined): void {
    this.limits = limits;
    this.#response = response;
    this.#hands.clear();
  }

  isIdle(): boolean {
    return this.running === 0 && this.waiting === 0;
  }

  /** The emptiest queue that the flow was dealt. */
  queueFor(flow: readonly string[]): Queue {
    const hand = this.#response?.type === 'Queue' ? this.#handFor(flow) : firstQueue;
    const load = (index: number): number => {
      const queue = this.#queues.get(index);
      return queue === undefined ? 0 : queue.waiting.length + queue.running;
    };
    const chosen = hand.reduce((best, index) => (load(index) < load(best) ? index : best));
    const known = this.#queues.get(chosen);
    if (known !== undefined) return known;
    const queue = { waiting: [], running: 0, served: this.#leastServed() };
    this.#queues.set(chosen, queue);
    return queue;
  }

  /** Dealing costs a hash; the flows of a moment are few. */
  #handFor(flow: readonly string[]): readonly number[] {
    const key = flow.join('\0');
    const known = this.#hands.get(key);
    if (known !== undefined) return known;
    const { queues, handSize } = { ...queuingDefaults, ...this.#response?.queuing };
    const hand = handOf(flow, queues, handSize);
    if (this.#hands.size >= handsKept) this.#hands.clear();
    this.#hands.set(key, hand);
    return hand;
  }

  /** A new queue owes nothing, and has nothing coming for the time before it. */
  #leastServed(): number {
    let least: number | undefined;
    for (const { served } of this.#queues.values()) if (least === undefined || served < least) least = served;
    return least ?? this.#served;
  }

  /** False: the level does not let requests wait, or the queue is full. */
  enqueue(queue: Queue, waiting: Waiting): boolean {
    const { queueLengthLimit } = { ...queuingDefaults, ...this.#response?.queuing };
    if (this.#response?.type !== 'Queue' || queue.waiting.length >= queueLengthLimit) return false;
    queue.waiting.push(waiting);
    this.waiting += 1;
    return true;
  }

  /** It waits no more: it gave up. */
  withdraw(queue: Queue, waiting: Waiting): void {
    const index = queue.waiting.indexOf(waiting);
    if (index === -1) return;
    queue.waiting.splice(index, 1);
    this.waiting -= 1;
    this.#forgetEmpty();
  }

  /** The queue that got the least, of those whose first may begin. */
  next(mayBegin: (waiting: Waiting) => boolean): Queue | undefined {
    let next: Queue | undefined;
    for (const queue of this.#queues.values()) {
      const [first] = queue.waiting;
      if (first !== undefined && (next === undefined || queue.served < next.served) && mayBegin(first)) next = queue;
    }
    return next;
  }

  /** Takes the first one out of the queue and starts it. */
  startFirst(queue: Queue): void {
    const waiting = queue.waiting.shift();
    if (waiting === undefined) return;
    this.waiting -= 1;
    waiting.start();
  }

  start(queue: Queue, nowMs: number): Running {
    this.#served = Math.max(this.#served, queue.served);
    queue.served += estimateMs;
    queue.running += 1;
    this.running += 1;
    return { queue, startedMs: nowMs };
  }

  finish({ queue, startedMs }: Running, nowMs: number): void {
    queue.served += nowMs - startedMs - estimateMs;
    queue.running -= 1;
    this.running -= 1;
    this.#forgetEmpty();
  }

  /** A queue that is empty begins anew, where the others are by then. */
  #forgetEmpty(): void {
    for (const [index, queue] of this.#queues) {
      if (queue.waiting.length === 0 && queue.running === 0) this.#queues.delete(index);
    }
  }
}
