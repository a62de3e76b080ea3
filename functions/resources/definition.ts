/**
 * A kind is data: everything that the apiserver must know of one, and nothing that it must do for it.
 * Shared code asks the definition; it never compares a kind's name. One definition lives in `<group>/<kind>/`.
 */
import type { FieldError } from '../kube/field-error.ts';
import type { KubeObject } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import type { Schema } from '../kube/schema.ts';
import type { StatusError } from '../kube/status-error.ts';
import type { TunnelTarget } from '../node-protocol/node-poll.ts';
import type { Key, View } from '../kube/view.ts';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of the table that `kubectl get` prints. */
export interface Column<T extends KubeObject = KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` marks the column that identifies the object. */
  readonly format?: string;
  readonly description: string;
  /** 0 always shows; 1 only with `-o wide`. */
  readonly priority: number;
  /** Rows have its cell, but the table does not describe it: upstream forgets to. */
  readonly isUndescribed?: boolean;
  /** `nowMs` is for ages: `kube/duration.ts` prints them. */
  value(object: T, nowMs: number): string | number | boolean | null;
}

/** What strategies may know about the request besides its objects. */
export interface WriteContext {
  readonly nowMs: number;
  readonly userName: string;
  /** What else is known of the user. Absent where the cluster itself writes. */
  readonly user?: Requester;
  /** Nothing of it is stored. */
  readonly isDryRun?: boolean;
  /** For the answer's `Warning` headers. Absent where the cluster itself writes. */
  readonly warn?: (text: string) => void;
  /** Uniform in [0, 1): allocations pick at random. */
  random(): number;
}

export interface Requester {
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** `.../scale`: where an autoscaling/v1 Scale finds its numbers. */
export interface ScaleSource<T extends KubeObject> {
  specReplicas(object: T): number;
  statusReplicas(object: T): number;
  /** The serialised label selector of the pods. */
  selector(object: T): string;
  setReplicas(object: T, replicas: number): void;
  /** Where that is: `spec.replicas` when left out. */
  readonly replicasPath?: string;
}

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A subresource that writes its parent object: `pods/binding`, `namespaces/finalize`, `pods/eviction`. */
export interface ObjectSubresource<T extends KubeObject> {
  readonly kind: 'object';
  readonly name: string;
  readonly verbs: readonly ('create' | 'get' | 'patch' | 'update')[];
  /** GroupVersionKind of the body, where it is not the parent's. */
  readonly body?: GroupVersionKind;
  /** OpenAPI definition of the body, where it is not the parent's. */
  readonly bodySchema?: Schema;
  /** Refuses a body before its parent is read. */
  checkBody?(body: KubeObject): void;
  /**
   * What becomes of the parent, decided at the commit point; throws a StatusError to refuse. `current` may be changed in
   * place (it is a copy). May be called again with a newer view.
   */
  write(current: T, body: KubeObject, context: WriteContext, view: View): SubresourceOutcome<T>;
  /** Reads `write`, where it lies in a module of its own. */
  load?(): Promise<void>;
  /** Resources (GroupResource) whose objects `write` lists. */
  readonly lists?: readonly string[];
  /** The write does not count as a change of what the user asked for: `metadata.generation` stays. A binding is none. */
  readonly keepsGeneration?: boolean;
}

export type SubresourceOutcome<T extends KubeObject> =
  | { readonly outcome: 'update'; readonly object: T; readonly writes?: readonly CompanionWrite[] }
  /** The ordinary delete of the parent with these DeleteOptions, as an eviction asks for. */
  | {
      readonly outcome: 'delete';
      readonly options: unknown;
      /** The parent as its deletion finds it, where that differs from what is stored. */
      readonly object?: T;
      readonly writes?: readonly CompanionWrite[];
    };

/** A write of another object that is committed with the one that a client asked for, or not at all. */
export type CompanionWrite =
  | { readonly type: 'create'; readonly key: Key; readonly object: KubeObject }
  | { readonly type: 'update'; readonly key: Key; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly key: Key };

/** A subresource that talks to the node that runs the object: log, exec, attach, portforward. */
export interface ConnectSubresource {
  readonly kind: 'connect';
  readonly name: string;
  readonly verbs: readonly ('create' | 'get')[];
  /** The kind that discovery names for it: `PodExecOptions`. */
  readonly optionsKind: string;
  /** `stream` copies a response body (log); `upgrade` carries an upgraded connection (exec). */
  readonly transport: 'stream' | 'upgrade';
  /** The parameters of the query that it reads. */
  readonly parameters?: readonly ConnectParameter[];
}

export interface ConnectParameter {
  readonly name: string;
  /** The plural ones may be given several times. */
  readonly type: 'boolean' | 'integer' | 'string' | 'strings' | 'integers';
}

/** Requests that another server answers, which a node reaches. */
export interface ProxySubresource {
  readonly kind: 'proxy';
  readonly name: 'proxy';
  /** That discovery names; every method is passed on. */
  readonly verbs: readonly ('create' | 'delete' | 'get' | 'patch' | 'update')[];
  readonly optionsKind: string;
  /** `id` is what the path names: `web`, `web:http`, `https:web:443`. Throws a StatusError when it leads nowhere. */
  locate(id: string, context: ProxyContext): ProxyLocation;
}

export interface ProxyContext {
  readonly view: View;
  readonly namespace: string;
  /** A random number in [0, 1). */
  random(): number;
}

export interface ProxyLocation {
  readonly scheme: 'http' | 'https';
  readonly nodeName: string;
  readonly target: TunnelTarget;
  /** `address:port`, as the server may call itself. */
  readonly host: string;
}

/** A subresource whose answer is computed and stored nowhere: `serviceaccounts/token`. */
export interface ComputedSubresource {
  readonly kind: 'computed';
  readonly name: string;
  readonly verbs: readonly ('create' | 'get')[];
  readonly body: GroupVersionKind;
  readonly bodySchema: Schema;
  /** The apiserver knows what to do under this name. */
  readonly computation: 'token-request';
}

export type Subresource<T extends KubeObject> = ObjectSubresource<T> | ConnectSubresource | ProxySubresource | ComputedSubresource;

export type CommitOperation = 'create' | 'update' | 'delete';

/** A write that has passed its validation and is about to be committed. */
export interface CommitChange<T extends KubeObject = KubeObject> {
  readonly operation: CommitOperation;
  readonly subresource: string;
  readonly key: Key;
  /** What will be stored. Only the rules of its own kind may change it in place. For a deletion, the last state. */
  readonly next: T;
  /** The stored object; it is frozen. */
  readonly current: T | undefined;
}

export interface CommitOutcome {
  /** Refuse the write as invalid. */
  readonly errors?: readonly FieldError[];
  /** Are committed with it. Rules that come later see them in their view. */
  readonly writes?: readonly CompanionWrite[];
  /** Refuse the write otherwise. */
  readonly refusal?: StatusError;
  /** The answer carries them, also that of a refusal. */
  readonly warnings?: readonly string[];
  /** Annotations of the request's audit event. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * What is decided at the commit point, where the whole cluster can be read and nothing can come between: addresses that
 * must be unique, a namespace that must exist, a quota. Pure, and called again with a newer view when another write came first.
 */
export interface CommitRule<T extends KubeObject = KubeObject> {
  /** Create and update when left out. */
  readonly operations?: readonly CommitOperation[];
  /** Resources (GroupResource) whose objects it lists. */
  readonly lists?: readonly string[];
  /** May also throw a StatusError to refuse. */
  apply(change: CommitChange<T>, view: View, context: WriteContext): CommitOutcome;
}

/** Fields that a write of an endpoint cannot set, since the server resets them: no manager owns them by such a write. */
export interface ResetFields {
  /** Paths: `status`, `spec.finalizers`. `status` when left out and the kind has a status. */
  readonly main?: readonly string[];
  /** `spec` when left out. */
  readonly status?: readonly string[];
  /** The fields of other subresources, by the subresource's name. */
  readonly others?: Readonly<Record<string, readonly string[]>>;
  /** Subresources that can set nothing but these: `spec.containers.*.resources`. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Between the stored form of a kind and the form of another version. Both leave their argument alone, and may throw
 * ConversionNeeded.
 */
export interface Conversion {
  /**
   * Where it is there, a write goes through its stages in the version of its client. This makes of its outcome what is
   * stored: fields that only one of the two versions knows count until then.
   */
  committed?(served: KubeObject): KubeObject;
  /** Whether what was stored at that revision is served as it is. */
  isCurrent?(revision: number): boolean;
  toStored(served: KubeObject): KubeObject;
  fromStored(stored: KubeObject): KubeObject;
}

export interface OwnFields {
  readonly names: readonly string[];
  /** The values of the fields, of an object in that version. */
  of(served: KubeObject): Readonly<Record<string, string>>;
}

/** A version under which a kind can be read, written and watched. */
export interface ServedVersion {
  /** The group may differ from that of the stored form: Event is served by core/v1 and events.k8s.io/v1. */
  readonly type: ResourceType;
  readonly schema: Schema;
  /** Absent where the stored form is served as it is. */
  readonly conversion?: Conversion;
  /** What this version calls the selectable fields of the kind, where it has other names for them: its name first. */
  readonly fieldNames?: ReadonlyMap<string, string>;
  /** Selectable fields of this version, where they are others than those of the stored form. */
  readonly ownFields?: OwnFields;
  /** Where the version has columns of its own. */
  readonly columns?: readonly Column[];
  /** The warning that each answer carries: `v1 Endpoints is deprecated in v1.33+; use …`. */
  readonly deprecation?: string;
}

export interface Definition<T extends KubeObject = KubeObject> {
  /** The version in which objects are stored. It is served, too, unless `isServed` is false. */
  readonly type: ResourceType<T>;
  readonly isServed?: boolean;
  /** Where objects may still be stored as another version. */
  readonly storedConversion?: Conversion;
  /** Conversions may throw ConversionNeeded. */
  readonly isConvertedByWebhook?: boolean;
  /** The other versions under which the kind is served. */
  readonly otherVersions?: readonly ServedVersion[];
  readonly schema: Schema;
  readonly singular: string;
  /** The kind's name with `List` when left out. */
  readonly listKind?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** All eight when left out. None for a kind that is only ever posted (`verbs: ['create']` with `computation`). */
  readonly verbs?: readonly Verb[];
  /**
   * Has a `/status` subresource: the main endpoint then keeps `status`, and `/status` keeps everything else. A new object
   * starts with the empty status, whatever its creator sent, unless `keepsNewStatus` or `prepareForCreate` decide otherwise.
   */
  readonly hasStatus?: boolean;
  /** A creator may report a status at once, as a node does. */
  readonly keepsNewStatus?: boolean;
  /** `metadata.generation` counts changes of everything but metadata and status. */
  readonly hasGeneration?: boolean;
  /** So does a change of these. */
  readonly desiredMetadata?: readonly ('annotations' | 'labels')[];
  /** So does an empty list in place of none. Source: strategies that compare with reflect.DeepEqual. */
  readonly countsEmptyLists?: boolean;
  /** So does a change of what an update then drops. */
  readonly countsDropped?: boolean;
  readonly scale?: ScaleSource<T>;
  readonly subresources?: readonly Subresource<T>[];
  readonly columns: readonly Column<T>[];

  /** Selectable fields besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: readonly string[];
  fields?(object: T): Readonly<Record<string, string>>;
  /** The kind reads the fields of selectors itself: no namespace among them, and its refusals name it. */
  readonly readsFieldSelectors?: boolean;
  /** How the kind refuses a field that it cannot select by, where it has words of its own. */
  fieldProblem?(field: string): string;

  /** Names that `metadata.name` may have: '' or the reason why not. Default: a DNS subdomain. */
  validateName?(name: string, object?: T): readonly string[];
  /** `validate` checks the metadata of a new object as well, where the kind does; else it need only fit into a path. */
  readonly checksOwnMetadata?: boolean;
  /** Fields whose errors upstream's API declares: they come last, in this order. See `declaredLast`. */
  readonly declared?: readonly string[];
  /** Fills in what the schema's own defaults do not. Called on whatever comes in, before validation. Changes in place. */
  setDefaults?(object: T): void;
  /** Fills in the times that a client left out, as it sent the object. Changes in place. */
  setDefaultTimes?(object: T, nowMs: number): void;
  /** Clears what a creator may not set and sets what only the server may. Changes in place. */
  prepareForCreate?(object: T, context: WriteContext): void;
  /** Fills in what a new object has only once it was found valid: upstream does so as it reads it back. Changes in place. */
  completeValid?(object: T): void;
  /**
   * Whether upstream stored a new object without what it fills in as it reads the object back: the first update stores
   * that too, so it counts even where it changes nothing.
   */
  isFilledAsRead?(created: T): boolean;
  prepareForUpdate?(next: T, current: T, context: WriteContext): void;
  prepareForStatusUpdate?(next: T, current: T, context: WriteContext): void;
  /**
   * Errors of a new object, or of an update of `current`: what was stored already may be allowed to stay. `version` is the
   * one that the client speaks.
   */
  validate?(next: T, current?: T, version?: ResourceType): readonly FieldError[];
  /** Besides `validate`, which runs as well. */
  validateUpdate?(next: T, current: T): readonly FieldError[];
  validateStatusUpdate?(next: T, current: T, version?: ResourceType): readonly FieldError[];
  /** `Warning:` headers of the answer to a write. */
  warnings?(next: T, current?: T): readonly string[];
  /** The warning for every client of the resource, since it will go: `v1 Endpoints is deprecated in …`. */
  readonly deprecation?: string;
  /** False where upstream answers lists from its store: it does not ask clients to wait for a revision of the future. */
  readonly hasWatchCache?: boolean;
  /** Where upstream keeps the objects, which some refusals show: `/` and the resource when left out. */
  readonly etcdPrefix?: string;
  /** False where nothing can be owned: deletions then leave the finalizers of the garbage collector alone. */
  readonly hasDependents?: boolean;
  /** False where an update does not ask the kind's rule for names about the prefix of generated names. */
  readonly rechecksName?: boolean;
  /** False where the kind's rule for names is not asked about the prefix of generated names. */
  readonly checksNamePrefix?: boolean;
  /** False where the prefix is the name. */
  readonly extendsNamePrefix?: boolean;
  /** Finalizers need no domain before them. */
  readonly allowsBareFinalizers?: boolean;
  /** Each cause of a refused update is named as often as it was found. */
  readonly repeatsCauses?: boolean;
  /** Updates name what is wrong with the metadata twice. */
  readonly checksMetadataTwice?: boolean;
  /** Upstream checks what may not change before it checks the object itself. */
  readonly checksChangeFirst?: boolean;
  /** False as long as no controller acts on the kind: a whole cluster warns of that where one is created. */
  readonly hasController?: boolean;
  /** The warning that a deletion carries whose client left it to the kind what becomes of dependents. */
  readonly orphaningWarning?: string;
  /** In order, after those of the admission plug-ins. */
  readonly commit?: readonly CommitRule<T>[];
  readonly resetFields?: ResetFields;
  /** Annotations that upstream keeps as fields of its own type: metadata that is shown alone does not have them. */
  readonly fieldAnnotations?: readonly string[];
  /** Strategic merge patches are refused when false, as custom kinds do. */
  readonly hasStrategicMerge?: boolean;
  /** Loads what the kind needs; awaited before a request for it is served. */
  load?(): Promise<void>;

  /** What keeps a terminating object besides `metadata.finalizers`: a Namespace has `spec.finalizers`. Default: nothing. */
  isHeld?(object: T): boolean;
  /** Called when an object that is not removed at once starts to terminate, with its deletionTimestamp set. Changes in place. */
  prepareForTermination?(object: T, context: WriteContext): void;
  /** Its first deletion only marks it, whatever the options: no grace, no finalizer of the collector, no new generation. */
  readonly isOnlyMarked?: boolean;
  /** How the conflict of a deletion begins whose preconditions the kind's own storage checks. */
  readonly preconditionFailed?: string;
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
}

/**
 * Definitions of many kinds side by side. The methods of `Definition` take their own kind, so a mixed list forgets it:
 * callers pass objects that were decoded by the same definition.
 */
export type AnyDefinition = Definition<KubeObject>;

/** The rules of a kind that only writes need; reads never load them. */
export type WriteRules<T extends KubeObject> = Pick<
  Definition<T>,
  | 'setDefaults'
  | 'prepareForCreate'
  | 'declared'
  | 'completeValid'
  | 'isFilledAsRead'
  | 'prepareForUpdate'
  | 'prepareForStatusUpdate'
  | 'validate'
  | 'validateUpdate'
  | 'validateStatusUpdate'
  | 'warnings'
  | 'commit'
>;

/** A definition whose rules lie in a module of their own, which a cold start does not read. */
export interface SplitDefinition<T extends KubeObject> extends Definition<T> {
  /** Read with the first request for the kind; its functions become the definition's. */
  readonly rules?: () => Promise<WriteRules<T>>;
}

const notLoaded = (): never => {
  throw new Error('the rules of the kind have not been loaded');
};

/** A subresource whose write lies in a module of its own, which is read with the rules of its kind. */
export function splitSubresource<T extends KubeObject>(
  own: Omit<ObjectSubresource<T>, 'write' | 'load'>,
  write: () => Promise<ObjectSubresource<T>['write']>,
): ObjectSubresource<T> {
  const made: ObjectSubresource<T> & { write: ObjectSubresource<T>['write'] } = {
    ...own,
    write: notLoaded,
    async load() {
      made.write = await write();
    },
  };
  return made;
}

/** A conversion that lies in a module of its own, and what reads it. */
export function splitConversion(read: () => Promise<Conversion>): { readonly conversion: Conversion; load(): Promise<void> } {
  const conversion: Conversion = { toStored: notLoaded, fromStored: notLoaded };
  return { conversion, load: async () => void Object.assign(conversion, await read()) };
}

/** Forgets the kind of a definition, for `resources/all.ts`. */
export function definition<T extends KubeObject>({ rules, ...own }: SplitDefinition<T>): AnyDefinition {
  if (rules === undefined) return own as AnyDefinition;
  let isLoaded = false;
  const made: Definition<T> = {
    ...own,
    async load() {
      if (isLoaded) return;
      await own.load?.();
      await Promise.all((own.subresources ?? []).map(async (one) => (one.kind === 'object' ? await one.load?.() : undefined)));
      Object.assign(made, await rules());
      isLoaded = true;
    },
  };
  return made as AnyDefinition;
}
