/** Lets one waiter sleep until something happens or a time has come. A ring while no run waits is kept for the next wait. */
import type { Clock } from '../world.ts';

export class WakeSignal {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  async wait(delayMs: number | undefined): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const cancel = delayMs === undefined ? undefined : this.#clock.after(Math.max(0, delayMs), resolve);
        this.#wake = () => {
          cancel?.();
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}
