/**
 * What the apiserver asks of the rooms that are plugged into it: who is calling, may they, what must change before it
 * is stored, and who carries the bytes of a connection. The chain that calls them, in order, is in `app.ts`.
 */
import type { Duplex } from 'node:stream';
import type { JsonObject, KubeObject } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import type { Schema } from '../kube/schema.ts';
import type { View } from '../kube/view.ts';
import type { AnyDefinition, CommitRule, ConnectSubresource, GroupVersionKind, ServedVersion } from '../resources/definition.ts';
import type { Epoch } from '../store/epoch.ts';

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What a host knows of the connection besides the request itself. */
export interface Connection {
  /** The host vouches for the caller: only for callers in the same process. The authenticator is then not asked. */
  readonly user?: User;
  /** The client's certificate (DER), already verified against the cluster's authority by the TLS layer. */
  readonly clientCertificate?: Uint8Array;
  readonly remoteAddress?: string;
  /**
   * It asks for a cluster that does not exist. It learns no more than a stranger learns of one that does: no
   * credentials are right, and nothing is allowed but what all callers may read.
   */
  readonly isNowhere?: boolean;
  /** When the host got the request, by the monotonic clock: what was read since is new enough for it. */
  readonly arrivedMs?: number;
  /** The longest answer that the host can carry. What is longer is refused, or ends well before. */
  readonly answerBytesMax?: number;
  /** What this caller writes is refused once its epoch is over: only for workers in the same process. */
  readonly epoch?: () => Promise<Epoch>;
  /** The raw connection, when the client asked for `Upgrade` and the host can give it away. */
  readonly upgrade?: Upgrade;
}

export interface Upgrade {
  /** The function that takes the socket answers on it, status line included; the host then ignores the Response. */
  take(): { readonly socket: Duplex; readonly head: Uint8Array };
}

export type RequestVerb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch'
  /** For paths that are no resources: the method in lower case. */
  | 'post'
  | 'put'
  | 'head'
  | 'options'
  /** Only asked of the authorizer, never made from a request. */
  | 'impersonate'
  | 'bind'
  | 'escalate'
  | (string & {});

/** What an authorizer decides on. Absent parts are ''. */
export interface RequestAttributes {
  readonly verb: RequestVerb;
  readonly isResource: boolean;
  /** Decoded, without the query. */
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** For list, watch and deletecollection: the values that a field selector requires. */
  readonly selectedFields?: readonly SelectedField[];
  /** For list, watch and deletecollection: the whole selectors, for authorizers that read them. */
  readonly fieldSelector?: SelectorAttributes;
  readonly labelSelector?: SelectorAttributes;
}

/** A selector as a client wrote it, or its requirements. Source: authorization.k8s.io/v1. */
export interface SelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly { readonly key: string; readonly operator: string; readonly values?: string[] }[];
}

export interface SelectedField {
  readonly field: string;
  readonly value: string;
}

/** What a path and method mean. Source: apiserver, pkg/endpoints/request/requestinfo.go. */
export interface RequestInfo extends RequestAttributes {
  /** The path leads through a namespace: `/api/v1/namespaces/{namespace}/pods`. */
  readonly isNamespaced: boolean;
}

/** One HTTP request on its way through the chain. */
export interface ApiRequest {
  readonly request: Request;
  readonly url: URL;
  readonly info: RequestInfo;
  readonly user: User;
  readonly connection: Connection;
  /** For watches: called when the body comes to its end. */
  readonly ended?: () => void;
}

export interface Authenticator {
  /** Undefined: no credentials were shown. Throws StatusError 401 for credentials that are wrong. */
  authenticate(request: Request, connection: Connection): Promise<User | undefined>;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** No other authorizer is asked. Otherwise this one has no opinion. */
  readonly denied?: boolean;
  /** Why an authorizer could not decide. */
  readonly error?: string;
  /** Shown to the client after the refusal; may be ''. */
  readonly reason: string;
}

export interface Authorizer {
  authorize(user: User, attributes: RequestAttributes): Promise<AuthorizationDecision>;
}

export interface AdmissionAttributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** The kind's stored version; `object` and `oldObject` have it, too, unless the subresource has a body of its own. */
  readonly type: ResourceType;
  readonly subresource: string;
  /** What `object` is: the kind itself, or the body of a subresource (Scale, Binding, Eviction). */
  readonly kind: GroupVersionKind;
  /** The version that the client speaks. */
  readonly served: ServedVersion;
  readonly namespace: string;
  /** '' while a generated name is not known yet. */
  readonly name: string;
  /** What is about to be stored, decoded and defaulted; `admit` may change it in place or replace it. Undefined for DELETE. */
  object: KubeObject | undefined;
  /** What is stored now; undefined for CREATE. Frozen. */
  readonly oldObject: KubeObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions, PatchOptions or DeleteOptions, as the client gave them. */
  readonly options: JsonObject;
  /** What `type` and `served` are versions of. */
  readonly definition: AnyDefinition;
  readonly reinvocation: Reinvocation;
  /** Adds a `Warning:` header to the answer. */
  warn(text: string): void;
  /** Adds an annotation for the audit log. */
  annotate(key: string, value: string): void;
}

/** Mutating plug-ins are asked a second time when one of them asks for it. */
export interface Reinvocation {
  readonly isSecond: boolean;
  isNeeded: boolean;
  /** What a plug-in keeps from the first pass for the second, by its name. */
  readonly notes: Map<string, unknown>;
}

/**
 * A plug-in of admission. The `admit` of all plug-ins comes first. The kind then prepares and validates. Their `validate`
 * comes next, and their `commit` at the commit point. All refuse by throwing a StatusError.
 */
export interface AdmissionPlugin {
  /** Upstream's name: `ServiceAccount`, `NodeRestriction`. */
  readonly name: string;
  /** Asked first, without waiting; must depend on operation, type, subresource, namespace and user only. */
  handles(attributes: AdmissionAttributes): boolean;
  /** Reads what the others need; awaited before a write that it handles is decided. */
  load?(): Promise<void>;
  /** Changes `attributes.object`, or refuses. */
  admit?(attributes: AdmissionAttributes): Promise<void>;
  /** Refuses the request by throwing; it changes nothing. */
  validate?(attributes: AdmissionAttributes): Promise<void>;
  /** What can only be decided where nothing comes between. It leaves `next` as it is. */
  readonly commit?: CommitRule;
  /** What `handles`, `admit` and `validate` go by: they are asked again when it is another at the commit point. */
  readonly grounds?: Grounds;
}

export interface Grounds {
  /** Resources (GroupResource) whose objects it lists. */
  readonly lists: readonly string[];
  of(view: View): string;
}

/** Who gets the ownership of which fields of an object that is written. */
export interface FieldManagers {
  /** Reads what the others need; awaited before a write is decided. */
  load?(): Promise<void>;
  /** Sets `next.metadata.managedFields`. Runs on what the client asked for, before mutating admission. */
  record(next: KubeObject, current: KubeObject | undefined, write: FieldWrite): void;
  /**
   * The object with what a manager wants of it, in the version that the client speaks, not yet decoded. `current` is the
   * object in that version, if there is one. Throws a StatusError for conflicts.
   */
  apply(configuration: JsonObject, current: KubeObject | undefined, write: FieldApply): AppliedObject;
}

export interface AppliedObject {
  readonly object: JsonObject;
  /** Its managers do not count. */
  readonly isChanged: boolean;
}

export interface FieldWrite {
  readonly manager: string;
  readonly subresource: string;
  readonly definition: AnyDefinition;
  readonly served: ServedVersion;
  readonly nowMs: number;
}

export interface FieldApply extends FieldWrite {
  /** Takes fields from other managers. */
  readonly force: boolean;
}

export interface ConnectTarget {
  readonly definition: AnyDefinition;
  readonly subresource: ConnectSubresource;
  readonly namespace: string;
  readonly name: string;
  /** The parent, read a moment ago. Frozen. */
  readonly object: KubeObject;
  readonly user: User;
  readonly connection: Connection;
}

/** Carries `log`, `exec`, `attach` and `portforward` to the node that runs the object. */
export interface Connector {
  connect(request: Request, target: ConnectTarget): Promise<Response>;
}

export interface ComputationContext {
  readonly definition: AnyDefinition;
  /** The object whose subresource is asked for. Frozen. */
  readonly parent: KubeObject;
  readonly user: User;
  readonly dryRun: boolean;
}

/** The answer of a computed subresource: `serviceaccounts/token`. */
export interface Computation {
  compute(body: KubeObject, context: ComputationContext): Promise<object>;
}

/** A kind that is posted, answered and never stored: SubjectAccessReview, TokenReview. */
export interface VirtualResource {
  readonly type: ResourceType;
  readonly schema: Schema;
  readonly singular: string;
  readonly verbs: readonly ['create'];
  /** `object` is decoded and defaulted; the answer goes out with 201. */
  create(object: KubeObject, context: VirtualResourceContext): Promise<object>;
}

export interface VirtualResourceContext {
  readonly user: User;
  /** The namespace; empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly dryRun: boolean;
}

/** Paths that other code serves, after authentication and authorization: relay, node poll. */
export interface Extension {
  /** The prefix of its paths, with a slash at its end: `/apis/agent.hibernetes.dev/`. */
  readonly prefix: string;
  /** All callers may read it, whatever the roles. */
  readonly isPublic?: boolean;
  fetch(request: ApiRequest): Promise<Response>;
}
