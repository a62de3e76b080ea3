/**
 * The body of a watch: what was there at the start, then every change, until the client leaves or its time is up.
 * A slow reader makes the watch wait, not the memory grow; one that falls too far behind gets 410 and begins again.
 */
import type { UnderlyingSource } from 'node:stream/web';
import { ConversionNeeded } from '../../kube/conversion-needed.ts';
import type { KubeObject } from '../../kube/object.ts';
import { StatusError } from '../../kube/status-error.ts';
import { UnreadableObject } from '../../kube/unreadable-object.ts';
import type { Shown } from '../../store/json-text.ts';
import { type Change, type Store, StoreError } from '../../store/store.ts';
import type { World } from '../../world.ts';
import type { Selection } from '../registry/selection.ts';
import { expired, statusErrorOf, watchTooOld } from '../registry/store-errors.ts';
import type { Converter } from '../webhook/conversion.ts';
import type { EventEncoder } from './event-encoder.ts';

export interface WatchPlan {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly selection: Selection;
  /** Sent as ADDED before anything else. Read once and let go: it is the past soon, and a watch lives long. */
  readonly initial: Iterable<Shown>;
  /** The revision of `initial`: changes after it follow. */
  readonly after: number;
  readonly hasBookmarks: boolean;
  /** A bookmark states where `initial` ends. */
  readonly marksInitialEnd: boolean;
  readonly timeoutMs: number;
  /** Called when the stream is over. */
  readonly ended?: () => void;
  /** It ends before it has sent more, as if its time were up. */
  readonly bytesMax: number;
}

/** Source: apiserver, pkg/storage/cacher/cacher.go, defaultBookmarkFrequency. */
const bookmarkMs = 60_000;
/** Waiting for the reader starts when this much has not been read. */
const unreadBytesMax = 256 * 1024;
/** Changes that come together are sent together, up to this. */
const pieceBytes = 64 * 1024;
/** Bytes that are kept free for a last bookmark. */
const lastBytes = 1024;

export function eventStream(
  plan: WatchPlan,
  encoder: EventEncoder,
  { store, world, converter }: { store: Store; world: World; converter: Converter },
): ReadableStream<Uint8Array> {
  const stop = new AbortController();
  let resume: (() => void) | undefined;
  const source: UnderlyingSource<Uint8Array> = {
    start(controller) {
      const reader: Reader = {
        send: (bytes) => controller.enqueue(bytes),
        ready: async () => {
          if ((controller.desiredSize ?? 0) <= 0 && !stop.signal.aborted) await new Promise<void>((resolve) => (resume = resolve));
        },
        end: () => controller.close(),
      };
      void pump(new WatchRun({ plan, encoder, store, world, converter, stop, reader }));
    },
    pull: () => resume?.(),
    cancel() {
      stop.abort();
      resume?.();
    },
  };
  return new ReadableStream(source, new ByteLengthQueuingStrategy({ highWaterMark: unreadBytesMax }));
}

interface Reader {
  send(bytes: Uint8Array): void;
  /** Resolves once the reader has room for more, or left. */
  ready(): Promise<void>;
  end(): void;
}

interface RunParts {
  readonly plan: WatchPlan;
  readonly encoder: EventEncoder;
  readonly store: Store;
  readonly world: World;
  readonly converter: Converter;
  readonly stop: AbortController;
  readonly reader: Reader;
}

async function pump(run: WatchRun): Promise<void> {
  try {
    await run.run();
  } catch (error) {
    run.fail(error instanceof UnreadableObject ? (await import('../registry/corrupt-object.ts')).corruptEvent(error, false) : error);
  } finally {
    run.end();
  }
}

class WatchRun {
  readonly #parts: RunParts;
  /** Everything up to here has been sent; undefined while what was there at the start has not. */
  #revision: number | undefined;
  /** It ends by itself, since its time is up or it has sent all that it may. */
  #isEnding = false;
  #sentBytes = 0;
  #cancelTimers: (() => void)[] = [];

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { plan, encoder, store, world, stop, reader } = this.#parts;
    this.#cancelTimers.push(
      world.clock.after(plan.timeoutMs, () => {
        this.#isEnding = true;
        stop.abort();
      }),
    );
    for (const shown of plan.initial) {
      const line = this.#encoded(() => encoder.event('ADDED', shown));
      this.#send(line instanceof Promise ? await line : line);
      await reader.ready();
      if (stop.signal.aborted) return;
    }
    this.#revision = plan.after;
    if (plan.marksInitialEnd && plan.hasBookmarks) this.#send(encoder.bookmark(plan.after, true));
    this.#scheduleBookmark();
    await reader.ready();
    const request = { resource: plan.resource, after: plan.after, signal: stop.signal };
    for await (const batch of store.watch(plan.namespace === undefined ? request : { ...request, namespace: plan.namespace })) {
      if (!(await this.#sendChanges(batch.changes))) return;
      this.#revision = batch.revision;
      await reader.ready();
    }
  }

  fail(error: unknown): void {
    if (this.#hasReaderLeft()) return;
    const { encoder, world } = this.#parts;
    const status = statusOf(error);
    if (status.code === 500) world.log.error('a watch ended with an error', { error });
    this.#send(encoder.error(status));
  }

  end(): void {
    this.#parts.plan.ended?.();
    for (const cancel of this.#cancelTimers) cancel();
    if (this.#hasReaderLeft()) return;
    // So that the next watch can start where this one ended.
    if (this.#isEnding) this.#sendBookmark();
    this.#parts.reader.end();
  }

  #hasReaderLeft(): boolean {
    return this.#parts.stop.signal.aborted && !this.#isEnding;
  }

  #send(bytes: Uint8Array): void {
    if (this.#hasReaderLeft()) return;
    this.#sentBytes += bytes.byteLength;
    this.#parts.reader.send(bytes);
  }

  /** Together, since each piece costs the connection a write. False: there is no room for all of them. */
  async #sendChanges(changes: readonly Change[]): Promise<boolean> {
    const lines: Uint8Array[] = [];
    let bytes = 0;
    for (const change of changes) {
      const { selection } = this.#parts.plan;
      if (change.damage !== undefined) {
        if (!selection.concerns(change.key)) continue;
        throw await this.#corrupt(change, lines);
      }
      const before = selection.looksBack && change.type !== 'added' ? (await this.#parts.store.before(change))?.object : undefined;
      const found = this.#encoded(() => this.#leavesSelection(change, before));
      const leaves = found instanceof Promise ? await found : found;
      const made = leaves ? this.#departureOf(change) : this.#encoded(() => this.#eventOf(change, before));
      const line = made instanceof Promise ? await made : made;
      bytes += line?.byteLength ?? 0;
      this.#isEnding ||= line !== undefined && this.#sentBytes + bytes > this.#parts.plan.bytesMax - lastBytes;
      if (this.#isEnding) break;
      this.#revision = change.revision;
      if (line !== undefined) lines.push(line);
      if (bytes < pieceBytes) continue;
      this.#send(Buffer.concat(lines));
      [lines.length, bytes] = [0, 0];
    }
    if (lines.length > 0) this.#send(Buffer.concat(lines));
    return !this.#isEnding;
  }

  /** What came before it is sent before it. */
  async #corrupt({ damage, type }: Change, lines: readonly Uint8Array[]): Promise<unknown> {
    if (lines.length > 0) this.#send(Buffer.concat(lines));
    const { corruptEvent } = await import('../registry/corrupt-object.ts');
    return damage === undefined ? undefined : corruptEvent(damage, type === 'deleted');
  }

  /** Waits only for an object that a webhook must convert first. */
  #encoded<T>(make: () => T): T | Promise<T> {
    try {
      return make();
    } catch (error) {
      if (error instanceof ConversionNeeded) return this.#parts.converter.converting(make);
      throw error;
    }
  }

  /** A selector sees an object come and go, though it is only modified. */
  #eventOf(change: Change, before: KubeObject | undefined): Uint8Array | undefined {
    const { plan, encoder } = this.#parts;
    const wasSelected = plan.selection.matchedBefore(change, before);
    if (change.type === 'deleted') return wasSelected ? encoder.event('DELETED', change) : undefined;
    return plan.selection.selects(change) ? encoder.event(wasSelected ? 'MODIFIED' : 'ADDED', change) : undefined;
  }

  #leavesSelection(change: Change, before: KubeObject | undefined): boolean {
    const { selection } = this.#parts.plan;
    return change.type === 'modified' && !selection.isEverything && selection.matchedBefore(change, before) && !selection.selects(change);
  }

  /** The object as the selector last showed it, at the revision of the change. Source: pkg/storage/cacher/cache_watcher.go. */
  async #departureOf(change: Change): Promise<Uint8Array> {
    const { encoder, store } = this.#parts;
    const { object } = (await store.before(change)) ?? change;
    return this.#encoded(() => encoder.event('DELETED', { object: withRevision(object, change.revision) }));
  }

  #sendBookmark(): void {
    const { plan, encoder } = this.#parts;
    if (plan.hasBookmarks && this.#revision !== undefined) this.#send(encoder.bookmark(this.#revision, false));
  }

  #scheduleBookmark(): void {
    const { plan, world } = this.#parts;
    if (!plan.hasBookmarks || this.#hasReaderLeft()) return;
    const cancel = world.clock.after(bookmarkMs, () => {
      this.#cancelTimers = this.#cancelTimers.filter((other) => other !== cancel);
      this.#sendBookmark();
      this.#scheduleBookmark();
    });
    this.#cancelTimers.push(cancel);
  }
}

const withRevision = (object: KubeObject, revision: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

function statusOf(error: unknown): StatusError {
  if (error instanceof StoreError && error.code === 'compacted') return expired(watchTooOld, error);
  if (error instanceof StoreError) return statusErrorOf(error);
  if (error instanceof StatusError) return error;
  return new StatusError(500, 'InternalError', 'Internal error occurred: the watch failed', { cause: error });
}
