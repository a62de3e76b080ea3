/**
 * Reads what other processes write, while a watch or a node's poll waits for it here. It asks often while something
 * happens and less often while nothing does. While no reader waits it asks nothing.
 */
import type { Store } from '../store/store.ts';
import type { World } from '../world.ts';

export interface Follower {
  /** A reader waits from now on. Returns how to end that. */
  hold(): () => void;
}

const delayMsMin = 200;
const delayMsMax = 1_000;
const slower = 1.25;

export function createFollower(store: Pick<Store, 'fresh' | 'view'>, { clock, log }: Pick<World, 'clock' | 'log'>): Follower {
  let waiting = 0;
  let isRunning = false;

  async function check(): Promise<boolean> {
    const before = store.view().revision;
    try {
      return (await store.fresh()).revision > before;
    } catch (error) {
      log.warn('the log could not be read', { error });
      return false;
    }
  }

  async function follow(): Promise<void> {
    isRunning = true;
    for (let delayMs = delayMsMin; ;) {
      await clock.sleep(delayMs);
      if (waiting === 0) break;
      delayMs = (await check()) ? delayMsMin : Math.min(delayMsMax, delayMs * slower);
    }
    isRunning = false;
  }

  return {
    hold() {
      waiting += 1;
      let isHeld = true;
      if (!isRunning) void follow();
      return () => {
        if (isHeld) waiting -= 1;
        isHeld = false;
      };
    },
  };
}
