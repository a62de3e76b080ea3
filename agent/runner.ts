/** Runs one piece of work whenever asked: never twice at a time, once more when asked meanwhile, again after a failure. */
import type { Cancel, World } from '../functions/world.ts';

export interface Runner {
  request(): void;
  /** Nothing begins any more; resolves when what runs has ended. */
  stop(): Promise<void>;
}

const retryMsMin = 200;
const retryMsMax = 10_000;

export function createRunner({ clock, log }: Pick<World, 'clock' | 'log'>, what: string, work: () => Promise<void>): Runner {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let failures = 0;
  let cancelRetry: Cancel | undefined;

  const attempt = async (): Promise<void> => {
    try {
      await work();
      failures = 0;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failures += 1;
      const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** (failures - 1));
      log.warn('a part of the node is not up to date; it is tried again', { what, error: error.message, delayMs });
      cancelRetry = clock.after(delayMs, request);
    }
  };

  const loop = async (): Promise<void> => {
    while (again && !stopped) {
      again = false;
      await attempt();
    }
    running = undefined;
  };

  const request = (): void => {
    again = true;
    cancelRetry?.();
    running ??= loop();
  };

  return {
    request,
    async stop() {
      stopped = true;
      cancelRetry?.();
      await running;
    },
  };
}
