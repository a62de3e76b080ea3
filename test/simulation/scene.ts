/** What all players of one simulation share: the true state, the judge, and the newest revision of all answers. */
import type { View } from '../../functions/kube/view.ts';
import type { Store } from '../../functions/store/store.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Judge } from './judge.ts';
import type { KeyEvent } from './linearizable.ts';
import { allResources, difference } from './operations.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Timeline } from './timeline.ts';
import { nameOf, type Truth } from './truth.ts';

export interface Home {
  readonly process: SimulatedProcess;
  readonly store: Store;
}

export class Scene {
  readonly timeline: Timeline;
  readonly judge: Judge;
  readonly truth: Truth;
  readonly random: SeededRandom;
  /** What clients know, per key, for a judgement without the log. */
  readonly events = new Map<string, KeyEvent[]>();
  homes: Home[] = [];
  #known = 0;
  #tick = 0;

  constructor(timeline: Timeline, judge: Judge, truth: Truth, random: SeededRandom) {
    this.timeline = timeline;
    this.judge = judge;
    this.truth = truth;
    this.random = random;
  }

  /** The newest revision that any client or watcher has got. */
  get known(): number {
    return this.#known;
  }

  learn(revision: number): void {
    this.#known = Math.max(this.#known, revision);
  }

  /** The place of a moment in the order of all moments. */
  tick(): number {
    this.#tick += 1;
    return this.#tick;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.timeline.after(ms, resolve));
  }

  forget(name: string, event: KeyEvent | undefined): void {
    if (event !== undefined) this.events.set(name, this.events.get(name)?.filter((known) => known !== event) ?? []);
  }

  remember(name: string, event: KeyEvent): void {
    const known = this.events.get(name);
    if (known === undefined) this.events.set(name, [event]);
    else known.push(event);
  }

  /** A snapshot shows exactly what was true at its revision. */
  checkSnapshot(view: View, what: string): void {
    const { judge, truth } = this;
    if (view.revision > truth.revision)
      return judge.violated('I15 applied', `${what} shows revision ${view.revision}; the head is ${truth.revision}`);
    const state = truth.stateAt(view.revision);
    const stored = allResources.flatMap((resource) => view.list(resource));
    const shown = new Map(stored.map((one) => [nameOf(one.key), one]));
    for (const name of new Set([...shown.keys(), ...state.keys()])) {
      const wrong = difference(shown.get(name), state.get(name));
      if (wrong !== undefined) judge.violated('I13 exact lists', `${what} at ${view.revision}: ${name} ${wrong}`);
    }
  }
}
