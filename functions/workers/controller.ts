/**
 * What a controller is: which changes concern it, and what to do about one object. It is level-triggered: `reconcile`
 * reads the state as it is now, whatever woke it, and running it twice changes nothing more.
 */
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { KubeObject, ObjectName } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import type { UnreadableObject } from '../kube/unreadable-object.ts';
import type { ViewDifference } from '../kube/view.ts';
import type { Change } from '../store/store.ts';
import type { Clock, Log, Random } from '../world.ts';

/**
 * Reads of the replica: as new as the last change that woke the worker, and never older than its own last write. An object
 * that cannot be read is in no list, so that the others go on. A controller that destroys something because an object is
 * absent must ask for those that are `unreadable`.
 */
export interface Cache {
  readonly revision: number;
  /** The object is frozen: copy before changing. Throws `UnreadableObject`. */
  get<T extends KubeObject>(type: ResourceType<T>, at: ObjectName): T | undefined;
  /** In key order; all namespaces when left out. */
  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[];
  /** Objects of this type whose controlling owner (`controller: true`) has this uid; '' finds those without one. In key order. */
  controlledBy<T extends KubeObject>(type: ResourceType<T>, ownerUid: string): readonly T[];
  /** Objects that the index files under this value, in key order. */
  by<T extends KubeObject>(index: Index<T>, value: string): readonly T[];
  /** What is not as it was at a moment before, in key order. Undefined: when there was no object. */
  since<T extends KubeObject>(type: ResourceType<T>, moment: object | undefined): Since<T>;
  /** The objects that turned out to be unreadable when they were last listed, each as its error. */
  unreadable(type: ResourceType, namespace?: string): readonly UnreadableObject[];
}

export interface Since<T extends KubeObject> {
  /** Now, for the next question. */
  readonly moment: object;
  readonly differences: readonly ViewDifference<T>[];
}

/** A way to find objects of one type. Known by identity: make it once, not in a reconcile. */
export interface Index<T extends KubeObject = KubeObject> {
  readonly type: ResourceType<T>;
  /** What the object is filed under. Pure. */
  values(object: T): readonly string[];
}

export interface Watch<T extends KubeObject = KubeObject> {
  /** A pattern of all types is written as `everything`. */
  readonly type: ResourceType<T> | 'everything';
  /** The objects to reconcile because of this change. Pure. */
  requests(change: Change<T>, cache: Cache): Iterable<ObjectName>;
}

/** Forgets the kind of a watch, so that a controller can list several. */
export function watch<T extends KubeObject>(type: ResourceType<T>, requests: Watch<T>['requests']): Watch {
  return { type, requests: requests as Watch['requests'] };
}

/**
 * What the next reconcile of an object needs and no object holds, such as since when a node is missed. Written down with
 * the time of that reconcile, and forgotten once the object is settled: a controller's own memory ends with its process.
 */
export type Note = Readonly<Record<string, number>>;

export type ReconcileResult =
  | { readonly outcome: 'settled' }
  /** Reconcile again later, whether or not anything changes. */
  | { readonly outcome: 'again'; readonly afterSeconds: number; readonly note?: Note };

export const settled: ReconcileResult = { outcome: 'settled' };
export const again = (afterSeconds: number, note?: Note): ReconcileResult =>
  note === undefined ? { outcome: 'again', afterSeconds } : { outcome: 'again', afterSeconds, note };

/** `reconcile` throws it where retrying cannot help until the object changes. */
export class Terminal extends Error {
  override name = 'Terminal';
}

export interface ReconcileContext {
  readonly cache: Cache;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Controller {
  /** The field's name for it: `deployment`, `node-lifecycle`. */
  readonly name: string;
  /** The user as which it calls the API; bootstrap grants it a role. */
  readonly actsAs: string;
  /** What its Events come from. Default: the name with `-controller`. */
  readonly component?: string;
  readonly watches: readonly Watch[];
  /** Everything to reconcile when nothing is known of the past: first start, new code, resync. */
  all(cache: Cache): Iterable<ObjectName>;
  /** How often `all` is due again; never when left out. */
  readonly resyncSeconds?: number;
  /** Reconciles at most this many objects at once. Default: 8. */
  readonly concurrency?: number;
  /** `note`: what the reconcile before left for this one. */
  reconcile(request: ObjectName, context: ReconcileContext, note?: Note): Promise<ReconcileResult>;
}
