/**
 * Writes Events: queued, counted instead of repeated, and limited for each object. So a controller in a loop does not
 * fill the store. Source: client-go, tools/record/{event,events_cache}.go.
 */
import type { Event, ObjectReference } from '../kube/generated/types.ts';
import type { KubeObject } from '../kube/object.ts';
import { nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { events } from '../kube/resource-type.ts';
import { isNotFound } from '../kube/status-error.ts';
import { timestamp } from '../kube/time.ts';
import type { World } from '../world.ts';
import type { Client } from './client.ts';
import type { EventRecorder } from './event-recorder.ts';

export interface EventRecorderOptions {
  readonly client: Client;
  readonly world: Pick<World, 'clock' | 'log'>;
  /** Who reports: `deployment-controller`. */
  readonly component: string;
  /** The node it runs on, for agents. */
  readonly host?: string;
}

export interface QueuedEventRecorder extends EventRecorder {
  /** Resolves once everything recorded so far was written or given up. */
  flush(): Promise<void>;
}

/** Source: events_cache.go, maxLruCacheEntries, defaultSpamBurst and defaultSpamQPS; defaultAggregateMaxEvents and -IntervalInSeconds. */
const knownMax = 4096;
const spamBurst = 25;
const spamRefillMs = 300_000;
const similarMax = 10;
const similarMs = 600_000;
/** Events that wait while the apiserver does not answer; more are dropped. */
const waitingMax = 1000;

interface Occurrence {
  readonly reference: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly atMs: number;
}

interface Known {
  name: string;
  count: number;
}

interface Similar {
  readonly messages: Set<string>;
  lastMs: number;
}

export function createEventRecorder(options: EventRecorderOptions): QueuedEventRecorder {
  const { clock, log } = options.world;
  const limits = new SpamLimits();
  const writer = new EventWriter(options);
  let waiting = 0;
  let written: Promise<void> = Promise.resolve();
  return {
    event(object, type, reason, ...[message, { fieldPath } = {}]) {
      const reference = referenceTo(object, fieldPath);
      const atMs = clock.now();
      if (waiting >= waitingMax || !limits.allows(reference, atMs)) return;
      waiting += 1;
      const write = async (): Promise<void> => {
        try {
          await writer.write({ reference, type, reason, message, atMs });
        } catch (error) {
          log.warn('an event could not be written', { reason, error });
        } finally {
          waiting -= 1;
        }
      };
      written = written.then(write);
    },
    flush: () => written,
  };
}

function referenceTo(object: KubeObject, fieldPath: string | undefined): ObjectReference {
  const { apiVersion, kind, metadata } = object;
  const namespace = namespaceOf(object);
  return {
    apiVersion,
    kind,
    name: nameOf(object),
    ...(namespace === '' ? {} : { namespace }),
    uid: uidOf(object),
    ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

const objectKey = ({ apiVersion, kind, namespace, name, uid }: ObjectReference): string =>
  [apiVersion, kind, namespace, name, uid].join('\n');

/** A map that forgets what was not used for the longest time. */
class RecentlyUsed<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size > knownMax && oldest !== undefined) this.#entries.delete(oldest);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** A bucket of tokens for each object. */
class SpamLimits {
  readonly #buckets = new RecentlyUsed<{ tokens: number; atMs: number }>();

  allows(reference: ObjectReference, nowMs: number): boolean {
    const key = objectKey(reference);
    const bucket = this.#buckets.get(key) ?? { tokens: spamBurst, atMs: nowMs };
    const tokens = Math.min(spamBurst, bucket.tokens + Math.max(0, nowMs - bucket.atMs) / spamRefillMs);
    this.#buckets.set(key, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    return tokens >= 1;
  }
}

class EventWriter {
  readonly #options: EventRecorderOptions;
  readonly #known = new RecentlyUsed<Known>();
  readonly #similar = new RecentlyUsed<Similar>();
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** One more of an Event that is known, or a new one. */
  async write(occurrence: Occurrence): Promise<void> {
    const { message, isCombined } = this.#combined(occurrence);
    const { reference, type, reason, atMs } = occurrence;
    const key = [objectKey(reference), reference.fieldPath, type, reason, isCombined ? '' : message].join('\n');
    const known = this.#known.get(key);
    if (known !== undefined && (await this.#repeat(known, { ...occurrence, message }))) return;
    const event = this.#eventOf({ ...occurrence, message }, timestamp(atMs));
    await this.#options.client.create(events, event);
    this.#known.set(key, { name: nameOf(event), count: 1 });
  }

  /** False when the Event is gone meanwhile. */
  async #repeat(known: Known, { reference, message, atMs }: Occurrence): Promise<boolean> {
    const at = { namespace: reference.namespace ?? 'default', name: known.name };
    try {
      await this.#options.client.patch(events, at, { count: known.count + 1, lastTimestamp: timestamp(atMs), message });
      known.count += 1;
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Many messages that differ only in their text become one Event. */
  #combined({ reference, type, reason, message, atMs }: Occurrence): { readonly message: string; readonly isCombined: boolean } {
    const key = [objectKey(reference), type, reason].join('\n');
    const last = this.#similar.get(key);
    const similar = last === undefined || atMs - last.lastMs > similarMs ? { messages: new Set<string>(), lastMs: atMs } : last;
    similar.lastMs = atMs;
    if (similar.messages.size < similarMax) similar.messages.add(message);
    this.#similar.set(key, similar);
    const isCombined = !similar.messages.has(message);
    return { message: isCombined ? `(combined from similar events): ${message}` : message, isCombined };
  }

  #eventOf({ reference, type, reason, message, atMs }: Occurrence, time: string): Event {
    const { component, host } = this.#options;
    this.#sequence += 1;
    // Upstream's suffix is the time in nanoseconds; the last digits keep two of the same moment apart.
    const suffix = (BigInt(Math.floor(atMs)) * 1_000_000n + BigInt(this.#sequence % 1_000_000)).toString(16);
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${reference.name}.${suffix}`, namespace: reference.namespace ?? 'default' },
      involvedObject: reference,
      type,
      reason,
      message,
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      ...(host === undefined ? {} : { reportingInstance: host }),
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
  }
}
