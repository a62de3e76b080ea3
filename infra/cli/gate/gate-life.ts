/** How long a gate runs: until its last credential has expired and no connection is open. Pure but for its clock. */
import type { Clock } from '../../../functions/world.ts';

/** The lifetime of a credential. Clients ask for the next one when it has expired. */
export const credentialMs = 3_600_000;
/** A client's clock may be behind. */
const graceMs = 300_000;
const checkMs = 60_000;

export interface GateLife {
  /** From now on it stays for another credential's time. Returns when that expires. */
  extend(): number;
  /** Resolves when the gate may end. */
  readonly over: Promise<void>;
}

export function gateLife(clock: Pick<Clock, 'now' | 'after'>, hasConnections: () => boolean): GateLife {
  const { promise, resolve } = Promise.withResolvers<void>();
  let expiresMs = clock.now();
  const check = (): void => {
    if (clock.now() > expiresMs + graceMs && !hasConnections()) resolve();
    else clock.after(checkMs, check);
  };
  clock.after(checkMs, check);
  return {
    over: promise,
    extend() {
      expiresMs = clock.now() + credentialMs;
      return expiresMs;
    },
  };
}
