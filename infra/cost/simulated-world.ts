/**
 * A world in which only sleeps and timers take time. It stands still until a measurement lets it pass, and then goes
 * from one timer to the next. Its random numbers are seeded, so that counts are the same in each run.
 */
import { createHash } from 'node:crypto';
import type { Cancel, Clock, Log, Random, World } from '../../functions/world.ts';

export interface SimulatedWorld extends World {
  /** Warnings and errors that were logged: a measurement with any of them measured something else. */
  readonly complaints: readonly string[];
  pass(ms: number): Promise<void>;
  /** Lets time pass until the work is done. */
  until<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** How many turns of the event loop work takes that waits for no timer. */
const quietTurns = 8;
const startMs = Date.UTC(2026, 0, 1);

async function settle(): Promise<void> {
  for (let turn = 0; turn < quietTurns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function hashedRandom(): Random {
  let drawn = 0;
  const bytes = (length: number): Uint8Array => {
    const parts: Buffer[] = [];
    for (let size = 0; size < length; size += 32) {
      drawn += 1;
      parts.push(createHash('sha256').update(String(drawn)).digest());
    }
    return Buffer.concat(parts).subarray(0, length);
  };
  const hex = (length: number): string => Buffer.from(bytes(length)).toString('hex');
  return {
    next: () => Buffer.from(bytes(4)).readUInt32BE() / 2 ** 32,
    bytes,
    uuid: () => `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-8${hex(2).slice(1)}-${hex(6)}`,
  };
}

function complainingLog(complaints: string[]): Log {
  const complain = (message: string, keys: Readonly<Record<string, unknown>> = {}): void => {
    const { error } = keys;
    complaints.push(error instanceof Error ? `${message}: ${error.message}` : message);
  };
  const quiet = (): void => undefined;
  const log: Log = { debug: quiet, info: quiet, warn: complain, error: complain, with: () => log };
  return log;
}

class Timeline implements Clock {
  #nowMs = startMs;
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - startMs;
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    const place = this.#timers.findIndex(({ atMs }) => atMs > timer.atMs);
    this.#timers.splice(place === -1 ? this.#timers.length : place, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) this.#timers.splice(index, 1);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const reason = (): Error => (signal?.reason instanceof Error ? signal.reason : new Error(String(signal?.reason)));
      if (signal?.aborted === true) return reject(reason());
      const stop = (): void => {
        cancel();
        reject(reason());
      };
      const cancel = this.after(delayMs, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Keeps the next timer, unless it is later than that. False: there is none. */
  next(untilMs: number): boolean {
    const [first] = this.#timers;
    if (first === undefined || first.atMs > untilMs) return false;
    this.#timers.shift();
    this.#nowMs = first.atMs;
    first.callback();
    return true;
  }

  moveTo(ms: number): void {
    this.#nowMs = ms;
  }
}

export function simulatedWorld(): SimulatedWorld {
  const clock = new Timeline();
  const complaints: string[] = [];
  return {
    clock,
    random: hashedRandom(),
    log: complainingLog(complaints),
    complaints,
    async pass(ms) {
      const untilMs = clock.now() + ms;
      await settle();
      while (clock.next(untilMs)) await settle();
      clock.moveTo(untilMs);
    },
    async until(work) {
      let isDone = false;
      const finish = (): void => {
        isDone = true;
      };
      work.then(finish, finish);
      await settle();
      while (!isDone) {
        // Without a timer it waits for something real, such as a key being made.
        if (!clock.next(Infinity)) await new Promise((resolve) => setTimeout(resolve, 1));
        await settle();
      }
      return work;
    },
  };
}
