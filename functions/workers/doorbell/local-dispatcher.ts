/**
 * Runs the workers of one process: per group at most one session at a time. The doorbell wakes it, its own deadline,
 * and a timer in case a ring was lost. Between sessions nothing runs.
 */
import type { Cancel, World } from '../../world.ts';
import type { SessionOutcome } from '../session.ts';
import type { Doorbell } from './doorbell.ts';

const backstopMsDefault = 60_000;
const failureMsMin = 1_000;
const failureMsMax = 60_000;

export interface LocalDispatcherOptions {
  readonly world: World;
  /** A session of each group, by the group's name. */
  readonly groups: Readonly<Record<string, (signal: AbortSignal) => Promise<SessionOutcome>>>;
  readonly backstopMs?: number;
}

export interface LocalDispatcher extends Doorbell {
  /** Runs a first session of each group. */
  start(): void;
  /** Ends the sessions that run, and waits for them. */
  stop(): Promise<void>;
}

export function createLocalDispatcher({ world, groups, backstopMs = backstopMsDefault }: LocalDispatcherOptions): LocalDispatcher {
  const workers = new Map(
    Object.entries(groups).map(([name, session]) => [
      name,
      new GroupWorker(session, { ...world, log: world.log.with({ group: name }) }, backstopMs),
    ]),
  );
  return {
    ring: (group) => workers.get(group)?.ring(),
    start() {
      for (const worker of workers.values()) worker.start();
    },
    async stop() {
      await Promise.all([...workers.values()].map((worker) => worker.stop()));
    },
  };
}

class GroupWorker {
  readonly #session: (signal: AbortSignal) => Promise<SessionOutcome>;
  readonly #world: World;
  readonly #backstopMs: number;
  #stopping: AbortController | undefined;
  #running = Promise.resolve();
  #isRunning = false;
  #rung = false;
  /** After a failure nothing runs before this time: a store that is down would be asked as often as it is written to. */
  #pausedUntilMs = 0;
  #failures = 0;
  #cancelTimer: Cancel | undefined;

  constructor(session: (signal: AbortSignal) => Promise<SessionOutcome>, world: World, backstopMs: number) {
    this.#session = session;
    this.#world = world;
    this.#backstopMs = backstopMs;
  }

  start(): void {
    if (this.#stopping !== undefined) return;
    this.#stopping = new AbortController();
    this.ring();
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    this.#cancelTimer?.();
    await this.#running;
    this.#stopping = undefined;
  }

  ring(): void {
    if (this.#stopping === undefined || this.#stopping.signal.aborted) return;
    if (this.#world.clock.now() < this.#pausedUntilMs) return;
    this.#rung = true;
    if (!this.#isRunning) this.#running = this.#runWhileRung(this.#stopping.signal);
  }

  async #runWhileRung(signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    let sleepMs = this.#backstopMs;
    while (this.#rung && !signal.aborted) {
      this.#rung = false;
      this.#cancelTimer?.();
      sleepMs = await this.#runOnce(signal);
    }
    this.#isRunning = false;
    if (!signal.aborted) this.#cancelTimer = this.#world.clock.after(sleepMs, () => this.ring());
  }

  /** Runs one session. Returns how long to sleep without a ring. */
  async #runOnce(signal: AbortSignal): Promise<number> {
    try {
      const outcome = await this.#session(signal);
      this.#failures = 0;
      if (outcome.outcome === 'more') {
        this.#rung = true;
        return 0;
      }
      const untilDeadlineMs = (outcome.nextDeadlineMs ?? Infinity) - this.#world.clock.now();
      return Math.max(0, Math.min(this.#backstopMs, untilDeadlineMs));
    } catch (error) {
      const sleepMs = Math.min(failureMsMax, failureMsMin * 2 ** this.#failures);
      this.#failures += 1;
      this.#rung = false;
      this.#pausedUntilMs = this.#world.clock.now() + sleepMs;
      this.#world.log.error('session failed', { error, retryMs: sleepMs });
      return sleepMs;
    }
  }
}
