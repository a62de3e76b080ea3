/** A client far away from the processes: it asks any of them, gives up after a while, and remembers the answers. */
import type { Key, Stored } from '../../functions/kube/view.ts';
import { StoreError, type Store } from '../../functions/store/store.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { KeyEvent } from './linearizable.ts';
import { anyKey, Asked, difference, Refused, type Step, type Verb } from './operations.ts';
import type { Home, Scene } from './scene.ts';
import { markOf, nameOf } from './truth.ts';

type Action = 'write' | 'writes' | 'check' | 'list' | 'old list' | 'exact list' | 'not older' | 'changes';

const actions: Readonly<Record<Action, number>> = {
  write: 10,
  writes: 2,
  check: 1,
  list: 2,
  'old list': 1,
  'exact list': 1.5,
  'not older': 1,
  changes: 1,
};

const verbs: Readonly<Record<Verb, number>> = { create: 3, update: 4, put: 1, delete: 2, touch: 1, get: 0.5 };

/** As long as the store keeps a commit waiting, and a bit. */
const patienceMs = 40_000;

export class Client {
  readonly name: string;
  readonly #scene: Scene;
  readonly #random: SeededRandom;
  /** The newest revision of its answers: it never accepts an older one. */
  #known = 0;
  readonly #lists: number[] = [0];
  #asked = 0;
  #home: Home | undefined;

  constructor(name: string, scene: Scene) {
    this.name = name;
    this.#scene = scene;
    this.#random = scene.random.fork();
  }

  /** One step; over when it has an answer, or has given up. */
  async step(): Promise<void> {
    const home = this.#nextHome();
    if (home === undefined) return;
    const action = this.#random.weighted(actions);
    const steps =
      action === 'write' ? [this.#aStep()] : action === 'check' ? [{ ...this.#aStep(), verb: 'get' as const }] : this.#someSteps();
    const isCommit = action === 'write' || action === 'writes' || action === 'check';
    await this.#within(home, () => (isCommit ? this.#commit(home, steps) : this.#read(home, action)));
  }

  /** Sends one commit to this process, and waits for its answer or for too long. */
  ask(home: Home, steps: readonly Step[]): Promise<void> {
    return this.#within(home, () => this.#commit(home, steps));
  }

  /** Sends the request, and waits for its answer or for too long. */
  #within(home: Home, ask: () => Promise<void>): Promise<void> {
    const { timeline, judge } = this.#scene;
    return new Promise((resolve) => {
      timeline.after(patienceMs, resolve);
      home.process.onDeath(resolve);
      home.process.at(timeline.nowMs + this.#random.scale(0.1, 5), () => {
        ask().then(resolve, (error: Error) => {
          judge.violated('no surprises', `${this.name} on ${home.process.name}: ${error.stack}`);
          resolve();
        });
      });
    });
  }

  #nextHome(): Home | undefined {
    const { homes } = this.#scene;
    if (this.#home === undefined || !homes.includes(this.#home) || this.#random.chance(0.3)) this.#home = this.#random.pick(homes);
    return this.#home;
  }

  #aStep(): Step {
    const key = anyKey(this.#random);
    const verb = this.#random.weighted(verbs);
    const known = this.#scene.truth.stateAt(Math.min(this.#known, this.#scene.truth.revision)).get(nameOf(key));
    if (known === undefined || verb === 'create' || verb === 'put' || this.#random.chance(0.6)) return { key, verb };
    return this.#random.chance(0.7) ? { key, verb, revision: known.revision, mark: known.mark } : { key, verb, uid: known.uid };
  }

  #someSteps(): Step[] {
    const steps = Array.from({ length: this.#random.whole(2, 4) }, () => this.#aStep());
    return steps.filter(({ key }, index) => steps.findIndex((other) => nameOf(other.key) === nameOf(key)) === index);
  }

  async #commit(home: Home, steps: readonly Step[]): Promise<void> {
    const { judge, known } = this.#scene;
    this.#asked += 1;
    const asked = new Asked(`${this.name}.${this.#asked}`, steps, this.#random);
    const attempt = { asked, known, start: this.#scene.tick(), events: this.#mayHappen(asked) };
    judge.note(home.process.name, () => `${asked}`);
    try {
      this.#answered(attempt, await home.store.commit(asked));
    } catch (error) {
      this.#refused(attempt, error);
    }
  }

  #answered(attempt: Attempt, stored: readonly Stored[]): void {
    const { truth, judge } = this.#scene;
    const { asked } = attempt;
    judge.note(this.name, () => `${asked.mark} is answered: ${stored.map(({ revision }) => revision).join(', ')}`);
    const { revision, writes } = asked.sight;
    const own = stored.filter(({ object }) => markOf(object) === asked.mark).map((one) => one.revision);
    const expected = own.map((_, index) => revision + 1 + index);
    judge.check(own.join() === expected.join(), 'I5 revisions', () => `${asked} receives ${own}, decided at ${revision}`);
    const real = truth.revisionsOf(asked.mark);
    judge.check(own.join() === real.join(), 'I5 exactly once', () => `${asked} receives ${own}, in the log it is ${real}`);
    judge.check(writes === own.length, 'I5 all or nothing', () => `${asked} wanted ${writes} changes, and got ${own.length}`);
    this.#checkSight(attempt);
    this.#learn(revision + own.length);
    const end = this.#scene.tick();
    for (const [index, event] of attempt.events.entries()) {
      if (event === undefined) this.#looked(attempt, asked.keys[index]!, (value) => value === markSeen(asked, index));
      else event.end = end;
    }
  }

  #refused(attempt: Attempt, error: unknown): void {
    const { truth, judge } = this.#scene;
    const { asked, events } = attempt;
    judge.note(this.name, () => `${asked.mark} is refused: ${error instanceof Error ? error.message : String(error)}`);
    // What is not known may still happen.
    if (error instanceof StoreError && error.code === 'unknown-outcome') return;
    if (!(error instanceof Refused) && !(error instanceof StoreError && error.code === 'unavailable')) throw error;
    const real = truth.revisionsOf(asked.mark);
    judge.check(real.length === 0, 'I5 refused never', () => `${asked} is refused, but it is in the log: ${real}`);
    truth.refuse(asked.mark);
    for (const [index, event] of events.entries()) this.#scene.forget(nameOf(asked.keys[index]!), event);
    if (!(error instanceof Refused)) return;
    this.#checkSight(attempt);
    this.#learn(asked.sight.revision);
    const index = asked.keys.indexOf(error.key);
    this.#looked(attempt, error.key, (value) => value === markSeen(asked, index));
  }

  /** What the decision saw was true, and not older than any answer before the call. */
  #checkSight({ asked, known }: Attempt): void {
    const { truth, judge } = this.#scene;
    const { revision, seen } = asked.sight;
    judge.check(
      revision >= known,
      'I12 I17 fresh answers',
      () => `${asked} is answered as of ${revision}, but ${known} was known before it began`,
    );
    if (revision > truth.revision) return judge.violated('I15 applied', `${asked} saw revision ${revision}; the head is ${truth.revision}`);
    for (const { key, stored } of seen) {
      const wrong = difference(stored, truth.stateAt(revision).get(nameOf(key)));
      judge.check(wrong === undefined, 'I12 fresh answers', () => `${asked} saw revision ${revision}, in which ${nameOf(key)} ${wrong}`);
    }
  }

  #learn(revision: number): void {
    this.#known = Math.max(this.#known, revision);
    this.#scene.learn(revision);
  }

  /** Until there is an answer, each write may happen, at any time from now. */
  #mayHappen(asked: Asked): (KeyEvent | undefined)[] {
    const start = this.#scene.tick();
    return asked.steps.map((step) => {
      if (step.verb === 'get' || step.verb === 'touch') return undefined;
      const event: KeyEvent = { start, allows: allowed(step), writes: step.verb === 'delete' ? '' : asked.mark };
      this.#scene.remember(nameOf(step.key), event);
      return event;
    });
  }

  #looked({ start }: Pick<Attempt, 'start'>, key: Key, allows: KeyEvent['allows']): void {
    this.#scene.remember(nameOf(key), { start, end: this.#scene.tick(), allows });
  }

  async #read({ store, process }: Home, action: Action): Promise<void> {
    try {
      if (action === 'old list') this.#oldList(store);
      else if (action === 'exact list') await this.#exactList(store);
      else if (action === 'not older') await this.#notOlder(store);
      else if (action === 'changes') await this.#changes(store);
      else await this.#list(store);
    } catch (error) {
      this.#scene.judge.note(this.name, () => `${action} on ${process.name} fails: ${String(error)}`);
      if (!(error instanceof StoreError && error.code === 'unavailable')) throw error;
    }
  }

  async #list(store: Store): Promise<void> {
    const { judge, known } = this.#scene;
    const start = this.#scene.tick();
    const view = await store.fresh();
    const { revision } = view;
    judge.note(this.name, () => `lists ${revision}`);
    judge.check(revision >= known, 'I12 fresh lists', () => `a list shows ${revision}, but ${known} was known before it began`);
    this.#scene.checkSnapshot(view, 'a fresh list');
    const key = anyKey(this.#random);
    const stored = view.get(key);
    const mark = stored === undefined ? '' : markOf(stored.object);
    this.#looked({ start }, key, (value) => value === mark);
    this.#lists.push(revision);
    this.#learn(revision);
  }

  #oldList(store: Store): void {
    this.#scene.checkSnapshot(store.view(), 'a list from memory');
  }

  async #exactList(store: Store): Promise<void> {
    const { judge, truth } = this.#scene;
    const revision = this.#random.chance(0.7)
      ? this.#random.pick(this.#lists.slice(-4))
      : this.#random.whole(Math.max(0, truth.compactRevision - 3), truth.revision);
    try {
      const view = await store.at(revision);
      judge.check(view.revision === revision, 'I18 pages', () => `the list at ${revision} says it is at ${view.revision}`);
      this.#scene.checkSnapshot(view, 'an exact list');
    } catch (error) {
      this.#expectGone(error, revision, 'an exact list');
    }
  }

  /** Gone is only what is below the compact revision. */
  #expectGone(error: unknown, revision: number, what: string): void {
    const { judge, truth } = this.#scene;
    if (!(error instanceof StoreError && error.code === 'compacted')) throw error;
    judge.check(
      revision < truth.compactRevision,
      'I19 compact revision',
      () => `${what} at ${revision} is refused, but the compact revision is ${truth.compactRevision}: ${error.message}`,
    );
  }

  async #notOlder(store: Store): Promise<void> {
    const { judge } = this.#scene;
    const known = this.#known;
    const view = await store.notOlderThan(known);
    judge.check(view.revision >= known, 'I16 no way back', () => `a list not older than ${known} shows ${view.revision}`);
    this.#scene.checkSnapshot(view, 'a list not older');
    this.#learn(view.revision);
  }

  async #changes(store: Store): Promise<void> {
    const { judge, truth } = this.#scene;
    const revision = this.#random.pick(this.#lists.slice(-4));
    const limit = this.#random.whole(1, 20);
    const applied = store.view().revision;
    try {
      const changes = await store.changesAfter(revision, limit);
      const real = truth.changesAfter(revision).slice(0, limit);
      const known = changes.map((change) => change.revision).join();
      const least = Math.min(limit, truth.changesAfter(revision, Math.max(revision, applied)).length);
      const isPrefix =
        real
          .slice(0, changes.length)
          .map((change) => change.revision)
          .join() === known;
      judge.check(
        isPrefix && changes.length >= least,
        'I14 changes',
        () => `after ${revision}: ${known}, at least ${least} of ${real.map((change) => change.revision)}`,
      );
    } catch (error) {
      this.#expectGone(error, revision, 'changes after');
    }
  }
}

interface Attempt {
  readonly asked: Asked;
  /** The newest revision that anybody knew when it began. */
  readonly known: number;
  readonly start: number;
  /** What it may do to each of its keys; undefined where it only reads. */
  readonly events: readonly (KeyEvent | undefined)[];
}

function allowed({ verb, mark }: Step): KeyEvent['allows'] {
  if (mark !== undefined) return (value) => value === mark;
  if (verb === 'create') return (value) => value === '';
  return verb === 'put' ? () => true : (value) => value !== '';
}

function markSeen(asked: Asked, index: number): string {
  const stored = asked.sight.seen[index]?.stored;
  return stored === undefined ? '' : markOf(stored.object);
}
