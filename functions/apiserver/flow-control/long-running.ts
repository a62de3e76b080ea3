/**
 * How many watches, polls and connections one user holds in this process: they occupy no seat while they last, but
 * memory, and a wake-up for each change.
 */
import { tooManyRequests } from './too-many-requests.ts';

export const longRunningMax = 1000;

export class LongRunning {
  readonly #held = new Map<string, number>();

  /** Throws 429 when the user holds too many. What it returns may be called more than once. */
  hold(user: string): () => void {
    const held = this.#held.get(user) ?? 0;
    if (held >= longRunningMax) throw tooManyRequests();
    this.#held.set(user, held + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.#held.get(user) ?? 1) - 1;
      if (left === 0) this.#held.delete(user);
      else this.#held.set(user, left);
    };
  }
}
