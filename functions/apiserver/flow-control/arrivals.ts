/**
 * In each turn of the event loop one request of each caller begins; its further ones wait for later turns. A refusal waits as well.
 * So a crowd of one caller computes for a moment at a time. Requests of other callers come in between.
 */
import type { Clock } from '../../world.ts';
import { tooManyRequests } from './too-many-requests.ts';

/** Requests of one caller that wait; those beyond are turned away. */
export const arrivalsMax = 1_000;

export class Arrivals {
  readonly #clock: Pick<Clock, 'nextTurn'>;
  /** Callers of whom one has begun in this turn, and what of theirs waits. */
  readonly #callers = new Map<string, (() => void)[]>();

  constructor(clock: Pick<Clock, 'nextTurn'>) {
    this.#clock = clock;
  }

  /** Undefined: now. Throws TooManyRequests. */
  turnOf(caller: string): Promise<void> | undefined {
    if (this.#clock.nextTurn === undefined) return undefined;
    const waiting = this.#callers.get(caller);
    if (waiting === undefined) {
      this.#callers.set(caller, []);
      if (this.#callers.size === 1) this.#clock.nextTurn(this.#next);
      return undefined;
    }
    if (waiting.length >= arrivalsMax) throw tooManyRequests();
    return new Promise((resolve) => void waiting.push(resolve));
  }

  readonly #next = (): void => {
    for (const [caller, waiting] of this.#callers) {
      const begin = waiting.shift();
      if (begin === undefined) this.#callers.delete(caller);
      else begin();
    }
    if (this.#callers.size > 0) this.#clock.nextTurn?.(this.#next);
  };
}
