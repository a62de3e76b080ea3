/** The levels of a process, and what they lend each other. */
import type { PriorityLevelConfiguration } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import type { Clock } from '../../world.ts';
import type { Crowd } from './crowd.ts';
import { LevelQueues, type Queue } from './level-queues.ts';
import { limitsOf } from './shares.ts';

export interface LevelsParts {
  readonly seats: number;
  readonly clock: Pick<Clock, 'nextTurn'>;
  readonly crowd: Pick<Crowd, 'mayBegin' | 'running'>;
}

export class Levels {
  readonly #seats: number;
  readonly #clock: LevelsParts['clock'];
  readonly #crowd: LevelsParts['crowd'];
  readonly #levels = new Map<string, LevelQueues>();
  /** One has begun in this turn of the event loop. */
  #hasBegun = false;

  constructor({ seats, clock, crowd }: LevelsParts) {
    this.#seats = seats;
    this.#clock = clock;
    this.#crowd = crowd;
  }

  /** Undefined: the level has no limit. */
  get(name: string): LevelQueues | undefined {
    return this.#levels.get(name);
  }

  /** A level that is gone keeps its limits until its requests are through. */
  configure(list: readonly PriorityLevelConfiguration[]): void {
    const limits = limitsOf(list, this.#seats);
    for (const [name, level] of this.#levels) if (!limits.has(name) && level.isIdle()) this.#levels.delete(name);
    for (const level of list) {
      const name = nameOf(level);
      const limit = limits.get(name);
      if (limit === undefined || level.spec?.type === 'Exempt') continue;
      const response = level.spec?.limited?.limitResponse;
      const known = this.#levels.get(name);
      if (known === undefined) this.#levels.set(name, new LevelQueues(limit, response));
      else known.configure(limit, response);
    }
    this.startWaiting();
  }

  /** A flow of which nothing runs or waits begins before those that wait. */
  mayBegin(level: LevelQueues, queue: Queue, key: string | undefined): boolean {
    const isFirst = key !== undefined && queue.waiting.length === 0 && this.#crowd.running(key) === 0;
    return (level.waiting === 0 || isFirst) && this.#mayRun(level) && this.#inCrowd(key);
  }

  #inCrowd(key: string | undefined): boolean {
    return key === undefined || this.#crowd.mayBegin(key);
  }

  #mayRun(level: LevelQueues): boolean {
    const { least, most } = level.limits;
    if (level.running < least) return true;
    if (level.running >= Math.max(1, most)) return false;
    let taken = level.running;
    for (const other of this.#levels.values()) if (other !== level) taken += Math.max(other.running, other.limits.least);
    return taken < this.#seats;
  }

  /**
   * One waiting request begins in each turn of the event loop: other work, such as the requests of other users, gets the
   * processor in between. Where the clock has no turns, all begin that may.
   */
  startWaiting(): void {
    if (this.#hasBegun) return;
    while (this.#startNext()) {
      if (this.#clock.nextTurn === undefined) continue;
      this.#hasBegun = true;
      this.#clock.nextTurn(() => {
        this.#hasBegun = false;
        this.startWaiting();
      });
      return;
    }
  }

  /** One of the level that has used the least of what is its own. */
  #startNext(): boolean {
    let next: { readonly level: LevelQueues; readonly queue: Queue } | undefined;
    for (const level of this.#levels.values()) {
      if (level.waiting === 0 || !this.#mayRun(level) || (next !== undefined && usedOf(level) >= usedOf(next.level))) continue;
      const queue = level.next(({ key }) => this.#inCrowd(key));
      if (queue !== undefined) next = { level, queue };
    }
    next?.level.startFirst(next.queue);
    return next !== undefined;
  }
}

const usedOf = ({ running, limits }: LevelQueues): number => running / Math.max(1, limits.nominal);
