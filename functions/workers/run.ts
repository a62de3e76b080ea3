/**
 * One waking period of a worker. It takes in what changed since the cursor, reconciles until nothing is left to do,
 * and stores the cursor. Then it goes back to sleep. What the reconciles write, and what others write meanwhile, is taken in
 * on the way; a Deployment, its ReplicaSet and its Pods need one run.
 *
 *   load cursor ─▶ changes since, or all ─▶ ┌ reconcile side by side ┐ ─▶ read the log once more ─▶ save
 *                              onApplied ─▶ └──── new requests ◀─────┘      (something new: go on)
 *
 * Everything here may happen twice or be cut short anywhere: that costs time, never correctness.
 */
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Change, Store } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import type { World } from '../world.ts';
import { WakeSignal } from './wake-signal.ts';
import { createCache } from './cache.ts';
import type { Cursor, CursorPort, ControllerCursor } from './cursor.ts';
import { isInternal, isOnlyLater } from './cursor.ts';
import { ControllerRun } from './controller-run.ts';
import type { Cache, Controller } from './controller.ts';
import type { Wake } from './wake.ts';
import { wakeOf } from './wake.ts';

interface RunLimits {
  /** A run starts no reconcile after this long. */
  readonly runMsMax: number;
  /** Then it waits this long for those under way. The next run starts them again, so the holder of the clients ends their epoch. */
  readonly finishMsMax: number;
  /** Nor more than this many: a controller that never settles must not hide. */
  readonly reconcilesMax: number;
  /** It stays awake for a delayed request that is due this soon, and leaves later ones to the next run. */
  readonly waitMsMax: number;
  /** Changes read from the log at once. */
  readonly pageChanges: number;
  /** Changes that concern no controller are read again by the next run, unless there are more of them than this. */
  readonly unsavedChangesMax: number;
  /** Nor are they left unsaved for longer: below the compact revision they cannot be read, and all is reconciled again. */
  readonly unsavedMsMax: number;
}

const runLimits: RunLimits = {
  runMsMax: 50_000,
  finishMsMax: 5_000,
  reconcilesMax: 200_000,
  waitMsMax: 1_000,
  pageChanges: 1_000,
  unsavedChangesMax: 1_000,
  unsavedMsMax: 3 * 60_000,
};

export interface RunOptions {
  readonly store: Store;
  readonly controllers: readonly Controller[];
  /** Called for each reconcile: what it writes must have been decided on what its worker alone could change since. */
  clientFor(controller: Controller): Client;
  /** `component` is the controller's `component`, or its name with `-controller`. */
  eventsFor(component: string): EventRecorder;
  readonly cursor: CursorPort;
  readonly codeVersion: string;
  readonly world: World;
  /** A process with many runs keeps one cache for all. Default: one of its own. */
  readonly cache?: Cache;
  readonly limits?: Partial<RunLimits>;
  /** Called each time that a controller sets an object or a change aside. */
  readonly countSetAside?: ((controller: string) => void) | undefined;
  /** Ends the run early, as its deadline would. */
  readonly signal?: AbortSignal;
}

export type RunOutcome =
  /** Work is left: start another run at once. */
  | { readonly outcome: 'more' }
  /** Nothing to do until something changes, or until then. */
  | { readonly outcome: 'quiet'; readonly nextDeadlineMs?: number };

const componentOf = (controller: Controller): string => controller.component ?? `${controller.name}-controller`;

export async function runControllers(options: RunOptions): Promise<RunOutcome> {
  const cache = options.cache ?? createCache(options.store);
  const run = new WorkerRun(options, cache);
  try {
    return await run.complete();
  } finally {
    run.close();
  }
}

class WorkerRun {
  readonly #options: RunOptions;
  readonly #limits: RunLimits;
  readonly #cache: Cache;
  readonly #wake: Wake;
  readonly #runs: ReadonlyMap<Controller, ControllerRun>;
  readonly #wakeSignal: WakeSignal;
  readonly #startedMs: number;
  readonly #unsubscribe: () => void;
  readonly #resyncedAtMs = new Map<string, number>();
  /** Every change up to here was turned into requests. */
  #revision = 0;
  /** Changes taken in that were not ours to keep quiet about; see `unsavedChangesMax`. */
  #changes = 0;
  /** Requests that changes made. */
  #woken = 0;
  #reconciles = 0;

  constructor(options: RunOptions, cache: Cache) {
    const { clock, random, log } = options.world;
    this.#options = options;
    this.#limits = { ...runLimits, ...options.limits };
    this.#cache = cache;
    this.#wake = wakeOf(options.controllers, (controller, change, error) => this.#runs.get(controller)?.setAside(change, error));
    this.#wakeSignal = new WakeSignal(clock);
    this.#startedMs = clock.monotonicMs();
    this.#runs = new Map(
      options.controllers.map((controller) => [
        controller,
        new ControllerRun(controller, {
          cache,
          clientFor: () => options.clientFor(controller),
          events: options.eventsFor(componentOf(controller)),
          clock,
          random,
          log: log.with({ controller: controller.name }),
          countSetAside: () => options.countSetAside?.(controller.name),
        }),
      ]),
    );
    this.#unsubscribe = options.store.onApplied((revision, changes) => {
      this.#take(changes);
      this.#revision = Math.max(this.#revision, revision);
      this.#wakeSignal.ring();
    });
    options.signal?.addEventListener('abort', () => this.#wakeSignal.ring(), { once: true });
  }

  close(): void {
    this.#unsubscribe();
  }

  async complete(): Promise<RunOutcome> {
    const saved = await this.#options.cursor.load();
    await this.#catchUp(saved);
    const quiet = await this.#work();
    const cursor = this.#cursor();
    if (this.#isWorthSaving(saved, cursor)) await this.#options.cursor.save(cursor);
    if (!quiet) return { outcome: 'more' };
    const nextDeadlineMs = this.#nextDeadlineMs();
    return nextDeadlineMs === undefined ? { outcome: 'quiet' } : { outcome: 'quiet', nextDeadlineMs };
  }

  async #catchUp(saved: Cursor | undefined): Promise<void> {
    const known = saved !== undefined && saved.codeVersion === this.#options.codeVersion ? saved : undefined;
    const gapless = known !== undefined && (await this.#readChanges(known.revision));
    this.#revision = Math.max(this.#revision, this.#options.store.view().revision);
    for (const run of this.#runs.values()) {
      const before = known?.controllers[run.controller.name];
      for (const pending of before?.pending ?? []) run.queue.restore(pending);
      if (before !== undefined && gapless) this.#resyncedAtMs.set(run.controller.name, before.resyncedAtMs);
      else this.#resync(run);
    }
  }

  /** False when the log does not reach back so far. */
  async #readChanges(after: number): Promise<boolean> {
    const { store } = this.#options;
    await store.fresh();
    try {
      for (let revision = after; revision < store.view().revision;) {
        const changes = await store.changesAfter(revision, this.#limits.pageChanges);
        const last = changes.at(-1);
        if (last === undefined) break;
        this.#take(changes);
        revision = last.revision;
      }
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'compacted') return false;
      throw error;
    }
  }

  #take(changes: readonly Change[]): void {
    for (const change of changes) {
      if (!isInternal(change.key.resource)) this.#changes += 1;
      for (const { controller, request } of this.#wake(change, this.#cache)) {
        this.#runs.get(controller)?.queue.add(request);
        this.#woken += 1;
      }
    }
  }

  #resync(run: ControllerRun): void {
    run.addAll();
    this.#resyncedAtMs.set(run.controller.name, this.#options.world.clock.now());
  }

  /** Works until nothing is left (true) or the run has to end (false). */
  async #work(): Promise<boolean> {
    for (;;) {
      if (this.#mustStop()) {
        await this.#finishRunning();
        return false;
      }
      this.#startResyncs();
      this.#startReconciles();
      if (this.#isIdle()) {
        // Others may have written without this process having heard of it.
        await this.#options.store.fresh();
        if (this.#isIdle()) return true;
        continue;
      }
      await this.#wakeSignal.wait(this.#waitMs());
    }
  }

  #startResyncs(): void {
    const nowMs = this.#options.world.clock.now();
    for (const run of this.#runs.values()) if (this.#resyncMs(run) <= nowMs) this.#resync(run);
  }

  #resyncMs({ controller }: ControllerRun): number {
    if (controller.resyncSeconds === undefined) return Infinity;
    return (this.#resyncedAtMs.get(controller.name) ?? 0) + controller.resyncSeconds * 1000;
  }

  #startReconciles(): void {
    for (const run of this.#runs.values()) this.#reconciles += run.start(() => this.#wakeSignal.ring());
  }

  async #finishRunning(): Promise<void> {
    const { clock, log } = this.#options.world;
    const endMs = clock.monotonicMs() + this.#limits.finishMsMax;
    while (this.#runningCount() > 0 && clock.monotonicMs() < endMs) await this.#wakeSignal.wait(endMs - clock.monotonicMs());
    if (this.#runningCount() > 0) log.warn('reconciles were cut off', { running: this.#runningCount() });
  }

  #mustStop(): boolean {
    if (this.#options.signal?.aborted === true) return true;
    if (this.#reconciles >= this.#limits.reconcilesMax) {
      this.#options.world.log.error('controllers do not settle', { reconciles: this.#reconciles });
      return true;
    }
    return this.#leftMs() <= 0;
  }

  #leftMs(): number {
    return this.#startedMs + this.#limits.runMsMax - this.#options.world.clock.monotonicMs();
  }

  #isIdle(): boolean {
    const busy = this.#sum((run) => run.queue.runningCount + run.queue.readyCount);
    return busy === 0 && (this.#nextDeadlineMs() ?? Infinity) - this.#options.world.clock.now() > this.#limits.waitMsMax;
  }

  #waitMs(): number {
    const untilNextMs = (this.#nextDeadlineMs() ?? Infinity) - this.#options.world.clock.now();
    return Math.min(this.#leftMs(), untilNextMs);
  }

  #nextDeadlineMs(): number | undefined {
    let nextMs = Infinity;
    for (const run of this.#runs.values()) nextMs = Math.min(nextMs, run.queue.nextMs() ?? Infinity, this.#resyncMs(run));
    return nextMs === Infinity ? undefined : nextMs;
  }

  #runningCount(): number {
    return this.#sum((run) => run.queue.runningCount);
  }

  #sum(count: (run: ControllerRun) => number): number {
    return [...this.#runs.values()].reduce((sum, run) => sum + count(run), 0);
  }

  #cursor(): Cursor {
    const controllers: Record<string, ControllerCursor> = {};
    for (const { controller, queue } of this.#runs.values()) {
      controllers[controller.name] = { resyncedAtMs: this.#resyncedAtMs.get(controller.name) ?? 0, pending: queue.pending() };
    }
    const { codeVersion, world } = this.#options;
    return { codeVersion, revision: this.#revision, savedAtMs: world.clock.now(), controllers };
  }

  #isWorthSaving(saved: Cursor | undefined, cursor: Cursor): boolean {
    if (saved === undefined || this.#woken > 0 || this.#changes > this.#limits.unsavedChangesMax) return true;
    const ageMs = this.#options.world.clock.now() - (saved.savedAtMs ?? 0);
    if (cursor.revision > saved.revision && ageMs >= this.#limits.unsavedMsMax) return true;
    return saved.codeVersion !== cursor.codeVersion || !isOnlyLater(saved.controllers, cursor.controllers);
  }
}
