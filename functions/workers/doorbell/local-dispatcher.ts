/**
 * Runs the workers of one process: per group at most one run at a time. The doorbell wakes it, its own deadline,
 * and a timer in case a ring was lost. Between runs nothing is computed.
 */
import type { Cancel, World } from '../../world.ts';
import type { RunOutcome } from '../run.ts';
import type { Doorbell } from './doorbell.ts';

const backstopMsDefault = 60_000;
const failureMsMin = 1_000;
const failureMsMax = 60_000;

export interface LocalDispatcherOptions {
  readonly world: World;
  /** A run of each group, by the group's name. */
  readonly groups: Readonly<Record<string, (signal: AbortSignal) => Promise<RunOutcome>>>;
  readonly backstopMs?: number;
}

export interface LocalDispatcher extends Doorbell {
  /** Runs a first run of each group. */
  start(): void;
  /** Ends the runs under way, and waits for them. */
  stop(): Promise<void>;
}

export function createLocalDispatcher({ world, groups, backstopMs = backstopMsDefault }: LocalDispatcherOptions): LocalDispatcher {
  const workers = new Map(
    Object.entries(groups).map(([name, run]) => [
      name,
      new GroupWorker(run, { ...world, log: world.log.with({ group: name }) }, backstopMs),
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
  readonly #run: (signal: AbortSignal) => Promise<RunOutcome>;
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

  constructor(run: (signal: AbortSignal) => Promise<RunOutcome>, world: World, backstopMs: number) {
    this.#run = run;
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

  /** Runs one run. Returns how long to sleep without a ring. */
  async #runOnce(signal: AbortSignal): Promise<number> {
    try {
      const outcome = await this.#run(signal);
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
      this.#world.log.error('run failed', { error, retryMs: sleepMs });
      return sleepMs;
    }
  }
}
