/** A consistent snapshot of the cluster at one revision: what decisions at the commit point may read. */
import type { KubeObject, ObjectName } from './object.ts';
import type { UnreadableObject } from './unreadable-object.ts';

/** The place of one object in the store. `resource` is a GroupResource: `pods`, `deployments.apps`. */
export interface Key extends ObjectName {
  readonly resource: string;
}

/**
 * One object at one revision. Frozen, and `metadata.resourceVersion` is the revision's decimal string. The object may
 * be made each time it is asked for: readers compare revisions, not objects, and hold `Stored` rather than its object.
 */
export interface Stored<T extends KubeObject = KubeObject> {
  readonly key: Key;
  readonly revision: number;
  /** Throws `UnreadableObject` where the stored bytes are damaged. */
  readonly object: T;
  /** That error, as far as it is known without reading the object. */
  readonly damage?: UnreadableObject | undefined;
  /** The object's JSON in UTF-8, where the store has it without making the object. */
  json?(): Uint8Array;
  /** How long that is, without making it. */
  readonly jsonLength?: number;
  /** What its last write was, as long as the log holds it: an object that was `added` is as its creation made it. */
  readonly type?: 'added' | 'modified' | 'deleted';
}

export interface View {
  /** Everything up to this revision is in the snapshot, and nothing after it. */
  readonly revision: number;
  get(key: Key): Stored | undefined;
  /** In key order (namespace, then name). All namespaces when `namespace` is left out. */
  list(resource: string, namespace?: string): readonly Stored[];
}

/** An object that two views of a store do not have in common: what it was in the one, and is in the other. */
export interface ViewDifference<T extends KubeObject = KubeObject> {
  readonly before: Stored<T> | undefined;
  readonly after: Stored<T> | undefined;
}

/** A view that lists cheaply what has changed. It never changes itself. */
export interface StoreView extends View {
  /** Stands for the objects of a resource: the same value as long as none of them changes. */
  identity(resource: string): object;
  /** What is not as it was where `identity` was this one, in key order. Undefined: where there was no object. */
  since(resource: string, identity: object | undefined): readonly ViewDifference[];
}
