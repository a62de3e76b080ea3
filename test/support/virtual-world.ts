/** A world whose time stands still until a test moves it, and whose random numbers are seeded. */
import type { Cancel, Clock, Log, Random, World } from '../../functions/world.ts';

interface Timer {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly keys: Readonly<Record<string, unknown>>;
}

export interface VirtualWorld extends World {
  /** Everything logged so far. */
  readonly lines: readonly LogLine[];
  /** Moves time forward, firing timers in order and letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Lets promises that need no time settle. */
  settle(): Promise<void>;
}

/** How many turns of the event loop count as settled. */
const settleTurns = 20;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Mulberry32: small, seeded, good enough for tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(next() * 256));
  const hex = (length: number): string => Buffer.from(bytes(length)).toString('hex');
  return { next, bytes, uuid: () => `${hex(4)}-${hex(2)}-4${hex(2).slice(1)}-8${hex(2).slice(1)}-${hex(6)}` };
}

function recordingLog(lines: LogLine[], fixed: Readonly<Record<string, unknown>> = {}): Log {
  const record =
    (level: LogLine['level']) =>
    (message: string, keys: Readonly<Record<string, unknown>> = {}): void => {
      lines.push({ level, message, keys: { ...fixed, ...keys } });
    };
  return {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    with: (keys) => recordingLog(lines, { ...fixed, ...keys }),
  };
}

export function virtualWorld(seed = 1, startMs = Date.UTC(2026, 0, 1)): VirtualWorld {
  let nowMs = startMs;
  let sequence = 0;
  let timers: Timer[] = [];
  const lines: LogLine[] = [];

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
      const cancel = after(delayMs, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason);
      });
    });

  const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs - startMs, after, sleep };

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < settleTurns; turn += 1) await nextTurn();
  };

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

  return { clock, random: seededRandom(seed), log: recordingLog(lines), lines, advance, settle };
}
