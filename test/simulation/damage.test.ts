/**
 * Processes on a table whose log entries and object items are damaged at random, from one seed. What a process shows is what
 * was committed, or an error; and as long as one process knows the state, others start again once it has kept house.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { type Change, DamagedEntry, type Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { readObject, UnreadableObject } from '../../functions/kube/unreadable-object.ts';
import { create, pod, podKey, remove, update } from '../contract/cluster.ts';
import { whileTimePasses } from '../../functions/virtual-clock.ts';
import { type Damage, damagedTable, noDamage } from '../support/damaged-table.ts';
import { type VirtualWorld, virtualWorld } from '../support/virtual-world.ts';
import { SeededRandom } from './seeded-random.ts';

const podNames = ['a', 'b', 'c', 'd', 'e'];
const seeds = 20;
const steps = 40;
const processesMax = 4;

const isOfDamage = (error: unknown): boolean => error instanceof DamagedEntry || error instanceof UnreadableObject;

/** Undefined where damage stood in the way; other errors are faults. Writers that lose an entry wait for time to pass. */
async function unlessDamaged<T>(world: VirtualWorld, work: Promise<T>): Promise<T | undefined> {
  try {
    return await whileTimePasses(world, work);
  } catch (error) {
    if (isOfDamage(error)) return undefined;
    throw error;
  }
}

class Scene {
  readonly random: SeededRandom;
  readonly world: VirtualWorld;
  readonly damage: Damage = noDamage();
  readonly #table: Table;
  readonly #witness: Store;
  readonly processes: Store[] = [];
  /** What each pod was, by revision and name. */
  readonly #states = new Map<number, ReadonlyMap<string, unknown>>([[0, new Map()]]);

  constructor(seed: number, world: VirtualWorld, { table, witness }: { readonly table: Table; readonly witness: Store }) {
    this.random = new SeededRandom(seed);
    this.world = world;
    this.#table = table;
    this.#witness = witness;
    witness.onApplied((revision, changes) => this.#take(revision, changes));
  }

  static async begin(seed: number): Promise<Scene> {
    const world = virtualWorld(seed);
    const table = memoryTable({ clock: world.clock });
    const witness = await createStore({ table, world, limits: { pollMs: 0 } });
    const scene = new Scene(seed, world, { table, witness });
    await scene.start();
    return scene;
  }

  async start(): Promise<Store | undefined> {
    const table = damagedTable(this.#table, this.damage);
    const store = await unlessDamaged(this.world, createStore({ table, world: this.world, limits: { pollMs: 0, historyChangesMax: 20 } }));
    if (store !== undefined) this.processes.push(store);
    return store;
  }

  /** All that was committed since, as the witness reads it, whose bytes are never damaged. */
  async learn(): Promise<void> {
    await this.#witness.fresh();
  }

  #take(revision: number, changes: readonly Change[]): void {
    const byRevision = new Map(changes.map((change) => [change.revision, change]));
    for (let at = this.#states.size; at <= revision; at += 1) {
      const state = new Map(this.#states.get(at - 1));
      const change = byRevision.get(at);
      if (change?.type === 'deleted') state.delete(change.key.name);
      else if (change !== undefined) state.set(change.key.name, change.object);
      this.#states.set(at, state);
    }
  }

  check(store: Store): void {
    const view = store.view();
    const truth = this.#states.get(view.revision);
    assert.ok(truth !== undefined, `revision ${view.revision} was never committed`);
    const shown = view.list('pods');
    assert.deepEqual(shown.map(({ key }) => key.name).sort(), [...truth.keys()].sort(), `revision ${view.revision}`);
    for (const stored of shown) {
      const object = readObject(stored);
      if (object === undefined) assert.ok(this.damage.objects.has(stored.key.name), `${stored.key.name} cannot be read`);
      else assert.deepEqual(object, truth.get(stored.key.name), `revision ${view.revision}`);
    }
  }

  async keepHouse(store: Store): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      await this.world.advance(5 * 60_000);
      await unlessDamaged(this.world, store.commit(update(pod('tick', { note: `${this.world.clock.now()}` }))).catch(orCreate(store)));
      await unlessDamaged(this.world, store.housekeep());
    }
  }

  async close(): Promise<void> {
    for (const store of [...this.processes, this.#witness]) await store.close();
  }
}

const orCreate = (store: Store) => (error: unknown) => {
  if (isOfDamage(error)) throw error;
  return store.commit(create(pod('tick')));
};

async function write({ random, world }: Scene, store: Store): Promise<void> {
  const name = random.pick(podNames);
  const object = pod(name, { note: `${world.clock.now()} ${random.whole(0, 1_000_000)}` });
  const operation = random.pick([create(object), update(object), update(object), remove(podKey(name))]);
  await unlessDamaged(
    world,
    store.commit(operation).catch((error: unknown) => {
      // The pod is there already, or is not.
      if (isOfDamage(error)) throw error;
    }),
  );
}

async function step(scene: Scene): Promise<void> {
  const { random, processes, damage, world } = scene;
  const store = random.pick(processes);
  const head = store.view().revision;
  switch (random.pick(['write', 'write', 'write', 'write', 'fresh', 'start', 'stop', 'entry', 'item', 'house'] as const)) {
    case 'write':
      return write(scene, store);
    case 'fresh':
      await unlessDamaged(scene.world, store.fresh());
      return;
    case 'start':
      if (processes.length < processesMax) await scene.start();
      return;
    case 'stop':
      if (processes.length > 1) await processes.splice(processes.indexOf(store), 1)[0]?.close();
      return;
    case 'entry':
      if (head > 0 && damage.entries.size < 3) damage.entries.add(random.whole(1, head));
      return;
    case 'item':
      if (damage.objects.size < 2) damage.objects.add(random.pick(podNames));
      return;
    case 'house':
      await world.advance(60_000);
      await scene.keepHouse(store);
  }
}

/** Returns whether a process started at the end although entries are damaged. */
async function playHistory(scene: Scene): Promise<boolean> {
  for (let count = 0; count < steps; count += 1) {
    await step(scene);
    await scene.learn();
    for (const store of scene.processes) scene.check(store);
  }
  const fresh = await Promise.all(scene.processes.map((store) => unlessDamaged(scene.world, store.fresh())));
  // Without a process that knows the newest state, its end may be unknown for ever.
  const knowing = scene.processes.find((_, index) => fresh[index] !== undefined);
  if (knowing === undefined) return false;
  await scene.keepHouse(knowing);
  const started = await scene.start();
  assert.ok(started !== undefined, 'a process starts once the state is written down');
  await scene.learn();
  scene.check(started);
  return scene.damage.entries.size > 0;
}

test(`in ${seeds} histories with damaged bytes, processes show what was committed or an error, and start again`, async () => {
  let healed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const scene = await Scene.begin(seed);
    try {
      if (await playHistory(scene)) healed += 1;
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    } finally {
      await scene.close();
    }
  }
  assert.ok(healed > seeds / 4, `${healed} histories with damaged entries came to a good end`);
});
