/** A sleep of one loop that another part of the program can end early. The loop sleeps once at a time. */
import type { Clock } from '../functions/world.ts';

export class WakeableSleep {
  #wakeUp: (() => void) | undefined;

  /** Ends the sleep, if the loop is in one. */
  wake(): void {
    this.#wakeUp?.();
  }

  /** Resolves after the delay, or as soon as it is woken or the signal is aborted. */
  async sleep(clock: Pick<Clock, 'after'>, delayMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(delayMs, () => settle());
      const settle = (): void => {
        cancel();
        signal.removeEventListener('abort', settle);
        this.#wakeUp = undefined;
        resolve();
      };
      this.#wakeUp = settle;
      signal.addEventListener('abort', settle, { once: true });
    });
  }
}
