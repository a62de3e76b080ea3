/** Workers that take over from each other: each writes in runs, and must write nothing once another epoch has begun. */
import { runEpoch } from '../../functions/store/epoch.ts';
import type { inEpoch } from '../../functions/store/epoch.ts';
import { StoreError } from '../../functions/store/store.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Asked } from './operations.ts';
import type { Home, Scene } from './scene.ts';

export type Fence = typeof inEpoch;

export const workersName = 'controllers';

/** An object that only the workers write. */
const key = { resource: 'configmaps', namespace: 'red', name: 'work' } as const;
const runMsMax = 20 * 60_000;
const runsMax = 12;

export class Worker {
  readonly #name: string;
  readonly #scene: Scene;
  readonly #random: SeededRandom;
  readonly #fence: Fence;
  #written = 0;

  constructor(name: string, scene: Scene, fence: Fence) {
    this.#name = name;
    this.#scene = scene;
    this.#random = scene.random.fork();
    this.#fence = fence;
  }

  async run(): Promise<void> {
    for (let run = 1; run <= runsMax; run += 1) {
      await this.#scene.sleep(this.#random.scale(10_000, 3 * 3_600_000));
      const home = this.#random.pick(this.#scene.homes);
      if (home === undefined) continue;
      const dead = new Promise<void>((resolve) => home.process.onDeath(resolve));
      await Promise.race([this.#run(home, `${this.#name}.${run}`), dead, this.#scene.sleep(runMsMax)]);
    }
  }

  async #run({ store, process }: Home, uid: string): Promise<void> {
    const begin = runEpoch(store, workersName, uid);
    try {
      for (let write = this.#random.whole(1, 3); write > 0; write -= 1) {
        this.#written += 1;
        const asked = new Asked(`${uid}.${this.#written}`, [{ key, verb: 'put' }], this.#random);
        this.#scene.truth.fence(asked.mark, uid);
        await store.commit(this.#fence(asked, await begin()()));
        await process.sleep(this.#random.scale(10, 300_000));
      }
    } catch (error) {
      const isExpected = error instanceof StoreError || (error instanceof Error && error.name === 'EpochOver');
      this.#scene.judge.note(this.#name, () => `run ${uid} ends: ${String(error)}`);
      if (!isExpected) throw error;
    }
  }
}
