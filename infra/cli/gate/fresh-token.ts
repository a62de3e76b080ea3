/** The cluster's credential as it is now: fetched once for all requests, and again before it expires or when it was refused. */
import type { Clock } from '../../../functions/world.ts';

export interface ClusterCredential {
  readonly token: string;
  /** Undefined: the credential has no time of expiry. */
  readonly expiresMs?: number;
}

export interface FreshToken {
  token(): Promise<string>;
  /** The API did not take it. */
  refused(): void;
}

/** It must last until the request that shows it has arrived. */
const leftMsMin = 60_000;

export function freshToken(fetch: () => Promise<ClusterCredential>, clock: Pick<Clock, 'now'>): FreshToken {
  let known: Promise<ClusterCredential> | undefined;
  const fetched = (): Promise<ClusterCredential> => {
    const fetching = fetch();
    known = fetching;
    fetching.catch(() => {
      if (known === fetching) known = undefined;
    });
    return fetching;
  };
  return {
    async token() {
      const current = await (known ?? fetched());
      const isFresh = current.expiresMs === undefined || current.expiresMs - clock.now() >= leftMsMin;
      return isFresh ? current.token : (await fetched()).token;
    },
    refused: () => (known = undefined),
  };
}
