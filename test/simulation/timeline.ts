/** The true time of a simulation, and what is to happen in it, in order. Nothing here knows the machine's own clock. */
import type { Cancel } from '../../functions/world.ts';

interface Happening {
  readonly atMs: number;
  readonly sequence: number;
  /** Undefined once it was called off. */
  run: (() => void) | undefined;
}

/** All promises settle between two macrotasks. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Timeline {
  nowMs: number;
  readonly startMs: number;
  happened = 0;
  readonly #heap: Happening[] = [];
  #sequence = 0;
  #isStopped = false;

  constructor(startMs: number) {
    this.startMs = startMs;
    this.nowMs = startMs;
  }

  at(atMs: number, run: () => void): Cancel {
    const happening: Happening = { atMs: Math.max(atMs, this.nowMs), sequence: this.#sequence++, run };
    this.#push(happening);
    return () => {
      happening.run = undefined;
    };
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.at(this.nowMs + delayMs, run);
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#isStopped = true;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Runs events until the condition holds, the time is reached or nothing is left. Returns whether the condition holds. */
  async runUntil(isDone: () => boolean, untilMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    await settled();
    while (!this.#isStopped && !isDone()) {
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) {
        if (untilMs !== Number.POSITIVE_INFINITY) this.nowMs = Math.max(this.nowMs, untilMs);
        return false;
      }
      this.#pop();
      if (next.run === undefined) continue;
      this.nowMs = next.atMs;
      this.happened += 1;
      next.run();
      await settled();
    }
    return !this.#isStopped;
  }

  runFor(ms: number): Promise<boolean> {
    return this.runUntil(() => false, this.nowMs + ms);
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(happening);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(happening, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

const isBefore = (a: Happening, b: Happening): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
