/**
 * A kind is data: everything that the apiserver must know of one, and nothing that it must do for it.
 * Shared code asks the definition; it never compares a kind's name. One definition lives in `<group>/<kind>/`.
 */
import type { FieldError } from '../kube/field-error.ts';
import type { KubeObject, ObjectName } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import type { Schema } from '../kube/schema.ts';
import type { View } from '../kube/view.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of the table that `kubectl get` prints. */
export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  /** `name` marks the column that identifies the object. */
  readonly format?: string;
  readonly description: string;
  /** 0 always shows; 1 only with `-o wide`. */
  readonly priority: 0 | 1;
  /** `nowMs` is for ages: `kube/duration.ts` prints them. */
  value(object: T, nowMs: number): string | number | boolean;
}

/** What strategies may know about the request besides its objects. */
export interface WriteContext {
  readonly nowMs: number;
  readonly userName: string;
  /** Uniform in [0, 1): allocations pick at random. */
  random(): number;
}

/** `.../scale`: where an autoscaling/v1 Scale finds its numbers. */
export interface ScaleSource<T extends KubeObject> {
  specReplicas(object: T): number;
  statusReplicas(object: T): number;
  /** The serialised label selector of the pods. */
  selector(object: T): string;
  setReplicas(object: T, replicas: number): void;
}

/** A subresource that writes its parent object: `pods/binding`, `namespaces/finalize`, `pods/eviction`. */
export interface ObjectSubresource<T extends KubeObject> {
  readonly kind: 'object';
  readonly name: string;
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update')[];
  /** GroupVersionKind of the body, where it is not the parent's. */
  readonly body?: { readonly group: string; readonly version: string; readonly kind: string };
  /** OpenAPI definition of the body, where it is not the parent's. */
  readonly bodySchema?: Schema;
  /**
   * The parent after the write; throws a StatusError to refuse. `current` may be changed in place (it is a copy).
   * `outcome: 'delete'` asks for the ordinary delete of the parent instead, as an eviction does.
   */
  write(
    current: T,
    body: KubeObject,
    context: WriteContext,
  ): { readonly outcome: 'update'; readonly object: T } | { readonly outcome: 'delete'; readonly options: unknown };
  /** The write does not count as a change of what the user asked for: `metadata.generation` stays. A binding is none. */
  readonly keepsGeneration?: boolean;
  /** What a `create` answers: a Status by default, as a binding does. */
  readonly answers?: 'status' | 'body';
}

/** A subresource that talks to the node that runs the object: log, exec, attach, portforward. */
export interface ConnectSubresource {
  readonly kind: 'connect';
  readonly name: string;
  readonly verbs: readonly ('create' | 'get')[];
  /** The kind that discovery names for it: `PodExecOptions`. */
  readonly optionsKind: string;
  /** `stream` copies a response body (log); `upgrade` carries an upgraded connection (exec). */
  readonly transport: 'stream' | 'upgrade';
  /** What it reads of the query. */
  readonly parameters?: readonly ConnectParameter[];
}

export interface ConnectParameter {
  readonly name: string;
  /** The plural ones may be given several times. */
  readonly type: 'boolean' | 'integer' | 'string' | 'strings' | 'integers';
}

/** A subresource whose answer is computed and stored nowhere: `serviceaccounts/token`. */
export interface ComputedSubresource {
  readonly kind: 'computed';
  readonly name: string;
  readonly verbs: readonly ('create' | 'get')[];
  readonly body: { readonly group: string; readonly version: string; readonly kind: string };
  readonly bodySchema: Schema;
  /** The apiserver knows what to do under this name. */
  readonly computation: 'token-request';
}

export type Subresource<T extends KubeObject> = ObjectSubresource<T> | ConnectSubresource | ComputedSubresource;

/** What happens to an object at the commit point, where the whole cluster can be read and nobody can come between. */
export interface CommitRule<T extends KubeObject> {
  /** Resources (GroupResource) whose objects it lists. */
  readonly lists: readonly string[];
  /** Allocates what must be unique (a cluster IP, a pod range) by changing `next`; errors refuse the write. */
  apply(next: T, current: T | undefined, view: View, context: WriteContext): readonly FieldError[];
}

/** Between the stored form of a kind and the form of another version. Both leave their argument alone. */
export interface Conversion {
  toStored(served: KubeObject): KubeObject;
  fromStored(stored: KubeObject): KubeObject;
}

/** A version under which a kind can be read, written and watched. */
export interface ServedVersion {
  /** The group may differ from that of the stored form: Event is served by core/v1 and events.k8s.io/v1. */
  readonly type: ResourceType;
  readonly schema: Schema;
  /** Absent where the stored form is served as it is. */
  readonly conversion?: Conversion;
  /** The warning that each answer carries: `v1 Endpoints is deprecated in v1.33+; use …`. */
  readonly deprecation?: string;
}

export interface Definition<T extends KubeObject = KubeObject> {
  /** The version in which objects are stored. It is served, too, unless `isServed` is false. */
  readonly type: ResourceType<T>;
  readonly isServed?: boolean;
  /** The other versions under which the kind is served. */
  readonly otherVersions?: readonly ServedVersion[];
  readonly schema: Schema;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** All eight when left out. None for a kind that is only ever posted (`verbs: ['create']` with `computation`). */
  readonly verbs?: readonly Verb[];
  /** Has a `/status` subresource: the main endpoint then keeps `status`, and `/status` keeps everything else. */
  readonly hasStatus?: boolean;
  /** `metadata.generation` counts changes of everything but metadata and status. */
  readonly hasGeneration?: boolean;
  readonly scale?: ScaleSource<T>;
  readonly subresources?: readonly Subresource<T>[];
  readonly columns: readonly Column<T>[];

  /** Selectable fields besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: readonly string[];
  fields?(object: T): Readonly<Record<string, string>>;

  /** Names that `metadata.name` may have: '' or the reason why not. Default: a DNS subdomain. */
  validateName?(name: string): readonly string[];
  /** Fills in what the schema's own defaults do not say. Called on whatever comes in, before validation. Changes in place. */
  setDefaults?(object: T): void;
  /** Clears what a creator may not set and sets what only the server may. Changes in place. */
  prepareForCreate?(object: T, context: WriteContext): void;
  prepareForUpdate?(next: T, current: T, context: WriteContext): void;
  prepareForStatusUpdate?(next: T, current: T, context: WriteContext): void;
  validate?(object: T): readonly FieldError[];
  /** Besides `validate`, which runs as well. */
  validateUpdate?(next: T, current: T): readonly FieldError[];
  validateStatusUpdate?(next: T, current: T): readonly FieldError[];
  /** `Warning:` headers for whoever writes it. */
  warnings?(object: T): readonly string[];
  /** What everyone who asks for the resource is told, since it will go: `v1 Endpoints is deprecated in …`. */
  readonly deprecation?: string;
  readonly commit?: CommitRule<T>;

  /** What keeps a terminating object besides `metadata.finalizers`: a Namespace has `spec.finalizers`. Default: nothing. */
  isHeld?(object: T): boolean;
  /** Called when an object that is not removed at once starts to terminate, with its deletionTimestamp set. Changes in place. */
  prepareForTermination?(object: T, context: WriteContext): void;
  /** Seconds of grace for a deletion; 0 deletes at once. Default: 0. Source: registry/rest/delete.go. */
  graceSeconds?(object: T, requestedSeconds: number | undefined): number;
  /** What a DELETE without a policy does to dependents. Default: Background. */
  readonly defaultPropagation?: 'Background' | 'Orphan';
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeletedObject?: boolean;
  /** PUT without a resourceVersion is allowed. Default: true. */
  readonly allowsUnconditionalUpdate?: boolean;
  /** PUT creates what is missing. Default: false. */
  readonly allowsCreateOnUpdate?: boolean;
  /** The namespace an object of this kind lives in is fixed (a Namespace's own objects, `default/kubernetes`): may not be deleted by anyone. */
  readonly undeletable?: readonly ObjectName[];
}

/**
 * Definitions of many kinds side by side. The methods of `Definition` take their own kind, so a mixed list forgets it:
 * whoever calls them passes objects that were decoded by the same definition.
 */
export type AnyDefinition = Definition<KubeObject>;

/** Forgets the kind of a definition, for `resources/all.ts`. */
export function definition<T extends KubeObject>(of: Definition<T>): AnyDefinition {
  return of as AnyDefinition;
}
