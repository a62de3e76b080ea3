/** Waits for what is not there yet, no longer than the proof may take. */
import type { Clock } from '../../../functions/world.ts';
import { ConnectionError } from '../../../functions/client/https-fetch.ts';
import { StatusError } from '../../../functions/kube/status-error.ts';
import { CliError } from '../cli-error.ts';

export interface Patience {
  /** Asks until the answer is not undefined. Failures of the API pass, too. */
  until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T>;
  readonly isOver: () => boolean;
}

const pauseMs = 1000;

/** An answer that another try may not get: everything but a refusal. */
const passes = (error: unknown): boolean =>
  error instanceof ConnectionError || (error instanceof StatusError && (error.code >= 500 || error.code === 429));

export function createPatience(clock: Clock, endMs: number): Patience {
  const isOver = (): boolean => clock.monotonicMs() >= endMs;
  return {
    isOver,
    async until(what, ask) {
      let last = 'it did not come to that in time';
      while (!isOver()) {
        try {
          const answer = await ask();
          if (answer !== undefined) return answer;
        } catch (error) {
          if (!(error instanceof Error) || !passes(error)) throw error;
          last = error.message;
        }
        await clock.sleep(pauseMs);
      }
      throw new CliError(`Not proven that ${what}: ${last}.`);
    },
  };
}
