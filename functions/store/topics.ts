/**
 * Whom to wake when something changes. Where many follow the same they are woken in beats, and one wake-up carries all
 * that came meanwhile. A change after a pause reaches even them at once, and few are never kept waiting.
 */
import type { Cancel, Clock } from '../world.ts';

/** Below `least` watches there are no beats; from there on a beat is about as long as it takes to wake all of them. */
const crowd = { least: 50, beatMsEach: 1 / 20, beatMsMax: 50 };

export interface Sleeper {
  wake(maySendProgress: boolean): void;
}

/** A resource, or one namespace of it, that a client watches. */
export class Topic {
  readonly #clock: Clock;
  readonly #waiting = new Set<Sleeper>();
  #followers = 0;
  #beats = 0;
  #beatMs = -Infinity;
  #nextBeat: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often all waiting readers were woken at once. */
  get beats(): number {
    return this.#beats;
  }

  get hasBeats(): boolean {
    return this.#followers >= crowd.least;
  }

  follow(): void {
    this.#followers += 1;
  }

  /** False: no watch follows any more. */
  unfollow(): boolean {
    this.#followers -= 1;
    if (this.#followers > 0) return true;
    this.#nextBeat?.();
    return false;
  }

  wait(sleeper: Sleeper): void {
    this.#waiting.add(sleeper);
  }

  stopWaiting(sleeper: Sleeper): void {
    this.#waiting.delete(sleeper);
  }

  /** Something changed: wakes at once if the last beat is long enough ago. */
  ring(): void {
    if (this.#pauseMs() > 0) this.awaitBeat();
    else if (this.#nextBeat === undefined) this.wake(false);
  }

  /** A watch that waits is woken at the next beat. */
  awaitBeat(): void {
    this.#nextBeat ??= this.#clock.after(Math.max(0, this.#pauseMs()), () => {
      this.#nextBeat = undefined;
      this.wake(false);
    });
  }

  /** A woken watch comes back no sooner than in another turn: it is safe to go through those that wait. */
  wake(maySendProgress: boolean): void {
    this.#beats += 1;
    this.#beatMs = this.#clock.monotonicMs();
    for (const sleeper of this.#waiting) sleeper.wake(maySendProgress);
  }

  close(): void {
    this.#nextBeat?.();
  }

  #pauseMs(): number {
    if (!this.hasBeats) return 0;
    const lengthMs = Math.min(crowd.beatMsMax, this.#followers * crowd.beatMsEach);
    return lengthMs - (this.#clock.monotonicMs() - this.#beatMs);
  }
}
