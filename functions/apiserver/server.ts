/** What every part of the apiserver works with. Made once by `createApiServer`; nothing in it changes afterwards. */
import type { AnyDefinition, ServedVersion, WriteContext } from '../resources/definition.ts';
import type { StoreView } from '../kube/view.ts';
import type { Epoch } from '../store/epoch.ts';
import type { Store } from '../store/store.ts';
import type { World } from '../world.ts';
import type { AdmissionPlugin, ApiRequest, Authorizer, Computation, Connector, FieldManagers, User } from './ports.ts';
import type { ProxyTarget } from './proxy/proxy.ts';
import type { Converter } from './webhook/conversion.ts';
import type { Expected } from './registry/decode.ts';
import type { LiveRegistry } from './registry/live-registry.ts';
import type { ServedKind } from './registry/resource-index.ts';

export interface Server {
  readonly store: Store;
  /** The caller's, if its writes depend on one. */
  readonly epoch?: () => Promise<Epoch>;
  readonly world: World;
  readonly registry: LiveRegistry;
  /** The plug-ins. Their code is read when something is first written. */
  readonly admission: () => Promise<readonly AdmissionPlugin[]>;
  /** Asked again where one request does two things: an apply that creates. */
  readonly authorizer: Authorizer;
  readonly fieldManagers: FieldManagers;
  readonly computations: Readonly<Partial<Record<'token-request', Computation>>>;
  readonly connector: Connector | undefined;
  readonly proxy: Proxy | undefined;
  readonly converter: Converter;
  /** Where a request is for a declared kind: whether the kind that it was read by is still served at that revision. */
  readonly isServed?: (view: StoreView) => boolean;
  /** The server is a part of a whole control plane. That acts on every kind that it has a controller for. */
  readonly hasControllers: boolean;
}

/** Passes a request on to another server, and its answer back. */
export type Proxy = (call: ApiRequest, target: ProxyTarget) => Promise<Response>;

/** A request for a resource that is served, and what its answer will carry besides the object. */
export interface ResourceRequest extends ApiRequest {
  readonly definition: AnyDefinition;
  /** The version that the client speaks: of what it sends and of what it gets. */
  readonly served: ServedVersion;
  /** Goes out as `Warning:` headers. */
  readonly warnings: Set<string>;
  /** Annotations of the request's audit event. */
  readonly annotations: Map<string, string>;
  /** Reports for the audit log how the client named the object that it writes. */
  named(name: string): void;
}

export const writeContext = (server: Server, user: User): WriteContext => ({
  nowMs: server.world.clock.now(),
  userName: user.name,
  user,
  random: () => server.world.random.next(),
});

/** What the body of a write must be. */
export const expectedOf = ({ definition, served: { type, schema } }: ServedKind): Expected => ({
  group: type.group,
  version: type.version,
  kind: type.kind,
  schema,
  internalGroup: definition.type.group,
});
