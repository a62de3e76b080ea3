/** Repeats what may succeed when it is repeated, for a while: an entry that is put twice stays as it is. */
import { StatusError } from '../kube/status-error.ts';
import type { World } from '../world.ts';

const retryMs = { first: 200, last: 4_000, slower: 2 };
const giveUpMs = 30_000;

/** Refusals are final; what a busy server or a broken connection answers is not. */
export const isPassing = (error: unknown): boolean =>
  error instanceof Error && !(error instanceof StatusError && error.code !== 429 && error.code < 500);

export async function patiently<T>({ clock }: Pick<World, 'clock'>, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const startMs = clock.monotonicMs();
  for (let pauseMs = retryMs.first; ; pauseMs = Math.min(retryMs.last, pauseMs * retryMs.slower)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isPassing(error) || clock.monotonicMs() - startMs > giveUpMs) throw error;
    }
    await clock.sleep(pauseMs, signal);
  }
}
