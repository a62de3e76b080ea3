/** A loop of the agent: work, a pause, work again, until the signal aborts. What fails is logged and tried again. */
import type { World } from '../functions/world.ts';
import { RuntimeError } from './runtime/runtime.ts';

export interface Repetition {
  readonly periodMs: number;
  /** The name of the work in the log. */
  readonly what: string;
}

/** After a failure at least this long passes, so that a loop of failures is not a busy one. */
const failureMs = 1000;

export async function repeat(world: World, { periodMs, what }: Repetition, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = periodMs;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      world.log.warn('a round of a loop failed', { what, error: error instanceof RuntimeError ? error.message : error });
      pauseMs = Math.max(periodMs, failureMs);
    }
    if (pauseMs > 0) await nap(world, pauseMs, signal);
  }
}

/** Ends early, without an error, when the signal aborts. */
export async function nap(world: World, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await world.clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
