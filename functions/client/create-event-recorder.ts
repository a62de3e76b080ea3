/**
 * Writes Events: queued, many at once, counted instead of repeated, and limited for each object. So a controller in a loop does not
 * fill the store. Source: client-go, tools/record/{event,events_cache}.go.
 */
import type { Event, ObjectReference } from '../kube/generated/types.ts';
import type { KubeObject } from '../kube/object.ts';
import { nameOf, namespaceOf, uidOf } from '../kube/object.ts';
import { events } from '../kube/resource-type.ts';
import { isNotFound } from '../kube/status-error.ts';
import { timestamp } from '../kube/time.ts';
import type { World } from '../world.ts';
import type { Client, ManyWrite } from './client.ts';
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
/** Events that are written at once. */
const writtenAtOnce = 256;

interface Occurrence {
  readonly reference: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly atMs: number;
}

interface Failed {
  readonly reason: string | undefined;
  readonly error: unknown;
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
  const waiting: Occurrence[] = [];
  let written: Promise<void> = Promise.resolve();
  // Those that a node sends over the network keep their order one by one.
  const atOnce = options.host === undefined ? writtenAtOnce : 1;
  const write = async (occurrences: readonly Occurrence[]): Promise<void> => {
    try {
      for (const { reason, error } of await writer.write(occurrences)) log.warn('an event could not be written', { reason, error });
    } catch (error) {
      log.warn('events could not be written', { count: occurrences.length, error });
    }
  };
  /** What is recorded meanwhile goes with the next ones. */
  const writeWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const now = waiting.slice(0, atOnce);
      await write(now);
      waiting.splice(0, now.length);
    }
  };
  return {
    event(object, type, reason, ...[message, { fieldPath } = {}]) {
      const reference = referenceTo(object, fieldPath);
      const atMs = clock.now();
      if (waiting.length >= waitingMax || !limits.allows(reference, atMs)) return;
      waiting.push({ reference, type, reason, message, atMs });
      if (waiting.length === 1) written = written.then(writeWaiting);
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

  /** Each is one more of an Event that is known, or a new one. Returns those that could not be written. */
  async write(occurrences: readonly Occurrence[]): Promise<readonly Failed[]> {
    const failed: Failed[] = [];
    let group = new Map<string, Occurrence>();
    for (const occurrence of occurrences) {
      const { message, isCombined } = this.#combined(occurrence);
      const { reference, type, reason } = occurrence;
      const key = [objectKey(reference), reference.fieldPath, type, reason, isCombined ? '' : message].join('\n');
      // How often it happened is known once the one before is written.
      if (group.has(key)) {
        failed.push(...(await this.#writeGroup(group)));
        group = new Map();
      }
      group.set(key, { ...occurrence, message });
    }
    failed.push(...(await this.#writeGroup(group)));
    return failed;
  }

  /** No two of them are the same Event. */
  async #writeGroup(group: ReadonlyMap<string, Occurrence>): Promise<readonly Failed[]> {
    const repeated = [...group].filter(([key]) => this.#known.get(key) !== undefined);
    const refused = await this.#options.client.writeMany(repeated.map(([key, occurrence]) => this.#repetition(key, occurrence)));
    const failed = repeated.flatMap(([key, { reason }], index): Failed[] => {
      const error = refused[index];
      const known = this.#known.get(key);
      if (error === undefined && known !== undefined) known.count += 1;
      return error === undefined || isNotFound(error) ? [] : [{ reason, error }];
    });
    // An Event that is gone meanwhile begins anew.
    const gone = new Set(repeated.flatMap(([key], index) => (isNotFound(refused[index]) ? [key] : [])));
    const isNew = ([key]: readonly [string, Occurrence]): boolean => gone.has(key) || !repeated.some(([other]) => other === key);
    return [...failed, ...(await this.#createAll([...group].filter(isNew)))];
  }

  #repetition(key: string, { reference, message, atMs }: Occurrence): ManyWrite {
    const { name = '', count = 0 } = this.#known.get(key) ?? {};
    return {
      verb: 'patch',
      type: events,
      at: { namespace: reference.namespace ?? 'default', name },
      patch: { count: count + 1, lastTimestamp: timestamp(atMs), message },
      patchType: 'application/merge-patch+json',
      subresource: '',
    };
  }

  async #createAll(occurrences: readonly (readonly [key: string, Occurrence])[]): Promise<readonly Failed[]> {
    const made = occurrences.map(([key, occurrence]) => ({ key, event: this.#eventOf(occurrence, timestamp(occurrence.atMs)) }));
    const refused = await this.#options.client.writeMany(made.map(({ event }) => ({ verb: 'create', type: events, object: event })));
    return made.flatMap(({ key, event }, index): Failed[] => {
      const error = refused[index];
      if (error !== undefined) return [{ reason: event.reason, error }];
      this.#known.set(key, { name: nameOf(event), count: 1 });
      return [];
    });
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
