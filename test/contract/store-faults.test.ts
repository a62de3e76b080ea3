/**
 * Several processes write a few keys. The table loses requests and answers, and carries some out minutes later;
 * processes die. Afterwards the log must explain every answer that was given. `SEED=n` runs one seed only.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable, type Fault, type TableMethod } from '../../functions/store/memory/memory-table.ts';
import type { Change, Store } from '../../functions/store/store.ts';
import { StoreError } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { seededRandom, virtualWorld, type VirtualWorld } from '../support/virtual-world.ts';
import { create, Exists, Missing, plain, pod, podKey, remove, update } from './cluster.ts';

const seeds = process.env['SEED'] === undefined ? [1, 2, 3, 4, 5, 6, 7, 8] : [Number(process.env['SEED'])];

const processCount = 3;
const clientsPerProcess = 3;
const stepsPerClient = 12;
const keyNames = ['a', 'b', 'c'];
const minuteMs = 60_000;

type Verb = 'create' | 'update' | 'delete';

/** What a client asked for, and the answer that it got. */
interface Attempt {
  readonly verb: Verb;
  readonly name: string;
  /** Written into the object, so that the log shows which attempt wrote it. */
  readonly mark: string;
  /** The greatest revision that any client had got in an answer before it began. */
  readonly from: number;
  outcome: 'none' | 'written' | 'refused' | 'unknown' | 'unavailable';
  revision: number;
  /** The newest revision in the log when it was answered. */
  to: number;
}

/** The process's way to the table; once cut, its calls never come back: to the process, that is death. */
function cuttable(table: Table): { readonly table: Table; cut(): void } {
  let isCut = false;
  const proxy = new Proxy(table, {
    get:
      (target, method: keyof Table) =>
      (...args: never[]) =>
        isCut ? new Promise(() => undefined) : (target[method] as (...all: never[]) => unknown).apply(target, args),
  });
  return {
    table: proxy,
    cut: () => {
      isCut = true;
    },
  };
}

class Simulation {
  readonly world: VirtualWorld;
  readonly attempts: Attempt[] = [];
  readonly #random;
  readonly #table: Table;
  readonly #honestTable: Table;
  readonly #log: Change[] = [];
  #faultShare = 0.25;
  #acknowledged = 0;
  #observer: Store | undefined;

  constructor(seed: number) {
    this.world = virtualWorld(seed);
    this.#random = seededRandom(seed * 7919);
    this.#table = memoryTable({ clock: this.world.clock, fault: (method) => this.#fault(method), pageEntries: 3 });
    // The observer's way is without faults: the share of faults is zero while its calls begin.
    this.#honestTable = this.#withoutFaults(this.#table);
  }

  async run(): Promise<void> {
    this.#observer = await createStore({ table: this.#honestTable, world: this.world, limits: { historyChangesMax: 1_000_000 } });
    this.#observer.onApplied((_, changes) => this.#log.push(...changes));
    let running = processCount;
    for (let number = 0; number < processCount; number += 1) void this.#process(number).finally(() => (running -= 1));
    for (let step = 0; running > 0; step += 1) {
      assert.ok(step < 20_000, 'it does not come to an end');
      await this.world.advance(step % 10 === 0 ? 5000 : 200);
    }
    this.#faultShare = 0;
    // Whatever is still under way lands.
    await this.world.advance(30 * minuteMs);
  }

  async check(): Promise<void> {
    const observer = this.#observer!;
    await observer.fresh();
    this.#checkLog();
    for (const attempt of this.attempts) this.#checkAttempt(attempt);
    await observer.housekeep();
    const cold = await createStore({ table: this.#honestTable, world: this.world });
    assert.equal(cold.view().revision, observer.view().revision);
    assert.equal(cold.compactRevision(), observer.compactRevision());
    assert.deepEqual(cold.view().list('pods').map(plain), observer.view().list('pods').map(plain));
    const atCompactRevision = { cold: await cold.at(cold.compactRevision()), observer: await observer.at(cold.compactRevision()) };
    assert.deepEqual(atCompactRevision.cold.list('pods').map(plain), atCompactRevision.observer.list('pods').map(plain));
    const changes = async (store: Store): Promise<unknown[]> =>
      (await store.changesAfter(cold.compactRevision(), 10_000)).map((change) => ({
        ...plain(change),
        type: change.type,
        previous: change.previous,
      }));
    assert.deepEqual(await changes(cold), await changes(observer));
  }

  async #process(number: number): Promise<void> {
    const { clock } = this.world;
    for (let life = 0; life < 2; life += 1) {
      const way = cuttable(this.#table);
      const store = await this.#retrying(() => createStore({ table: way.table, world: this.world }));
      const clients = Array.from({ length: clientsPerProcess }, (_, client) => this.#client(store, `${number}.${life}.${client}`));
      void this.#housekeeper(store);
      const lifeMs = 20 * minuteMs * (1 + this.#random.next());
      await Promise.race([Promise.all(clients), clock.sleep(lifeMs)]);
      way.cut();
      // What it was doing is cut off too: its clients get no answer any more.
      for (const attempt of this.attempts.filter(({ mark }) => mark.startsWith(`${number}.${life}.`))) {
        if (attempt.outcome === 'none') attempt.outcome = 'unknown';
      }
    }
  }

  async #client(store: Store, who: string): Promise<void> {
    for (let step = 0; step < stepsPerClient; step += 1) {
      await this.#read(store);
      const long = this.#random.next() < 0.1;
      await this.world.clock.sleep(this.#random.next() * (long ? 15 * minuteMs : 3000));
      const verb = (['create', 'update', 'update', 'delete'] as const)[Math.floor(this.#random.next() * 4)]!;
      const name = keyNames[Math.floor(this.#random.next() * keyNames.length)]!;
      await this.#attempt(store, { verb, name, mark: `${who}.${step}`, from: this.#acknowledged, outcome: 'none', revision: 0, to: 0 });
    }
  }

  /** A fresh read shows every write that was acknowledged to any client before it began. */
  async #read(store: Store): Promise<void> {
    const acknowledged = this.#acknowledged;
    const view = await store.fresh().catch(expectStoreError);
    if (view !== undefined)
      assert.ok(view.revision >= acknowledged, `a fresh read shows ${view.revision}, after ${acknowledged} was acknowledged`);
  }

  async #attempt(store: Store, attempt: Attempt): Promise<void> {
    this.attempts.push(attempt);
    const object = pod(attempt.name, { note: attempt.mark });
    const operation = { create: create(object), update: update(object), delete: remove(podKey(attempt.name)) }[attempt.verb];
    try {
      const { revision } = await store.commit(operation);
      if (attempt.outcome !== 'none') return;
      attempt.outcome = 'written';
      attempt.revision = revision;
      this.#acknowledged = Math.max(this.#acknowledged, revision);
    } catch (error) {
      if (attempt.outcome !== 'none') return;
      if (error instanceof Exists || error instanceof Missing) attempt.outcome = 'refused';
      else if (error instanceof StoreError && error.code === 'unavailable') attempt.outcome = 'unavailable';
      else if (error instanceof StoreError && error.code === 'unknown-outcome') attempt.outcome = 'unknown';
      else throw error;
    }
    await this.#observer!.fresh();
    attempt.to = this.#observer!.view().revision;
  }

  async #housekeeper(store: Store): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      await this.world.clock.sleep(4 * minuteMs + this.#random.next() * 4 * minuteMs);
      await store.housekeep().catch(expectStoreError);
    }
  }

  async #retrying<T>(action: () => Promise<T>): Promise<T> {
    for (let round = 0; round < 500; round += 1) {
      const result = await action().catch(expectStoreError);
      if (result !== undefined) return result;
      await this.world.clock.sleep(500);
    }
    throw new Error('the table never answered');
  }

  #fault(method: TableMethod): Fault | undefined {
    if (this.#random.next() >= this.#faultShare) return undefined;
    const isAppend = method === 'appendEntry';
    const drawn = this.#random.next();
    if (drawn < 0.3) return 'lost';
    if (drawn < 0.6) return isAppend ? 'answer-lost' : { delayMs: this.#random.next() * 1000 };
    if (drawn < 0.7) return { lateMs: this.#random.next() * 20 * minuteMs };
    return { delayMs: this.#random.next() * 1000 };
  }

  #withoutFaults(table: Table): Table {
    return new Proxy(table, {
      get:
        (target, method: keyof Table) =>
        (...args: never[]) => {
          const share = this.#faultShare;
          this.#faultShare = 0;
          try {
            return (target[method] as (...all: never[]) => unknown).apply(target, args);
          } finally {
            this.#faultShare = share;
          }
        },
    });
  }

  /** Additions only where there was nothing, other changes only where there was something; each revision once, in order. */
  #checkLog(): void {
    const present = new Set<string>();
    let before = 0;
    for (const { type, key, revision } of this.#log) {
      assert.ok(revision > before, `revision ${revision} after ${before}`);
      before = revision;
      assert.equal(present.has(key.name), type !== 'added', `${revision} ${type} ${key.name}`);
      if (type === 'deleted') present.delete(key.name);
      else present.add(key.name);
    }
  }

  #checkAttempt(attempt: Attempt): void {
    const { verb, mark, outcome, from, to, revision } = attempt;
    const acknowledged = JSON.stringify(attempt);
    const own = this.#log.filter(({ type, object }) => type !== 'deleted' && (object.spec as { note: string }).note === mark);
    if (verb !== 'delete') assert.ok(own.length <= 1, `more than once: ${acknowledged}`);
    if (outcome === 'written') {
      const change = this.#log.find((one) => one.revision === revision);
      assert.equal(change?.key.name, attempt.name, acknowledged);
      assert.ok(revision > from, `not after what had received before: ${acknowledged}`);
      if (verb !== 'delete') assert.equal(own[0]?.revision, revision, acknowledged);
    }
    if (outcome === 'refused' || outcome === 'unavailable') assert.equal(own.length, 0, `in the log after all: ${acknowledged}`);
    if (outcome === 'refused') assert.ok(this.#wasEver(attempt.name, verb === 'create', from, to), `never was so: ${acknowledged}`);
  }

  /** Whether the object was present (or absent) at some moment between two revisions. */
  #wasEver(name: string, present: boolean, from: number, to: number): boolean {
    let isPresent = false;
    for (const { key, type, revision } of this.#log) {
      if (revision > to) break;
      if (revision > from && isPresent === present) return true;
      if (key.name === name) isPresent = type !== 'deleted';
    }
    return isPresent === present;
  }
}

function expectStoreError(error: unknown): undefined {
  if (error instanceof StoreError && (error.code === 'unavailable' || error.code === 'unknown-outcome')) return undefined;
  throw error;
}

for (const seed of seeds) {
  test(`the log explains every answer, whatever the table loses (seed ${seed})`, async () => {
    const simulation = new Simulation(seed);
    await simulation.run();
    await simulation.check();
    const outcomes = new Set(simulation.attempts.map(({ outcome }) => outcome));
    assert.ok(outcomes.has('written') && outcomes.has('refused'), [...outcomes].join());
  });
}
