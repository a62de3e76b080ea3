/**
 * A Kubernetes client: what controllers, the scheduler and the agent use to talk to the apiserver.
 * Every method throws `StatusError` for an answer that is not a success.
 */
import type { KubeList, KubeObject, ObjectName } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import type { StatusError } from '../kube/status-error.ts';

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
}

export interface WatchOptions extends ListOptions {
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
  readonly signal?: AbortSignal;
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export type PatchType = 'application/json-patch+json' | 'application/merge-patch+json' | 'application/strategic-merge-patch+json';

export interface PatchOptions {
  /** Default: merge patch. */
  readonly patchType?: PatchType;
  readonly subresource?: string;
}

export interface CreateOptions {
  readonly dryRun?: boolean;
}

/** One of many writes that are sent at once. */
export type ManyWrite =
  | { readonly verb: 'create'; readonly type: ResourceType; readonly object: KubeObject }
  /** To a subresource of the object that the body names. */
  | { readonly verb: 'post'; readonly type: ResourceType; readonly subresource: string; readonly body: KubeObject }
  | {
      readonly verb: 'patch';
      readonly type: ResourceType;
      readonly at: ObjectName;
      readonly patch: unknown;
      readonly patchType: PatchType;
      /** The object itself, or its `status`. */
      readonly subresource: '' | 'status';
    }
  | { readonly verb: 'delete'; readonly type: ResourceType; readonly at: ObjectName; readonly options: DeleteOptions };

/** Undefined: it was done. */
export type Refused = StatusError | undefined;

export interface Client {
  get<T extends KubeObject>(type: ResourceType<T>, at: ObjectName): Promise<T>;
  /** GET of a subresource: `scale`. */
  getSubresource<A>(type: ResourceType, at: ObjectName, subresource: string, query?: Readonly<Record<string, string>>): Promise<A>;
  list<T extends KubeObject>(type: ResourceType<T>, options?: ListOptions): Promise<KubeList<T>>;
  watch<T extends KubeObject>(type: ResourceType<T>, options?: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T>;
  /** With a `subresource` (`status`, `scale`, `finalize`) the write goes there. */
  update<T extends KubeObject>(type: ResourceType<T>, object: T, subresource?: string): Promise<T>;
  patch<T extends KubeObject>(type: ResourceType<T>, at: ObjectName, patch: unknown, options?: PatchOptions): Promise<T>;
  delete<T extends KubeObject>(type: ResourceType<T>, at: ObjectName, options?: DeleteOptions): Promise<void>;
  deleteCollection<T extends KubeObject>(type: ResourceType<T>, list: ListOptions, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource: `binding`, `eviction`, `token`. */
  createSubresource<A>(type: ResourceType, at: ObjectName, subresource: string, body: unknown, options?: CreateOptions): Promise<A>;
  /** Sends many writes at once, in no order: why each was refused, in the order of `writes`; undefined where it was not. */
  writeMany(writes: readonly ManyWrite[]): Promise<readonly Refused[]>;
}
