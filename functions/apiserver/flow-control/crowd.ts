/**
 * Which flows a process serves at the moment. A flow that is alone may use every seat of its level. While others ask, too,
 * it runs a few requests at once: what they compute together, such as the writes of one log entry, is what the others wait for.
 */
import type { Clock } from '../../world.ts';

/** Requests of one flow that run at once while other flows ask. */
export const crowdedRunningMax = 4;

/** A flow that asked within this time is there. */
export const presentMs = 1_000;

interface Arrival {
  readonly flow: string;
  readonly atMs: number;
}

export class Crowd {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #running = new Map<string, number>();
  #last: Arrival | undefined;
  /** The last of another flow than the last one. */
  #other: Arrival | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  arrived(flow: string): void {
    if (this.#last !== undefined && this.#last.flow !== flow) this.#other = this.#last;
    this.#last = { flow, atMs: this.#clock.monotonicMs() };
  }

  /** A request of the flow runs from now on. Returns what is called when it is over. */
  began(flow: string): () => void {
    this.#add(flow, 1);
    return () => this.#add(flow, -1);
  }

  mayBegin(flow: string): boolean {
    return this.running(flow) < crowdedRunningMax || !this.#isCrowded(flow);
  }

  running(flow: string): number {
    return this.#running.get(flow) ?? 0;
  }

  #isCrowded(flow: string): boolean {
    const other = this.#last?.flow === flow ? this.#other : this.#last;
    return other !== undefined && this.#clock.monotonicMs() - other.atMs < presentMs;
  }

  #add(flow: string, count: number): void {
    const running = this.running(flow) + count;
    if (running === 0) this.#running.delete(flow);
    else this.#running.set(flow, running);
  }
}
