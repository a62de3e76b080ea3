/** A place where processes live, one after the other: each starts cold, does the housekeeping now and then, and dies. */
import type { createStore } from '../../functions/store/create-store.ts';
import type { StoreLimits } from '../../functions/store/limits.ts';
import { StoreError, type Change, type Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import type { SeededRandom } from './seeded-random.ts';
import { FaultyWay, type Weather } from './faulty-way.ts';
import { allResources } from './operations.ts';
import type { Home, Scene } from './scene.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { markOf, nameOf } from './truth.ts';

export type CreateStore = typeof createStore;

export interface HostParts {
  readonly scene: Scene;
  readonly table: Table;
  readonly weather: Weather;
  readonly createStore: CreateStore;
  readonly limits: Partial<StoreLimits>;
  /** About so often. */
  readonly housekeepMs: number;
}

export class Host {
  readonly #number: number;
  readonly #parts: HostParts;
  readonly #random: SeededRandom;
  #lives = 0;
  #process: SimulatedProcess | undefined;
  #home: Home | undefined;

  constructor(number: number, parts: HostParts) {
    this.#number = number;
    this.#parts = parts;
    this.#random = parts.scene.random.fork();
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  get home(): Home | undefined {
    return this.#home;
  }

  start(): void {
    const { scene, table, weather } = this.#parts;
    const { timeline, judge } = scene;
    this.#lives += 1;
    const process = new SimulatedProcess(`${this.#number}.${this.#lives}`, timeline, this.#random.fork());
    this.#process = process;
    process.onDeath(() => {
      judge.note(process.name, () => 'dies');
      scene.homes = scene.homes.filter((home) => home !== this.#home);
      this.#home = undefined;
      timeline.after(this.#random.scale(100, 600_000), () => this.start());
    });
    // What it reads first belongs together: a moment to be frozen in.
    if (this.#random.chance(weather.frozenStarts))
      timeline.after(this.#random.scale(1, 20), () => process.freeze(this.#random.scale(600_000, 48 * 3_600_000)));
    const way = new FaultyWay({ table, timeline, process, random: this.#random.fork(), weather, judge });
    this.#live(process, way).catch((error: Error) => judge.violated('no surprises', `${process.name}: ${error.stack}`));
  }

  /** Ends it as a signal would, with some time to finish its calls. */
  stop(): void {
    const home = this.#home;
    if (home === undefined || home.process.isFrozen) return;
    const { scene } = this.#parts;
    scene.judge.note(home.process.name, () => 'is stopped');
    scene.homes = scene.homes.filter((other) => other !== home);
    void home.store.close();
    scene.timeline.after(60_000, () => home.process.die());
  }

  async #live(process: SimulatedProcess, way: Table): Promise<void> {
    const { scene, limits, housekeepMs } = this.#parts;
    const store = await this.#create(process, way, limits);
    scene.judge.note(process.name, () => `begins at revision ${store.view().revision}`);
    this.#mirror(store, process.name);
    const home = { process, store };
    this.#home = home;
    scene.homes = [...scene.homes, home];
    for (;;) {
      await process.sleep(this.#random.scale(housekeepMs / 4, housekeepMs * 2));
      await store.housekeep().catch(expectUnavailable);
    }
  }

  async #create(process: SimulatedProcess, table: Table, limits: Partial<StoreLimits>): Promise<Store> {
    for (;;) {
      const store = await this.#parts.createStore({ table, world: process, limits }).catch(expectUnavailable);
      if (store !== undefined) return store;
      await process.sleep(1000);
    }
  }

  /** The changes that listeners get add up to what the store shows. */
  #mirror(store: Store, name: string): void {
    const { judge } = this.#parts.scene;
    const mirror = new Map(
      allResources.flatMap((resource) => store.view().list(resource)).map((one) => [nameOf(one.key), markOf(one.object)]),
    );
    store.onApplied((revision, changes) => {
      for (const change of changes) apply(mirror, change);
      const shown = allResources.flatMap((resource) => store.view().list(resource));
      const isSame = shown.length === mirror.size && shown.every((one) => mirror.get(nameOf(one.key)) === markOf(one.object));
      judge.check(isSame, 'listeners', () => `${name} at ${revision}: had received ${[...mirror].join('; ')}`);
    });
  }
}

function apply(mirror: Map<string, string>, { type, key, object }: Change): void {
  if (type === 'deleted') mirror.delete(nameOf(key));
  else mirror.set(nameOf(key), markOf(object));
}

export function expectUnavailable(error: unknown): undefined {
  if (error instanceof StoreError && (error.code === 'unavailable' || error.code === 'unknown-outcome')) return undefined;
  throw error;
}
