/** A moment by both clocks: the wall's may jump, the other may stand still while the machine is frozen. */
import type { Clock } from '../world.ts';

export interface Reading {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

export const readingOf = (clock: Clock): Reading => ({ nowMs: clock.now(), monotonicMs: clock.monotonicMs() });

/** Whether more than this may have passed since. A clock that went back is no proof of anything, so the answer is yes. */
export function isOlderThan(reading: Reading, ms: number, clock: Clock): boolean {
  const wallMs = clock.now() - reading.nowMs;
  return wallMs < 0 || wallMs > ms || clock.monotonicMs() - reading.monotonicMs > ms;
}
