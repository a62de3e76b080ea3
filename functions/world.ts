/**
 * The outside world: clock, random numbers and log. The interfaces may be imported (as types) by anyone; the real ones are made
 * here and nowhere else, and handed in by the roots. Tests hand in virtual ones (`test/support/virtual-world.ts`).
 */
import { getRandomValues, randomUUID } from 'node:crypto';

/** Ends a timer. Ending it twice, or after it fired, is harmless. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds since the epoch. May jump: never measure a duration with it. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Calls back once, no earlier than `delayMs` from now. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls back in the next turn of the event loop. Clocks that a test moves have none. */
  nextTurn?(callback: () => void): void;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  bytes(length: number): Uint8Array;
  uuid(): string;
}

export type LogKeys = Readonly<Record<string, unknown>>;

/** One line a call. The message is constant; what varies goes in the keys. */
export interface Log {
  debug(message: string, keys?: LogKeys): void;
  info(message: string, keys?: LogKeys): void;
  warn(message: string, keys?: LogKeys): void;
  error(message: string, keys?: LogKeys): void;
  /** The same log with these keys on every line. */
  with(keys: LogKeys): Log;
}

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The system's clock, for libraries that take an instant and compare it with that clock themselves: gRPC's deadlines. */
export const systemClockMs = (): number => Date.now();

const realClock: Clock = {
  now: systemClockMs,
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(asError(signal.reason));
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop);
        resolve();
      }, delayMs);
      const stop = (): void => {
        clearTimeout(timer);
        reject(asError(signal?.reason));
      };
      signal?.addEventListener('abort', stop, { once: true });
    }),
  nextTurn: (callback) => void setImmediate(callback),
};

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));

/** Drawn many at a time: each call of the system costs more than what it returns. */
const drawn = new Uint32Array(1024);
let left = 0;

function nextDrawn(): number {
  if (left === 0) {
    getRandomValues(drawn);
    left = drawn.length;
  }
  left -= 1;
  return drawn[left] ?? 0;
}

const realRandom: Random = {
  next: () => nextDrawn() / 2 ** 32,
  bytes: (length) => getRandomValues(new Uint8Array(length)),
  uuid: () => randomUUID(),
};

const levels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

/** Errors print as message, stack and cause; everything else as JSON would. */
function printable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { message: value.message, stack: value.stack, cause: value.cause };
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Writes one JSON document a line to standard error. */
export function createLog(level: LogLevel, fixed: LogKeys = {}): Log {
  const write = (at: LogLevel, message: string, keys: LogKeys = {}): void => {
    if (levels.indexOf(at) < levels.indexOf(level)) return;
    const line = { time: new Date().toISOString(), level: at, message, ...fixed, ...keys };
    process.stderr.write(`${JSON.stringify(line, printable)}\n`);
  };
  return {
    debug: (message, keys) => write('debug', message, keys),
    info: (message, keys) => write('info', message, keys),
    warn: (message, keys) => write('warn', message, keys),
    error: (message, keys) => write('error', message, keys),
    with: (keys) => createLog(level, { ...fixed, ...keys }),
  };
}

export function realWorld(level: LogLevel = 'info'): World {
  return { clock: realClock, random: realRandom, log: createLog(level) };
}

/** The value of an environment variable, or undefined when unset or empty. */
export function environment(name: string): string | undefined {
  return process.env[name] === '' ? undefined : process.env[name];
}
