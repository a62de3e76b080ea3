/** A clock that stands still until it is moved: for tests, simulations and rehearsals, which live hours in a second. */
import type { Cancel, Clock } from './world.ts';

export interface VirtualClock extends Clock {
  /** Moves time forward, firing timers in order and letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Lets promises that need no time settle. */
  settle(): Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** How many turns of the event loop count as settled. */
const settleTurns = 20;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn += 1) await nextTurn();
}

export function virtualClock(startMs: number): VirtualClock {
  let nowMs = startMs;
  let sequence = 0;
  let timers: Timer[] = [];

  const after = (delayMs: number, callback: () => void): Cancel => {
    const timer = { at: nowMs + Math.max(0, delayMs), sequence: sequence++, callback };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };

  const sleep = (delayMs: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = after(delayMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });

  const advance = async (ms: number): Promise<void> => {
    const until = nowMs + ms;
    await settle();
    for (;;) {
      const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at || a.sequence - b.sequence)[0];
      if (due === undefined) break;
      timers = timers.filter((timer) => timer !== due);
      nowMs = due.at;
      due.callback();
      await settle();
    }
    nowMs = until;
    await settle();
  };

  return { now: () => nowMs, monotonicMs: () => nowMs - startMs, after, sleep, advance, settle };
}

/** Time that passes in one step for work that waits for it, and how many steps it may take. */
const passingMs = 5;
const passingStepsMax = 200_000;

/** Moves the clock until the work is done: what waits within it (retries) goes on as soon as nothing else can happen. */
export async function whileTimePasses<T>(clock: Pick<VirtualClock, 'advance' | 'settle'>, work: Promise<T>): Promise<T> {
  let isDone = false;
  const finish = (): void => {
    isDone = true;
  };
  work.then(finish, finish);
  for (let step = 0; !isDone; step += 1) {
    await clock.settle();
    if (step > passingStepsMax) throw new Error(`the work is not done after ${passingStepsMax} steps of the clock`);
    if (!isDone && step > 3) await clock.advance(passingMs);
  }
  return work;
}
