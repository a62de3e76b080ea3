/** A world whose time stands still until a test moves it, and whose random numbers are seeded. */
import { virtualClock } from '../../functions/virtual-clock.ts';
import type { Log, Random, World } from '../../functions/world.ts';

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
  const clock = virtualClock(startMs);
  const lines: LogLine[] = [];
  return { clock, random: seededRandom(seed), log: recordingLog(lines), lines, advance: clock.advance, settle: clock.settle };
}
