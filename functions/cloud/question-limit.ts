/**
 * How many questions strangers make this process ask. A forged token looks like a real one until AWS has judged it, so
 * questions are limited. The limits count all callers together, in flight and by the second.
 */
import { StatusError } from '../kube/status-error.ts';
import type { Clock } from '../world.ts';

const inFlightMax = 10;
const perSecondMax = 20;

export interface QuestionLimit {
  /** Throws 429 when too many were asked. */
  run<T>(ask: () => Promise<T>): Promise<T>;
}

const tooMany = (): StatusError =>
  new StatusError(429, 'TooManyRequests', 'too many tokens wait to be checked, please try again later', {
    details: { retryAfterSeconds: 1 },
  });

export function createQuestionLimit(clock: Pick<Clock, 'monotonicMs'>): QuestionLimit {
  let inFlight = 0;
  let secondStartMs = -Infinity;
  let asked = 0;
  return {
    async run(ask) {
      if (clock.monotonicMs() - secondStartMs >= 1_000) [secondStartMs, asked] = [clock.monotonicMs(), 0];
      if (inFlight >= inFlightMax || asked >= perSecondMax) throw tooMany();
      asked += 1;
      inFlight += 1;
      try {
        return await ask();
      } finally {
        inFlight -= 1;
      }
    },
  };
}
