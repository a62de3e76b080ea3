/**
 * The apiserver. One catch-all route, and behind it one chain, in one function: what every request goes through, in
 * order. It is a `fetch`, so that it runs behind any host, and in a test without one.
 */
import type { ManyWrite, Refused } from '../client/client.ts';
import { Hono } from 'hono/tiny';
import type { Store } from '../store/store.ts';
import type { LogKeys, World } from '../world.ts';
import type { Aggregation } from './aggregation/aggregation.ts';
import { mergedGroups, type RemoteVersion } from './aggregation/remote-groups.ts';
import type { Audit, Trail } from './audit/audit.ts';
import { socketTokenOf } from './auth/bearer-token.ts';
import { forbiddenRequest, unauthorized } from './auth/forbidden-request.ts';
import { anonymous } from './auth/groups.ts';
import { impersonatedUser } from './auth/impersonation.ts';
import { servedGroups, type ServedGroup } from './discovery/api-resources.ts';
import { createDiscovery } from './discovery/discovery.ts';
import { type AuthorityParts, withAuthority } from './filters/authority.ts';
import { deadlineSeconds, withDeadline } from './filters/deadline.ts';
import { errorResponse } from './filters/errors.ts';
import { createFlowControl, type FlowControl } from './flow-control/flow-control.ts';
import { type Lasting, limited } from './flow-control/limited.ts';
import { methodNotAllowed, pageNotFound, subresourceNotFound } from './http/api-errors.ts';
import { plainError } from '../kube/status-error.ts';
import { encodedFor } from './http/body-encoder.ts';
import { requestInfoOf } from './http/request-info.ts';
import { warningHeaders } from './http/warning-headers.ts';
import { type Documents, isPublic, otherPath, type VersionDocument } from './other-paths.ts';
import type { Descriptions } from './openapi/descriptions.ts';
import type { FormerDocuments, OpenApi, OpenApiOptions } from './openapi/documents.ts';
import type {
  AdmissionPlugin,
  ApiRequest,
  Authenticator,
  Authorizer,
  Computation,
  Connection,
  Connector,
  Extension,
  FieldManagers,
  RequestInfo,
  User,
  VirtualResource,
} from './ports.ts';
import { fromStore } from './registry/commit.ts';
import { isCustom } from './registry/object-metadata.ts';
import { splitFieldManagers } from './registry/split-field-managers.ts';
import type { LiveRegistry } from './registry/live-registry.ts';
import { whileDeclared } from './registry/kind-changed.ts';
import { groupVersionResourceText, type ResourceIndex, type ServedKind } from './registry/resource-index.ts';
import type { Proxy, Server } from './server.ts';
import type { Writer } from './verbs/write-many.ts';
import { isLongRunning, serveResource } from './verbs/resource-endpoint.ts';
import { type Converter, noConverter } from './webhook/conversion.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly registry: LiveRegistry;
  readonly virtualResources?: readonly VirtualResource[];
  readonly world: World;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** A function is called once, when something is first written. */
  readonly admission: readonly AdmissionPlugin[] | (() => Promise<readonly AdmissionPlugin[]>);
  /** The field managers; those of `metadata.managedFields` when left out. */
  readonly fieldManagers?: FieldManagers;
  readonly computations?: Readonly<Partial<Record<'token-request', Computation>>>;
  /** Without one, log, exec and the like answer 501. */
  readonly connector?: Connector;
  /** Without it, kinds that a webhook converts are served in their stored version only. */
  readonly converter?: Converter;
  /** Other API servers; without it, all groups are ours. */
  readonly aggregation?: Aggregation;
  /** Passes requests on to servers that nodes reach; without it, `proxy` answers 501. */
  readonly proxy?: Proxy;
  readonly extensions?: readonly Extension[];
  readonly version: VersionDocument;
  /** Requests that run at once, of all priority levels. */
  readonly seats?: number;
  /** The audit log; left out: nothing is recorded. */
  readonly audit?: Audit;
  /** Descriptions of kinds and fields, for OpenAPI documents; read when the first one is asked for. */
  readonly descriptions?: () => Promise<Descriptions>;
  /** Controllers run, too: kinds on which none of them acts are warned about. */
  readonly hasControllers?: boolean;
}

export interface ApiServer {
  fetch(request: Request, connection?: Connection): Promise<Response>;
  /** For workers in this process. Nothing is recorded for an audit. */
  writeMany(writes: readonly ManyWrite[], writer: Writer): Promise<readonly Refused[]>;
}

/** What is noted of a request on its way, besides its answer. */
interface Notes {
  readonly auditId: string;
  readonly warnings: Set<string>;
  /** Annotations of the request's audit event. */
  readonly annotations: Map<string, string>;
  /** Headers of the answer, whatever it is. */
  readonly headers: Map<string, string>;
  /** The name of the object that is written, as the client sent it. */
  objectName: string;
}

interface Exchange {
  readonly notes: Notes;
  lasting: Lasting;
  /** Absent while it is not known who asks, and where nothing is recorded. */
  trail: Trail | undefined;
}

interface Parts {
  readonly options: ApiServerOptions;
  readonly server: Server;
  readonly virtual: ReadonlyMap<string, VirtualResource>;
  readonly flowControl: FlowControl;
  /** Discovery and OpenAPI of what an index serves. */
  documents(index: ResourceIndex): Documents;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, registry, world, fieldManagers = splitFieldManagers(), computations = {}, connector, proxy, seats } = options;
  const { converter = noConverter, authorizer, hasControllers = false } = options;
  const admission = admissionOf(options);
  const parts: Parts = {
    options,
    server: { store, world, registry, admission, authorizer, fieldManagers, computations, connector, proxy, converter, hasControllers },
    virtual: new Map(options.virtualResources?.map((resource) => [groupVersionResourceText(resource.type), resource])),
    documents: documentsOf(options),
    flowControl: createFlowControl({ view: () => store.view(), clock: world.clock, ...(seats === undefined ? {} : { seats }) }),
  };
  const app = new Hono<{ Bindings: Connection }>();
  app.all('*', ({ req, env }) => serve(parts, req.raw, env));
  return {
    fetch: async (request, connection = {}) => app.fetch(request, connection),
    async writeMany(writes, writer) {
      const { epoch } = writer.connection;
      const server = epoch === undefined ? parts.server : { ...parts.server, epoch };
      const { writeMany } = await import('./verbs/write-many.ts');
      return writeMany(
        { server, flowControl: parts.flowControl, authorize: (request) => authorize(authorizer, request, request) },
        writes,
        writer,
      );
    },
  };
}

function admissionOf({ admission }: ApiServerOptions): Server['admission'] {
  if (typeof admission !== 'function') return async () => admission;
  let plugins: Promise<readonly AdmissionPlugin[]> | undefined;
  return () => (plugins ??= admission());
}

const noVersions: readonly RemoteVersion[] = [];

/** Documents are kept as long as the kinds stay the same, and what other servers serve. */
function documentsOf({ version, descriptions, world, virtualResources = [], aggregation }: ApiServerOptions): Parts['documents'] {
  const nowMs = (): number => world.clock.now();
  const former: FormerDocuments = new Map();
  const openApiOptions = { gitVersion: version.gitVersion, nowMs, former, ...(descriptions === undefined ? {} : { descriptions }) };
  let known: { readonly index: ResourceIndex; readonly remote: readonly RemoteVersion[]; readonly documents: Documents } | undefined;
  return (index) => {
    const remote = aggregation?.versions() ?? noVersions;
    if (known?.index !== index || known.remote !== remote) {
      const groups = servedGroups(index, virtualResources);
      const openApi =
        known?.index === index
          ? known.documents.openApi
          : openApiOf(groups, { ...openApiOptions, otherPaths: () => aggregation?.openApiPaths() ?? {} });
      known = { index, remote, documents: { discovery: createDiscovery(mergedGroups(groups, remote)), openApi } };
    }
    return known.documents;
  };
}

/** Loaded when a document is first asked for, which a cold start need not wait for. */
function openApiOf(groups: readonly ServedGroup[], options: OpenApiOptions): OpenApi {
  let made: Promise<OpenApi> | undefined;
  const load = async (): Promise<OpenApi> => (await import('./openapi/documents.ts')).createOpenApi(groups, options);
  return {
    async fetch(request, url) {
      if (!url.pathname.startsWith('/openapi/')) return undefined;
      made ??= load();
      return (await made).fetch(request, url);
    },
  };
}

/** The chain of filters that serves one request. */
async function serve(parts: Parts, request: Request, connection: Connection): Promise<Response> {
  const { server } = parts;
  const exchange: Exchange = {
    notes: { auditId: auditIdOf(request, server.world), warnings: new Set(), annotations: new Map(), headers: new Map(), objectName: '' },
    lasting: 'short',
    trail: undefined,
  };
  try {
    const url = new URL(request.url);
    const info = requestInfoOf(request.method, url);
    exchange.lasting = lastingOf(parts, info);
    const work = (): Promise<Response> => admitted(parts, exchange, { request, url, info, connection });
    if (exchange.lasting !== 'short') return await finished(exchange, await work());
    return await finished(exchange, await withDeadline(server.world.clock, deadlineSeconds(request.method, url.searchParams), work));
  } catch (error) {
    return finished(exchange, await encodedFor(request, errorResponse(error, server.world.log.with(loggedOf(request)))));
  }
}

/** Without the query: the arguments of an `exec` stand there, and what they hold is the caller's. */
const loggedOf = ({ method, url }: Request): LogKeys => ({ method, path: new URL(url).pathname.slice(0, loggedPathMax) });
const loggedPathMax = 512;

/** Who asks, within which limits, and whether it is allowed. */
async function admitted(parts: Parts, exchange: Exchange, asked: Omit<ApiRequest, 'user'>): Promise<Response> {
  const { options, flowControl } = parts;
  const { notes, lasting } = exchange;
  const { info, connection } = asked;
  const isOpen = isPublic(info) || extensionOf(parts, info)?.isPublic === true;
  const { authenticated, user } = await identified(parts, exchange, asked);
  const ended = (): void => exchange.trail?.ended();
  // Strangers are refused before their bodies are read. What another server gets is passed on as it comes.
  const isReceivedFirst = authenticated !== undefined && connection.user === undefined && options.aggregation?.at(info.path) === undefined;
  const asWhom = { call: { ...asked, user, connection }, lasting, isReceivedFirst, headers: notes.headers, ended };
  return limited(flowControl, asWhom, async (call) => {
    const work = (): Promise<Response> => dispatch(parts, call, notes);
    if (isOpen) return work();
    const decide = (): Promise<void> => authorize(connection.isNowhere === true ? refusing : options.authorizer, call, notes);
    // This process vouches for its own workers.
    if (connection.user === undefined) {
      const authority = {
        ...authorityOf(parts, asked, notes),
        isConnection: lasting === 'connection',
        isStranger: authenticated === undefined,
      };
      return withAuthority(authority, decide, work);
    }
    await decide();
    return work();
  });
}

function authorityOf(
  { options, server }: Parts,
  asked: Omit<ApiRequest, 'user'>,
  notes: Notes,
): Omit<AuthorityParts, 'isConnection' | 'isStranger'> {
  const { request, connection, info } = asked;
  const { store, world } = server;
  return {
    store,
    arrivedMs: connection.arrivedMs ?? world.clock.monotonicMs(),
    info,
    async decide() {
      if (connection.isNowhere === true) throw forbiddenRequest(anonymous, info, '');
      const user = await impersonatedUser(await options.authenticator.authenticate(request, connection), request, options.authorizer);
      await authorize(options.authorizer, { ...asked, user: user ?? anonymous }, notes);
    },
  };
}

/** Who shows credentials, and as which user it acts. Further requests of a caller wait for their turn here, also where they are refused. */
async function identified(
  parts: Parts,
  exchange: Exchange,
  asked: Omit<ApiRequest, 'user'>,
): Promise<{ readonly authenticated: User | undefined; readonly user: User }> {
  const { options, flowControl } = parts;
  const { request, connection } = asked;
  let caller = `from ${connection.remoteAddress ?? ''}`;
  try {
    const authenticated = await authenticatedUser(parts, exchange, asked);
    if (authenticated !== undefined) caller = authenticated.name;
    exchange.trail = options.audit?.begin({ ...asked, auditId: exchange.notes.auditId, user: authenticated ?? anonymous });
    const acting = await impersonatedUser(authenticated, request, options.authorizer);
    // A caller without credentials is a user, too, to whom roles may be bound.
    const user = acting ?? anonymous;
    if (acting !== undefined) caller = acting.name;
    if (acting !== authenticated) exchange.trail?.impersonated(user);
    return { authenticated, user };
  } finally {
    if (connection.user === undefined) await flowControl.arrive(caller);
  }
}

/** Undefined: no credentials were shown. Wrong ones are recorded, too. */
async function authenticatedUser(
  { options }: Parts,
  exchange: Exchange,
  { request, connection, info, url }: Omit<ApiRequest, 'user'>,
): Promise<User | undefined> {
  try {
    if (connection.isNowhere === true) return nobody(request);
    return connection.user ?? (await options.authenticator.authenticate(request, connection));
  } catch (error) {
    exchange.trail = options.audit?.begin({ request, connection, info, url, auditId: exchange.notes.auditId, user: undefined });
    throw error;
  }
}

/** Where there is no cluster, there is no one whose credentials are right, and no role. */
function nobody({ headers }: Request): undefined {
  if (headers.has('authorization') || socketTokenOf(headers) !== undefined) throw unauthorized();
}
const refusing: Authorizer = { authorize: async () => ({ allowed: false, reason: '' }) };

async function finished({ notes, trail, lasting }: Exchange, response: Response): Promise<Response> {
  const answer = withHeaders(response, notes);
  if (trail === undefined) return answer;
  return trail.responded(answer, { annotations: notes.annotations, objectName: notes.objectName, isLasting: lasting !== 'short' });
}

/** A client that follows its request through several servers names it. */
function auditIdOf({ headers }: Request, { random }: World): string {
  const given = headers.get('audit-id') ?? '';
  return /^[\x21-\x7e]{1,64}$/.test(given) ? given : random.uuid();
}

async function authorize(authorizer: Authorizer, { user, info }: ApiRequest, { annotations }: Pick<Notes, 'annotations'>): Promise<void> {
  const { allowed, reason, error } = await authorizer.authorize(user, info);
  if (!allowed && error !== undefined) {
    annotations.set('authorization.k8s.io/reason', 'internal error');
    throw plainError(`Internal Server Error: ${JSON.stringify(info.path)}: ${error}`);
  }
  annotations.set('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid');
  annotations.set('authorization.k8s.io/reason', reason);
  if (!allowed) throw forbiddenRequest(user, info, reason);
}

const extensionOf = ({ options }: Parts, { path }: RequestInfo): Extension | undefined =>
  options.extensions?.find(({ prefix }) => path.startsWith(prefix));

/** Decided before the request is served, by the kinds that are known by then. */
function lastingOf({ options, server }: Parts, info: RequestInfo): Lasting {
  if (options.extensions?.some(({ prefix }) => info.path.startsWith(prefix)) === true) return 'connection';
  if (!info.isResource) return 'short';
  // The body of another server's watch is passed on as it comes.
  if (info.verb === 'watch') return options.aggregation?.at(info.path) === undefined ? 'watch' : 'connection';
  const kind = server.registry(server.store.view()).kind(info);
  return kind !== undefined && isLongRunning(kind.definition, info) ? 'connection' : 'short';
}

async function dispatch(parts: Parts, call: ApiRequest, notes: Notes): Promise<Response> {
  const { info, connection } = call;
  const { warnings, annotations } = notes;
  const server = connection.epoch === undefined ? parts.server : { ...parts.server, epoch: connection.epoch };
  const extension = extensionOf(parts, info);
  // Nothing of theirs lives in a namespace: authorized there, it would be executed everywhere.
  if (extension !== undefined) return info.isNamespaced ? pageNotFound() : extension.fetch(call);
  const remote = parts.options.aggregation?.at(info.path);
  if (remote !== undefined) return parts.options.aggregation?.serve(call, remote) ?? pageNotFound();
  if (!info.isResource) {
    const documents = async (): Promise<Documents> => parts.documents(await newestIndex(server, call));
    return (await otherPath(call, { version: parts.options.version, documents })) ?? nothingAt(parts, call);
  }
  const hasVerb = info.verb !== '' || info.subresource === 'proxy';
  const virtual = parts.virtual.get(groupVersionResourceText(info));
  if (virtual !== undefined && hasVerb) {
    const { createVirtual } = await import('./verbs/virtual.ts');
    return encodedFor(call.request, await createVirtual(server, call, virtual, warnings));
  }
  const kind = virtual === undefined ? await servedKind(server, call) : undefined;
  // The handler of custom kinds names the method that it refuses.
  if (!hasVerb && (kind === undefined || !isCustom(kind.definition))) throw methodNotAllowed();
  if (kind === undefined) return nothingAt(parts, call);
  const serve = async (serving: Server, asked: ApiRequest, found: ServedKind | undefined): Promise<Response> => {
    if (found === undefined) return nothingAt(parts, asked);
    await found.definition.load?.();
    if (writes.includes(info.verb)) await server.fieldManagers.load?.();
    return serveResource(serving, { ...asked, ...found, warnings, annotations, named: (name) => (notes.objectName = name) });
  };
  if (!isCustom(kind.definition)) return serve(server, call, kind);
  return whileDeclared({ server, call, kind: () => servedKind(server, call), serve });
}

/** Upstream's router has routes below `/api` and each built-in group: what lacks there is answered by it, the rest by Go's. */
async function nothingAt({ server, virtual }: Parts, call: ApiRequest): Promise<Response> {
  const [root, group = ''] = call.info.path.split('/').slice(1);
  if (root === 'apis' && group !== '' && ![...virtual.values()].some(({ type }) => type.group === group)) {
    const { kinds } = await newestIndex(server, call);
    if (!kinds.some(({ definition, served }) => served.type.group === group && !isCustom(definition))) return pageNotFound();
  } else if (root !== 'api' && (root !== 'apis' || group === '')) return pageNotFound();
  throw subresourceNotFound();
}

const writes: readonly string[] = ['create', 'update', 'patch'];

/** Who has just declared a kind sees it served by every process. */
async function newestIndex({ registry, store }: Server, { connection }: ApiRequest): Promise<ResourceIndex> {
  return registry(await fromStore(() => store.fresh(connection.arrivedMs)));
}

/** A kind that is not known yet may have been declared in another process a moment ago. */
async function servedKind(server: Server, call: ApiRequest): Promise<ServedKind | undefined> {
  const { registry, store } = server;
  return registry(store.view()).kind(call.info) ?? (await newestIndex(server, call)).kind(call.info);
}

function withHeaders(response: Response, { auditId, headers, warnings }: Notes): Response {
  response.headers.set('audit-id', auditId);
  for (const [name, value] of headers) response.headers.set(name, value);
  for (const header of warningHeaders(warnings)) response.headers.append('warning', header);
  return response;
}
