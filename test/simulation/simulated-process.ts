/**
 * A process that can be frozen, sent through time, and killed. Its clocks are its own: the wall's is wrong by up to ten
 * minutes and jumps; the other one may stand still while the process is frozen.
 */
import type { Cancel, Clock, Log, Random, World } from '../../functions/world.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Timeline } from './timeline.ts';

export const skewMsMax = 10 * 60_000;

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };

export class SimulatedProcess implements World {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log = silent;
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #onDeath: (() => void)[] = [];
  /** Its clock is wrong by no more than this. */
  readonly #skewMsMax: number;
  #skewMs: number;
  /** What it is but for a moment after a freeze. */
  #usualSkewMs: number;
  #stoodStillMs = 0;
  #thawMs = 0;
  #isDead = false;

  constructor(name: string, timeline: Timeline, random: SeededRandom, { skewMs = skewMsMax }: { readonly skewMs?: number } = {}) {
    this.name = name;
    this.#skewMsMax = skewMs;
    this.#timeline = timeline;
    this.#random = random;
    this.random = random.fork().source;
    this.#usualSkewMs = random.chance(0.3) ? random.between(-skewMs, skewMs) : random.between(-50, 50);
    this.#skewMs = this.#usualSkewMs;
    this.clock = {
      now: () => Math.floor(timeline.nowMs + this.#skewMs),
      monotonicMs: () => timeline.nowMs - timeline.startMs - this.#stoodStillMs,
      after: (delayMs, callback) => this.at(timeline.nowMs + Math.max(0, delayMs), callback),
      sleep: (delayMs) => new Promise((resolve) => this.at(timeline.nowMs + Math.max(0, delayMs), resolve)),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get isFrozen(): boolean {
    return this.#timeline.nowMs < this.#thawMs;
  }

  /** Calls back at this true time, or when the process has thawed; never when it is dead. */
  at(atMs: number, callback: () => void): Cancel {
    const attempt = (): void => {
      if (this.#isDead) return;
      if (this.isFrozen) cancel = this.#timeline.at(this.#thawMs, attempt);
      else callback();
    };
    let cancel = this.#timeline.at(atMs, attempt);
    return () => cancel();
  }

  sleep(delayMs: number): Promise<void> {
    return this.clock.sleep(delayMs);
  }

  freeze(ms: number): void {
    if (this.isFrozen) return;
    this.#thawMs = this.#timeline.nowMs + ms;
    if (this.#random.chance(0.5)) this.#stoodStillMs += ms;
    // Now and then the wall's clock notices only a while later how long it was.
    if (this.#random.chance(0.2)) {
      this.#skewMs -= ms;
      this.#timeline.at(this.#thawMs + this.#random.scale(1, 60_000), () => {
        this.#skewMs = this.#usualSkewMs;
      });
    }
  }

  /** Its clock is as right as clocks are: a table believes its requests. */
  get isOnTime(): boolean {
    return Math.abs(this.#skewMs) <= skewMsMax;
  }

  /** The clock is set to another time. */
  jump(): void {
    this.#usualSkewMs = this.#random.between(-this.#skewMsMax, this.#skewMsMax);
    this.#skewMs = this.#usualSkewMs;
  }

  die(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const callback of this.#onDeath) callback();
  }

  onDeath(callback: () => void): void {
    this.#onDeath.push(callback);
  }
}
