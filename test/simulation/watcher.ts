/** Lists, watches from there, and goes on elsewhere when its process dies. It compares all changes that it gets with the log. */
import { StoreError, type Change, type WatchBatch } from '../../functions/store/store.ts';
import type { SeededRandom } from './seeded-random.ts';
import { namespaceOf, resources } from './operations.ts';
import type { Home, Scene } from './scene.ts';
import { colorOf, markOf, nameOf, type TrueChange } from './truth.ts';

export class Watcher {
  readonly name: string;
  readonly #scene: Scene;
  readonly #random: SeededRandom;
  readonly #resource: string;
  readonly #namespace: string | undefined;
  /** The watch has delivered everything up to here; undefined: a list is needed. */
  #received: number | undefined;
  #home: Home | undefined;

  constructor(name: string, scene: Scene) {
    this.name = name;
    this.#scene = scene;
    this.#random = scene.random.fork();
    this.#resource = this.#random.pick(resources);
    this.#namespace = this.#random.chance(0.3) ? namespaceOf(this.#random) : undefined;
  }

  /** Never ends by itself. */
  async run(): Promise<void> {
    for (;;) {
      const home = this.#random.pick(this.#scene.homes);
      this.#home = home;
      if (home === undefined) await this.#scene.sleep(1000);
      else await this.#session(home);
      await this.#scene.sleep(this.#random.scale(10, 5000));
    }
  }

  /** Changes that its process knows and its watch has not delivered. */
  get missing(): readonly TrueChange[] {
    if (this.#received === undefined || this.#home === undefined) return [];
    return this.#scene.truth.changesAfter(this.#received, this.#home.store.view().revision).filter((change) => this.#isMine(change));
  }

  get received(): number | undefined {
    return this.#received;
  }

  async #session(home: Home): Promise<void> {
    const { process } = home;
    const end = new AbortController();
    const dead = new Promise<void>((resolve) => process.onDeath(resolve));
    const tired = this.#scene.sleep(this.#random.scale(1000, 12 * 3_600_000)).then(() => end.abort());
    const session = this.#listAndWatch(home, end.signal).catch((error: unknown) => end.signal.aborted || this.#failed(error));
    await Promise.race([session, dead, tired]);
    end.abort();
  }

  async #listAndWatch({ process, store }: Home, signal: AbortSignal): Promise<void> {
    await process.sleep(1);
    if (signal.aborted) return;
    if (this.#received === undefined || this.#random.chance(0.2)) {
      const view = await store.fresh();
      if (signal.aborted) return;
      this.#scene.checkSnapshot(view, 'a list to watch from');
      this.#received = view.revision;
    }
    const request = { resource: this.#resource, namespace: this.#namespace, after: this.#received, signal };
    this.#scene.judge.note(this.name, () => `watches ${request.resource} after ${request.after}`);
    for await (const batch of store.watch(request)) {
      if (signal.aborted) return;
      this.#accept(batch);
    }
  }

  #accept({ revision, changes }: WatchBatch): void {
    const { judge, truth } = this.#scene;
    const after = this.#received ?? 0;
    judge.check(revision >= after, 'I14 watch', () => `${this.name} had received ${after}, and then ${revision}`);
    if (revision > truth.revision) return judge.violated('I15 applied', `${this.name} receives ${revision}; the head is ${truth.revision}`);
    const expected = truth.changesAfter(after, revision).filter((change) => this.#isMine(change));
    const [received, real] = [changes.map(receivedOf), expected.map(realOf)];
    judge.check(received.join() === real.join(), 'I14 I20 I21 watch', () => {
      return `${this.name}, ${this.#resource} ${this.#namespace ?? ''} from ${after} to ${revision}: receives ${received.join(', ')}; really ${real.join(', ')}`;
    });
    this.#received = revision;
  }

  #isMine({ key }: TrueChange): boolean {
    return key.resource === this.#resource && (this.#namespace === undefined || key.namespace === this.#namespace);
  }

  #failed(error: unknown): void {
    const { judge, truth } = this.#scene;
    judge.note(this.name, () => `its watch fails: ${String(error)}`);
    if (error instanceof StoreError && error.code === 'unavailable') return;
    if (!(error instanceof StoreError && error.code === 'compacted'))
      return judge.violated('no surprises', `${this.name}: ${error instanceof Error ? error.stack : String(error)}`);
    const after = this.#received ?? 0;
    judge.check(
      after < truth.compactRevision,
      'I19 compact revision',
      () => `${this.name} had received ${after}, the compact revision is ${truth.compactRevision}, but: ${error.message}`,
    );
    this.#received = undefined;
  }
}

const receivedOf = ({ type, key, revision, object, previous }: Change): string =>
  `${type} ${nameOf(key)} ${markOf(object)} ${revision} after ${type === 'added' ? '' : previous?.labels['color']}, ${colorOf(object)}`;

const realOf = ({ type, key, mark, revision, before, color }: TrueChange): string =>
  `${type} ${nameOf(key)} ${mark} ${revision} after ${before?.color ?? ''}, ${color}`;
