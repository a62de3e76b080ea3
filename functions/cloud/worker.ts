/**
 * The handler of a worker's function: one session for whatever number of rings. It never fails a message, for a
 * message that failed would lock its group until the queue lets go of it: a session that could not be held is rung for again
 * a little later.
 */
import type { WorkerGroupName } from '../manifest.ts';
import type { SqsDoorbell } from '../workers/doorbell/sqs-doorbell.ts';
import type { SessionOutcome } from '../workers/session.ts';
import { TakenOver } from '../workers/checkpoint.ts';
import type { World } from '../world.ts';
import { allDone, type BatchAnswer, type InvocationContext, type QueueEvent } from './event-sources.ts';
import type { WorkerNotes } from './worker-notes.ts';

export interface Worker {
  /** The newest revision that this process knows. */
  revision(): number;
  session(signal: AbortSignal): Promise<SessionOutcome>;
}

export interface WorkerHandlerOptions {
  readonly group: WorkerGroupName;
  readonly doorbell: SqsDoorbell;
  readonly notes: WorkerNotes;
  readonly world: World;
  /** Called by the first invocation, and again after it failed. */
  open(): Promise<Worker>;
}

/** Before the function is ended, for the last reconciles and the checkpoint. */
const lastMs = 8_000;
const retryMs = 5_000;

export type QueueHandler = (event: QueueEvent, context: InvocationContext) => Promise<BatchAnswer>;

export function createWorkerHandler(options: WorkerHandlerOptions): QueueHandler {
  const { group, doorbell, notes, world } = options;
  const log = world.log.with({ group });
  let opening: Promise<Worker> | undefined;
  let alarmMs: number | undefined;

  async function opened(): Promise<Worker> {
    opening ??= options.open();
    try {
      return await opening;
    } catch (error) {
      opening = undefined;
      throw error;
    }
  }

  /** A deadline that a message waits for already needs no other. */
  function setAlarm(deadlineMs: number | undefined): void {
    if (deadlineMs === undefined || deadlineMs === alarmMs) return;
    alarmMs = deadlineMs;
    doorbell.ringAfter(group, deadlineMs - world.clock.now());
  }

  async function runOnce(context: InvocationContext): Promise<void> {
    const worker = await opened();
    await notes.write(group, { state: 'awake', revision: worker.revision() });
    const ending = new AbortController();
    const cancel = world.clock.after(Math.max(0, context.getRemainingTimeInMillis() - lastMs), () => ending.abort());
    try {
      const outcome = await worker.session(ending.signal);
      if (outcome.outcome === 'more') doorbell.ring(group);
      const deadlineMs = outcome.outcome === 'more' ? world.clock.now() : outcome.nextDeadlineMs;
      setAlarm(outcome.outcome === 'more' ? undefined : deadlineMs);
      await notes.write(group, { state: 'asleep', revision: worker.revision(), ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    } finally {
      cancel();
    }
  }

  return async (_event, context) => {
    try {
      await runOnce(context);
    } catch (error) {
      if (error instanceof TakenOver) log.info('another worker has taken over', { error });
      else log.error('session failed', { error, retryMs });
      doorbell.ringAfter(group, retryMs);
    }
    await doorbell.flush();
    return allDone;
  };
}
