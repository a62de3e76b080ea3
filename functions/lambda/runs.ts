/** One cluster's runs in a worker's function, with a note for the timer before and after each. */
import type { WorkerGroupName } from '../manifest.ts';
import type { SqsDoorbell } from '../workers/doorbell/sqs-doorbell.ts';
import type { RunOutcome } from '../workers/run.ts';
import type { World } from '../world.ts';
import type { InvocationContext } from './event-sources.ts';
import type { WorkerNotes } from './worker-notes.ts';

export interface Worker {
  /** The newest revision that this process knows. */
  revision(): number;
  run(signal: AbortSignal): Promise<RunOutcome>;
}

export interface RunsOptions {
  readonly group: WorkerGroupName;
  readonly doorbell: SqsDoorbell;
  readonly notes: WorkerNotes;
  readonly world: World;
  readonly worker: Worker;
  /** False: the cluster was deleted, and nothing may be written for it any more. */
  isThere(): Promise<boolean>;
}

/** Before the function is ended, for the last reconciles and the cursor. */
const lastMs = 8_000;
/** A run that is over by then needs no note that it is on: it is missed by its deadline. */
const awakeMs = 2_000;
/** How often a run asks whether its cluster still is. */
const checkMs = 5_000;

/** Returns how to call it off: once that is done, the note was written or never will be. */
function noteAwakeLater({ group, notes, world, worker }: Omit<RunsOptions, 'doorbell' | 'isThere'>): () => Promise<void> {
  let noted = Promise.resolve();
  const noteAwake = async (): Promise<void> => {
    try {
      await notes.write(group, { state: 'awake', revision: worker.revision() });
    } catch (error) {
      world.log.warn('the note of a worker was not written', { error });
    }
  };
  const cancel = world.clock.after(awakeMs, () => {
    noted = noteAwake();
  });
  return () => {
    cancel();
    return noted;
  };
}

/** Resolves after one run. */
export function createRuns({ group, doorbell, notes, world, worker, isThere }: RunsOptions): (context: InvocationContext) => Promise<void> {
  const { clock, log } = world;
  let ringMs: number | undefined;

  /** A message that comes before the deadline is enough: then it is known anew. */
  function ringAtDeadline(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined) return;
    if (ringMs !== undefined && ringMs > clock.now() && ringMs <= deadlineMs) return;
    ringMs = deadlineMs;
    doorbell.ringAfter(group, deadlineMs - clock.now());
  }

  /** Aborts when the time is nearly up, or the cluster is deleted. Returns how to stop checking. */
  function watchOver(ending: AbortController, context: InvocationContext): () => void {
    let cancelCheck = (): void => undefined;
    const check = async (): Promise<void> => {
      try {
        if (!(await isThere())) ending.abort();
      } catch (error) {
        log.warn('whether the cluster still is could not be asked', { error });
      }
      if (!ending.signal.aborted) checkLater();
    };
    const checkLater = (): void => {
      cancelCheck = clock.after(checkMs, () => void check());
    };
    checkLater();
    const cancelEnd = clock.after(Math.max(0, context.getRemainingTimeInMillis() - lastMs), () => ending.abort());
    return () => {
      ending.abort();
      cancelCheck();
      cancelEnd();
    };
  }

  return async (context) => {
    const isOver = noteAwakeLater({ group, notes, world, worker });
    const ending = new AbortController();
    const stopWatching = watchOver(ending, context);
    try {
      const outcome = await worker.run(ending.signal);
      if (!(await isThere())) return;
      if (outcome.outcome === 'more') doorbell.ring(group);
      else ringAtDeadline(outcome.nextDeadlineMs);
      const deadlineMs = outcome.outcome === 'more' ? clock.now() : outcome.nextDeadlineMs;
      // The last of two notes counts.
      await isOver();
      await notes.write(group, { state: 'asleep', revision: worker.revision(), ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    } finally {
      await isOver();
      stopWatching();
    }
  };
}
