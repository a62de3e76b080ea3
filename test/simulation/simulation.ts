/**
 * One run: processes, clients, watchers and bad weather, all from one seed; then calm, and the last judgement.
 * README.md lists what is simulated and what is checked.
 */
import { createStore } from '../../functions/store/create-store.ts';
import { inEpoch } from '../../functions/store/epoch.ts';
import type { StoreLimits } from '../../functions/store/limits.ts';
import { Client } from './client.ts';
import { SeededRandom } from './seeded-random.ts';
import { FaultyWay, type Weather } from './faulty-way.ts';
import { Host, type CreateStore } from './host.ts';
import { Judge, type Violation } from './judge.ts';
import { explain } from './linearizable.ts';
import { anyKey, resources } from './operations.ts';
import { lateStart, standstill } from './rare-scenes.ts';
import { Scene, type Home } from './scene.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import { Watcher } from './watcher.ts';
import { Worker, type Fence } from './worker.ts';
import { witnessedTable, type TableWeakness, type WitnessedTable } from './witnessed-table.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** The number of steps of all clients together. */
  readonly steps?: number;
  readonly createStore?: CreateStore;
  readonly weakness?: TableWeakness;
  readonly fence?: Fence;
}

export interface Report {
  readonly violation: Violation | undefined;
  readonly revisions: number;
  readonly virtualHours: number;
  readonly happened: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** More than twice as long as a reader relies on the watermark that it has read. */
const tombstoneLifeMs = 5 * hourMs;
export const defaultSteps = 150;
/** Nothing that clients do takes longer than this, weeks of frozen processes included. */
const playMsMax = 100 * 24 * hourMs;
/** After the faults, whatever was asked has an answer within this time. */
const settleMs = 60_000;
const freshMs = 10_000;

export async function simulate(options: SimulationOptions): Promise<Report> {
  const simulation = new Simulation(options);
  await simulation.run();
  return simulation.report();
}

class Simulation {
  readonly #random: SeededRandom;
  readonly #timeline = new Timeline(Date.UTC(2026, 0, 1));
  readonly #judge = new Judge(this.#timeline);
  readonly #truth = new Truth(this.#judge);
  readonly #scene: Scene;
  readonly #table: WitnessedTable;
  readonly #weather: Weather;
  readonly #hosts: readonly Host[];
  readonly #watchers: readonly Watcher[];
  readonly #createStore: CreateStore;
  readonly #fence: Fence;
  readonly #limits: Partial<StoreLimits>;
  #stepsLeft: number;
  #gapMsMax = 1000;
  #isCalm = false;

  constructor({ seed, steps = defaultSteps, createStore: create = createStore, weakness, fence = inEpoch }: SimulationOptions) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#stepsLeft = steps;
    this.#createStore = create;
    this.#fence = fence;
    this.#scene = new Scene(this.#timeline, this.#judge, this.#truth, random.fork());
    this.#table = witnessedTable({
      timeline: this.#timeline,
      truth: this.#truth,
      bucketEntries: random.pick([4, 8, 16]),
      tombstoneLifeMs: random.pick([undefined, tombstoneLifeMs]),
      random: random.fork(),
      weakness,
    });
    this.#weather = weatherOf(random);
    this.#limits = limitsOf(random);
    const housekeepMs = random.scale(3 * minuteMs, 90 * minuteMs);
    const parts = {
      scene: this.#scene,
      table: this.#table,
      weather: this.#weather,
      createStore: create,
      limits: this.#limits,
      housekeepMs,
    };
    this.#hosts = Array.from({ length: random.whole(2, 5) }, (_, number) => new Host(number + 1, parts));
    this.#watchers = Array.from({ length: random.whole(1, 3) }, (_, number) => new Watcher(`watcher ${number + 1}`, this.#scene));
  }

  report(): Report {
    const { nowMs, startMs, happened } = this.#timeline;
    return { violation: this.#judge.violation, revisions: this.#truth.revision, virtualHours: (nowMs - startMs) / hourMs, happened };
  }

  async run(): Promise<void> {
    const clients = Array.from({ length: this.#random.whole(2, 6) }, (_, number) => new Client(`client ${number + 1}`, this.#scene));
    let playing = clients.length;
    for (const host of this.#hosts) host.start();
    for (const client of clients) void this.#play(client).then(() => (playing -= 1));
    for (const watcher of this.#watchers) void watcher.run();
    const workers = this.#random.chance(0.4) ? ['worker a', 'worker b'] : [];
    for (const name of workers) void new Worker(name, this.#scene, this.#fence).run();
    this.#trouble();
    const isOver = await this.#timeline.runUntil(() => playing === 0, this.#timeline.nowMs + playMsMax);
    if (!isOver) return this.#judge.violated('I26 liveness', 'the clients did not come to an end');
    await this.#calm();
  }

  /** Steps with pauses that are mostly short, and at times hours. */
  async #play(client: Client): Promise<void> {
    while (this.#stepsLeft > 0) {
      await this.#scene.sleep(this.#random.scale(1, this.#gapMsMax));
      this.#stepsLeft -= 1;
      if (this.#stepsLeft % 12 === 0) this.#gapMsMax = this.#random.pick([50, 5000, 5000, 3 * minuteMs, 8 * hourMs]);
      if (this.#random.chance(0.0005)) await this.#stampede(client);
      else if (this.#random.chance(0.003)) await this.#rareScene(client);
      else if (this.#random.chance(0.05)) await this.#crowd();
      else await client.step();
    }
  }

  /** A hundred writers want the same key. */
  async #stampede(client: Client): Promise<void> {
    const key = anyKey(this.#random);
    const homes = this.#scene.homes;
    if (homes.length === 0) return;
    const writers = Array.from({ length: 100 }, () => client.ask(this.#random.pick(homes), [{ key, verb: 'put' }]));
    await Promise.all(writers);
  }

  #rareScene(client: Client): Promise<void> {
    const stage = { scene: this.#scene, hosts: this.#hosts, weather: this.#weather, client, random: this.#random };
    return this.#random.pick([standstill, lateStart])(stage);
  }

  /** Many ask at almost the same time. */
  async #crowd(): Promise<void> {
    const readers = Array.from({ length: 8 }, (_, number) => new Client(`crowd ${this.#stepsLeft}-${number}`, this.#scene));
    await Promise.all(readers.map((reader) => reader.step()));
  }

  /** What happens to processes, whatever they do. */
  #trouble(): void {
    this.#timeline.after(this.#random.scale(100, Math.max(1000, 20 * this.#gapMsMax)), () => {
      if (this.#isCalm) return;
      this.#hurt(this.#random.pick(this.#hosts));
      this.#trouble();
    });
  }

  #hurt(host: Host): void {
    const weather = this.#weather;
    switch (this.#random.weighted({ die: 1, stop: 0.7, freeze: 3, jump: 1, throttle: 1, weather: 2 })) {
      case 'die':
        host.process?.die();
        return;
      case 'stop':
        host.stop();
        return;
      case 'freeze':
        host.process?.freeze(this.#random.scale(1, 48 * hourMs));
        return;
      case 'jump':
        host.process?.jump();
        return;
      case 'throttle':
        weather.throttledUntilMs = this.#timeline.nowMs + this.#random.scale(100, 5 * minuteMs);
        return;
      case 'weather':
        weather.faults = this.#random.pick([0, 0.02, 0.1, 0.3]);
    }
  }

  async #calm(): Promise<void> {
    this.#isCalm = true;
    this.#judge.note('all', () => 'the faults stop');
    this.#weather.faults = 0;
    this.#weather.throttledUntilMs = 0;
    this.#weather.frozenStarts = 0;
    Object.assign(this.#weather.stall, { advances: false, puts: false });
    const isUp = (): boolean => this.#hosts.every(({ home }) => home !== undefined && !home.process.isFrozen && home.process.isOnTime);
    if (!(await this.#timeline.runUntil(isUp, this.#timeline.nowMs + 3 * 24 * hourMs)))
      return this.#judge.violated('I26 liveness', 'not all processes came up');
    await this.#timeline.runFor(settleMs);
    await this.#lastWrites();
    await this.#timeline.runFor(30 * minuteMs);
    await this.#lastWatches();
    await this.#lastItems();
    this.#lastExplanations();
  }

  /** Each process writes and answers again. */
  async #lastWrites(): Promise<void> {
    const client = new Client('client 9', this.#scene);
    let answered = 0;
    const homes = this.#homes();
    for (const home of homes) {
      for (const resource of resources) {
        const key = { ...anyKey(this.#random), resource };
        void client.ask(home, [{ key, verb: 'put' }]).then(() => (answered += 1));
      }
    }
    const isDone = (): boolean => answered === homes.length * resources.length;
    if (await this.#timeline.runUntil(isDone, this.#timeline.nowMs + freshMs)) return;
    this.#judge.violated(
      'I26 liveness',
      `${answered} of ${homes.length * resources.length} writes were answered within ${freshMs} ms of calm`,
    );
  }

  #homes(): readonly Home[] {
    return this.#hosts.flatMap(({ home }) => (home === undefined ? [] : [home]));
  }

  /** Each watch has delivered all that its process knows, and each process knows all. */
  async #lastWatches(): Promise<void> {
    const { truth } = this.#scene;
    for (const { store, process } of this.#homes()) {
      const fresh = await this.#waitFor(store.fresh());
      if (fresh === undefined) return this.#judge.violated('I26 liveness', `${process.name} does not become fresh`);
      if (fresh.revision < truth.revision)
        this.#judge.violated('I12 fresh lists', `${process.name} shows ${fresh.revision}, the head is ${truth.revision}`);
      this.#scene.checkSnapshot(fresh, 'the last list');
    }
    await this.#timeline.runFor(freshMs);
    for (const { name, missing, received } of this.#watchers)
      this.#judge.check(
        missing.length === 0,
        'I22 watches wake',
        () => `${name} had received ${received}, but not ${missing.map(({ revision }) => revision)}`,
      );
  }

  /** A process that starts now, from object items, knows all that the log holds; so it does after the watermark has moved. */
  async #lastItems(): Promise<void> {
    await this.#coldStart();
    const [home] = this.#homes();
    // Clocks that are apart by twenty minutes differ about a compact revision's age.
    for (let round = 0; round < 6 && home !== undefined; round += 1) {
      await this.#waitFor(home.store.housekeep());
      await this.#timeline.runFor(6 * minuteMs);
    }
    if (!this.#timeline.isStopped && this.#truth.revision > 0)
      this.#judge.check(this.#truth.watermark.revision > 0, 'I24 checkpointed', () => 'housekeeping moved no watermark');
    this.#lastBlobs();
    await this.#coldStart();
  }

  /** What nothing points to any more does not stay. */
  #lastBlobs(): void {
    const stay = this.#truth.supersededBlobs.filter((hash) => this.#table.staysForEver(hash));
    this.#judge.check(stay.length === 0, 'I27 blobs', () => `nobody needs these blobs, but they stay: ${stay.join(', ')}`);
  }

  async #coldStart(): Promise<void> {
    const { truth, timeline, judge } = this.#scene;
    const process = new SimulatedProcess('cold', timeline, this.#random.fork());
    const table = new FaultyWay({ table: this.#table, timeline, process, random: this.#random.fork(), weather: this.#weather, judge });
    const store = await this.#waitFor(this.#createStore({ table, world: process, limits: this.#limits }));
    if (store === undefined) return judge.violated('I26 liveness', 'a cold process does not come up');
    if (store.view().revision !== truth.revision)
      judge.violated('I9 items', `a cold process shows ${store.view().revision}, the head is ${truth.revision}`);
    this.#scene.checkSnapshot(store.view(), 'a cold list');
    for (const revision of [truth.compactRevision, Math.floor((truth.compactRevision + truth.revision) / 2)]) {
      const view = await this.#waitFor(store.at(revision));
      if (view !== undefined) this.#scene.checkSnapshot(view, 'an exact list of a cold process');
    }
  }

  async #waitFor<T>(promise: Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    let isDone = false;
    promise
      .then((value) => (result = value))
      .catch((error: Error) => this.#judge.violated('no surprises', error.stack ?? error.message))
      .finally(() => (isDone = true));
    await this.#timeline.runUntil(() => isDone, this.#timeline.nowMs + settleMs);
    return result;
  }

  /** Without reading the log: some order explains what clients saw. */
  #lastExplanations(): void {
    for (const [name, events] of this.#scene.events) {
      if (explain(events) === 'no') this.#judge.violated('linearizability', `nothing explains what clients saw of ${name}`);
    }
  }
}

function weatherOf(random: SeededRandom): Weather {
  const share = (): number => (random.chance(0.5) ? 1 : random.between(0, 3));
  return {
    faults: random.pick([0, 0.02, 0.05, 0.1, 0.3]),
    throttledUntilMs: 0,
    stall: { advances: false, puts: false },
    frozenStarts: random.pick([0, 0.1, 0.3]),
    isTorn: random.chance(0.5),
    fates: {
      throttled: share(),
      lost: share(),
      'answer lost': 2 * share(),
      late: share(),
      twice: share(),
      'dies before': 0.1 * share(),
      'dies after': 0.2 * share(),
      freezes: 0.3 * share(),
    },
  };
}

/** Small bounds make rare cases common; times stay as they are. */
function limitsOf(random: SeededRandom): Partial<StoreLimits> {
  const historyChangesMax = random.pick([5, 20, 100_000]);
  return {
    historyChangesMax,
    // Little memory is little for both: nothing stays decoded, or a few objects.
    ...(historyChangesMax < 100_000 ? { parsedBytesMax: historyChangesMax * 100, textBytesMax: (historyChangesMax - 5) * 100 } : {}),
    watchBatchMax: random.pick([1, 3, 1000]),
    entryOperationsMax: random.pick([1, 3, 256]),
    entryBytesMax: random.pick([400, 256 * 1024]),
    inlineBytesMax: random.pick([60, 200, 256 * 1024]),
    checkpointEntries: random.pick([3, 20, 1024]),
    objectBytesMax: 2 ** 21,
  };
}
