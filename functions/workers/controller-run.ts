/** One controller within a run: its queue, and the reconciles of it that are under way. */
import type { Client } from '../client/client.ts';
import { hasReason, isConflict } from '../kube/status-error.ts';
import type { Change } from '../store/store.ts';
import type { Controller, ReconcileContext } from './controller.ts';
import { Terminal } from './controller.ts';
import type { ObjectName } from '../kube/object.ts';
import { keyText } from '../kube/object.ts';
import { setChangeAside, setObjectAside, triesMax, type SetAsideParts } from './set-aside.ts';
import { WorkQueue } from './work-queue.ts';

const concurrencyDefault = 8;

interface RunContext extends Omit<ReconcileContext, 'client'> {
  /** A client for one reconcile. */
  clientFor(): Client;
  /** Called each time that an object or a change is set aside. */
  readonly countSetAside?: (() => void) | undefined;
}

export class ControllerRun {
  readonly controller: Controller;
  readonly queue: WorkQueue;
  readonly #context: RunContext;

  constructor(controller: Controller, context: RunContext) {
    this.controller = controller;
    this.queue = new WorkQueue(context.clock);
    this.#context = context;
  }

  addAll(): void {
    try {
      for (const request of this.controller.all(this.#context.cache)) this.queue.add(request);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#context.countSetAside?.();
      this.#context.log.error('not all objects of a controller can be found', { error });
    }
  }

  /** A watch threw on the change, and would again. */
  setAside(change: Change, error: Error): void {
    setChangeAside(this.#setAsideParts(), change, error);
    this.addAll();
  }

  /** Starts what may be started, and calls back after each. Returns how many were started. */
  start(onFinished: () => void): number {
    const concurrency = this.controller.concurrency ?? concurrencyDefault;
    let started = 0;
    while (this.queue.runningCount < concurrency) {
      const request = this.queue.take();
      if (request === undefined) break;
      started += 1;
      void this.#reconcile(request).then(onFinished);
    }
    return started;
  }

  /** Never throws: whatever goes wrong is logged, and tried again. */
  async #reconcile(request: ObjectName): Promise<void> {
    const { clientFor, countSetAside: _count, ...context } = this.#context;
    try {
      const result = await this.controller.reconcile(request, { ...context, client: clientFor() }, this.queue.noteFor(request));
      this.queue.done(request, result.outcome === 'again' ? { afterMs: result.afterSeconds * 1000, note: result.note } : undefined);
    } catch (error) {
      this.#logFailure(request, error);
    }
  }

  #logFailure(request: ObjectName, error: unknown): void {
    const log = this.#context.log;
    const object = keyText(request);
    if (error instanceof Terminal) {
      this.queue.done(request);
      log.error('reconcile cannot succeed', { object, error });
      return;
    }
    const retryMs = this.queue.failed(request);
    // Losing a race against another writer is part of the day's work.
    if (isConflict(error) || hasReason(error, 'EpochOver')) log.debug('reconcile lost a race', { object, retryMs, error });
    else if (this.queue.failuresOf(request) < triesMax) log.warn('reconcile failed', { object, retryMs, error });
    else setObjectAside(this.#setAsideParts(), request, error, retryMs);
  }

  #setAsideParts(): SetAsideParts {
    const { cache, events, log, countSetAside: count } = this.#context;
    return { controller: this.controller, cache, events, log, count };
  }
}
