/**
 * The apiserver with all its parts in place: what every host of the API serves, whatever it is (a function, a process).
 * Its callers in the same process get clients that vouch for who they are.
 */
import { type ClusterNetworks, defaultNetworks } from './kube/cluster-networks.ts';
import { createAggregation } from './apiserver/aggregation/aggregation.ts';
import type { AdmissionOptions } from './apiserver/admission/plugin-kind.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from './apiserver/app.ts';
import type { AsOf } from './apiserver/as-of/as-of.ts';
import { asOfPrefix } from './apiserver/as-of/path.ts';
import type { Audit } from './apiserver/audit/audit.ts';
import { accessReviews } from './apiserver/auth/access-reviews.ts';
import { authenticationReviews } from './apiserver/auth/authentication-reviews.ts';
import { createAuthenticator } from './apiserver/auth/authenticator.ts';
import type { AuthorizationSettings, WebhookSettings } from './apiserver/auth/authorization/settings.ts';
import type { AuthenticationSettings } from './apiserver/auth/jwt/settings.ts';
import { type ClusterAuthorizer, createAuthorizer } from './apiserver/auth/authorizer.ts';
import { serviceAccountGroups, serviceAccountUserName } from './apiserver/auth/groups.ts';
import { createNodeTokens } from './apiserver/auth/node-tokens.ts';
import { createTokenRequest } from './apiserver/auth/token-request.ts';
import { createTokenUsers, type TokenUsers } from './apiserver/auth/token-users.ts';
import { noteUse } from './apiserver/auth/secret-tokens.ts';
import type { Tokens, SecretTokenClaims } from './apiserver/auth/tokens.ts';
import { createAgentEndpoint } from './apiserver/nodes/agent-endpoint.ts';
import type { Kubelets, KubeletsOptions } from './apiserver/kubelet/kubelets.ts';
import { createNodePoll } from './apiserver/nodes/node-poll.ts';
import { createNodeReports } from './apiserver/nodes/node-reports.ts';
import { createPodsOfNode } from './apiserver/nodes/pods-of-node.ts';
import type { Descriptions } from './apiserver/openapi/descriptions.ts';
import type { AdmissionPlugin, Authorizer, Connection, Extension, User } from './apiserver/ports.ts';
import type { LiveRegistry } from './apiserver/registry/live-registry.ts';
import { createConnector } from './apiserver/relay/connector.ts';
import { createLogMail } from './apiserver/relay/mailed-log.ts';
import type { Mail } from './apiserver/relay/mailbox.ts';
import { createRelayHub, type RelayHub } from './apiserver/relay/relay-hub.ts';
import { proxied } from './apiserver/proxy/proxy.ts';
import { createHttpOverTunnel } from './apiserver/tunnel/http-over-tunnel.ts';
import { createTunnels } from './apiserver/tunnel/tunnels.ts';
import { createTunnelsByMail, type TunnelsByMail } from './apiserver/tunnel/tunnels-by-mail.ts';
import { createConverter } from './apiserver/webhook/conversion.ts';
import { createWebhookClient } from './apiserver/webhook/webhook-client.ts';
import type { Writer } from './apiserver/verbs/write-many.ts';
import { type BindPod, legacyBinding } from './apiserver/verbs/legacy-binding.ts';
import type { Proxy } from './apiserver/server.ts';
import type { CertificatePair } from './client/certificates.ts';
import type { ClusterPast } from './cluster-store.ts';
import type { Client } from './client/client.ts';
import { createHttpClient } from './client/http-client.ts';
import { version } from './kube/kubernetes-version.ts';
import { pods } from './kube/resource-type.ts';
import { selectableFields } from './selectable-fields.ts';
import type { Epoch } from './store/epoch.ts';
import type { Store } from './store/store.ts';
import type { World } from './world.ts';

export interface ApiOptions {
  readonly store: Store;
  /** The kinds that this cluster serves. */
  readonly registry: LiveRegistry;
  readonly tokens: Tokens;
  readonly world: World;
  /** Which admission plug-ins run, and how; the default ones when left out. */
  readonly admission?: ChosenPlugins;
  /** Paths that only this host serves. */
  readonly extensions?: readonly Extension[];
  /** Who bearer tokens stand for that this cluster has not made: asked first, those of IAM for example. */
  readonly otherTokenUsers?: TokenUsers;
  /** Who else vouches for bearer tokens, and who may come without any. */
  readonly authentication?: AuthenticationSettings;
  /** Who decides whether callers may, in order; nodes by what their pods need, then RBAC, when left out. */
  readonly authorization?: AuthorizationSettings;
  /** How long this host can hold a node's poll without paying for it. 0: not at all. */
  readonly pollHoldSecondsMax?: number;
  /**
   * Where a client and a node's agent may be in different processes: logs go through the table, exec and port-forward not
   * at all.
   */
  readonly logMail?: { readonly mail: Mail; readonly secondsMax: number };
  /** Where this process and a node's agent may not meet: tunnels through the table. */
  readonly tunnelMail?: TunnelMailSettings;
  /** False in processes that answer no client: they do not check whether the servers of APIServices can be reached. */
  readonly checksApiServices?: boolean;
  /** What this server shows other API servers, which then believe whom it speaks for. */
  readonly requestHeaderCertificate?: CertificatePair;
  /** Descriptions of kinds and fields, for `kubectl explain`; read when an OpenAPI document is first asked for. */
  readonly descriptions?: () => Promise<Descriptions>;
  /** Reaches nodes of upstream's kubelet. Left out: only nodes of our agent are reached. */
  readonly kubelets?: (options: Pick<KubeletsOptions, 'view' | 'clock'>) => Kubelets;
  /** The networks that nodes get when they join. */
  readonly networks?: ClusterNetworks;
  /** Which requests are recorded, and where. None when left out. */
  readonly audit?: Audit;
  /** Controllers run, too: kinds on which none of them acts are warned about. */
  readonly hasControllers?: boolean;
  /** Serves the past, below `/as-of/`. */
  readonly past?: ClusterPast;
  /** Called with every answer, also of callers in this process. */
  readonly answered?: (request: Request, response: Response) => void;
}

/** Makes the chosen plug-ins for a cluster. Throws what is wrong with their configuration. */
export type ChosenPlugins = (options: AdmissionOptions) => readonly AdmissionPlugin[];

export interface TunnelMailSettings {
  readonly mail: Mail;
  /** The same in every process of the cluster, and kept from all others. */
  readonly secret: Uint8Array;
  /** The longest time that an answer lasts here. */
  readonly secondsMax: number;
  /** No agent polls this process: its own tunnels go by mail, too. */
  readonly isAlone: boolean;
}

export interface Api {
  /** The token that the Secret keeps. */
  secretToken(claims: SecretTokenClaims): Promise<string>;
  fetch(request: Request, connection: Connection): Promise<Response>;
  /** For code of ours in this process. With an epoch, writes are refused once it is over. */
  clientFor(user: User, epoch?: () => Promise<Epoch>): Client;
  /** Ends the work that the API does by itself. */
  close(): void;
}

const controlPlaneUser: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** A user as which a part of the control plane acts; a ServiceAccount of kube-system has the groups of one. */
export const workerUser = (name: string): User => ({
  name,
  groups: [
    ...(name.startsWith(serviceAccountUserName('kube-system', '')) ? serviceAccountGroups('kube-system') : []),
    'system:authenticated',
  ],
});

/** Stands for those that did not come by HTTP, where answers are counted. */
const writeRequest = new Request('https://kubernetes.default.svc', { method: 'POST' });

interface WritingParts extends Pick<ApiOptions, 'answered' | 'audit'> {
  /** It has clients before it is made. */
  server(): ApiServer;
}

/** A client that sends many writes at once without HTTP. What is recorded for an audit goes one by one. */
function writingMany(
  { server, answered, audit }: WritingParts,
  writer: Writer,
  clientOver: (connection: Connection, userAgent: string) => Client,
): Client {
  const client = clientOver(writer.connection, writer.userAgent);
  if (audit !== undefined) return client;
  return {
    ...client,
    async writeMany(writes) {
      const refused = await server().writeMany(writes, writer);
      for (const error of refused) answered?.(writeRequest, new Response(null, { status: error?.code ?? 201 }));
      return refused;
    },
  };
}

const programs = ['kube-controller-manager', 'kube-scheduler'];

/** As which program a part of the control plane writes: `metadata.managedFields` has upstream's names. */
function managerOf({ name }: User): string {
  if (name.startsWith(serviceAccountUserName('kube-system', ''))) return 'kube-controller-manager';
  return programs.find((program) => name === `system:${program}`) ?? 'kube-apiserver';
}

export function createApi(options: ApiOptions): Api {
  const { store, registry, tokens, world, extensions = [], otherTokenUsers, answered = () => undefined } = options;
  const view = (): ReturnType<Store['view']> => store.view();
  const podsOfNode = createPodsOfNode(store);
  const ownTokenUsers = createTokenUsers({
    store,
    tokens,
    clock: world.clock,
    noteUse: (secret, date) => noteUse(secret, date, { client: clientFor(controlPlaneUser), log: world.log }),
  });
  const vouchedUsers = vouchedUsersOf(options);
  const tokenUsers: TokenUsers = {
    userOf: async (token, audiences) =>
      (await otherTokenUsers?.userOf(token, audiences)) ??
      (await ownTokenUsers.userOf(token, audiences)) ??
      (await vouchedUsers.userOf(token, audiences)),
  };
  const authorizer = createAuthorizer({ store, podsOfNode, settings: options.authorization, webhook: webhookAuthorizers(world) });
  const hub = createRelayHub(world);

  const clientOver = (connection: Connection, userAgent: string): Client =>
    createHttpClient({ baseUrl: 'https://kubernetes.default.svc', fetch: (request) => fetch(request, connection), userAgent });
  const clientFor: Api['clientFor'] = (user, epoch) => {
    const connection: Connection = epoch === undefined ? { user } : { user, epoch };
    return writingMany({ ...options, server: () => server }, { user, userAgent: managerOf(user), connection }, clientOver);
  };
  const fetch: Api['fetch'] = async (request, connection) => {
    const response = await (past(request, connection) ?? server.fetch(request, connection));
    answered(request, response);
    return response;
  };
  const reports = createNodeReports({ ...world, view, client: clientOver({ user: controlPlaneUser }, 'kubelet') });
  const hold = options.pollHoldSecondsMax === undefined ? {} : { holdSecondsMax: options.pollHoldSecondsMax };
  const isByMail = options.tunnelMail?.isAlone === true;
  const poll = createNodePoll({ store, podsOfNode, reports, hub, clock: world.clock, isByMail, ...hold });

  const { mailed, chunks, byMail } = mailRooms(options);
  const outward = outwardRooms(options, { hub, byMail }, clientFor(controlPlaneUser));
  const { webhookClient, kubelets } = outward;

  const bindPod: BindPod = (pod, binding, dryRun) =>
    clientFor(controlPlaneUser).createSubresource(pods, pod, 'binding', binding, { dryRun });
  const nodeTokens = createNodeTokens({ client: clientFor(controlPlaneUser), tokens, networks: options.networks ?? defaultNetworks });

  const authenticator = createAuthenticator({ tokenUsers, clock: world.clock, anonymous: options.authentication?.anonymous });
  const past = pastRoom(options, { authenticator, authorizer });
  const server = createApiServer({
    store,
    registry,
    world,
    version,
    authenticator,
    authorizer,
    admission: admissionOf(options, {
      ...world,
      store,
      authorizer,
      webhooks: { ...world, store, registry, authorizer, client: webhookClient },
    }),
    virtualResources: [legacyBinding(bindPod), ...authenticationReviews(tokenUsers, world.clock), ...accessReviews(authorizer)],
    computations: { 'token-request': createTokenRequest({ store, tokens, clock: world.clock }) },
    connector: createConnector({ hub, view, clock: world.clock, kubelets, ...mailed, ...(byMail === undefined ? {} : { byMail }) }),
    ...outward.served,
    extensions: [
      createAgentEndpoint({ poll, hub, nodeTokens, ...chunks, ...(byMail === undefined ? {} : { mail: byMail.endpoint }) }),
      ...extensions,
    ],
    hasControllers: options.hasControllers === true,
    ...(options.audit === undefined ? {} : { audit: options.audit }),
    ...(options.descriptions === undefined ? {} : { descriptions: options.descriptions }),
  });
  const close = (): void => outward.served.aggregation.close();
  return { fetch, clientFor, close, secretToken: (claims) => tokens.issueSecretToken(claims) };
}

/** Loads once. What failed is tried again by the next call. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= load().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}

/** Those whom others vouch for, where there are such others. */
function vouchedUsersOf({ authentication, world }: ApiOptions): TokenUsers {
  if (authentication === undefined) return { userOf: async () => undefined };
  const load = once(async () => (await import('./apiserver/auth/vouched-users.ts')).createVouchedUsers(authentication, world));
  return { userOf: async (token, audiences) => (await load()).userOf(token, audiences) };
}

/** Authorizers whose code is loaded when a webhook is first asked. */
const webhookAuthorizers =
  (world: World) =>
  (settings: WebhookSettings): Authorizer => {
    const load = once(async () => {
      const [{ createWebhookAuthorizer }, { createAskReview }] = await Promise.all([
        import('./apiserver/auth/authorization/webhook-authorizer.ts'),
        import('./apiserver/auth/authorization/ask-review.ts'),
      ]);
      return createWebhookAuthorizer({ settings, ask: createAskReview(), world });
    });
    return { authorize: async (user, attributes) => (await load()).authorize(user, attributes) };
  };

interface ClusterAdmission extends AdmissionOptions {
  readonly authorizer: ClusterAuthorizer;
}

/** Configurations that an administrator chose are checked now. The others are loaded with the first request that needs them. */
function admissionOf({ admission }: ApiOptions, options: ClusterAdmission): () => Promise<readonly AdmissionPlugin[]> {
  const chosen = admission?.(options);
  const { authorizer } = options;
  return async () => {
    const { rbacEscalation } = await import('./apiserver/auth/rbac/escalation.ts');
    const plugins = chosen ?? (await import('./apiserver/admission/admission-plugins.ts')).admissionPlugins(options);
    return [...plugins, rbacEscalation({ authorizer, policy: authorizer })];
  };
}

const isAsOf = ({ url }: Request): boolean => url.includes(asOfPrefix) && new URL(url).pathname.startsWith(asOfPrefix);

/** Answers requests for the past, if they are such and there is one. Its code is loaded with the first of them. */
function pastRoom(
  { store, world, descriptions, audit, past: served }: ApiOptions,
  access: Pick<ApiServerOptions, 'authenticator' | 'authorizer'>,
): (request: Request, connection: Connection) => Promise<Response> | undefined {
  if (served === undefined) return () => undefined;
  const { past, registryOf } = served;
  let made: Promise<AsOf> | undefined;
  const load = async (): Promise<AsOf> => {
    const { createAsOf } = await import('./apiserver/as-of/as-of.ts');
    return createAsOf({
      past,
      registryOf,
      store,
      world,
      ...access,
      authorizerOf: (then) => createAuthorizer({ store: then, podsOfNode: createPodsOfNode(then) }),
      fieldsOf: selectableFields,
      server: { version, ...(descriptions === undefined ? {} : { descriptions }), ...(audit === undefined ? {} : { audit }) },
    });
  };
  const answered = async (request: Request, connection: Connection): Promise<Response> =>
    (await (made ??= load())).fetch(request, connection);
  return (request, connection) => (isAsOf(request) ? answered(request, connection) : undefined);
}

/** The mail of logs and tunnels that goes through the table. */
function mailRooms({ store, world, logMail, tunnelMail }: ApiOptions) {
  const mailed = logMail === undefined ? {} : { logMail: createLogMail({ ...world, ...logMail, store }) };
  const chunks = logMail === undefined ? {} : { chunks: { mail: logMail.mail, clock: world.clock } };
  return { mailed, chunks, byMail: tunnelMail === undefined ? undefined : createTunnelsByMail({ ...world, ...tunnelMail, store }) };
}

interface Carriers {
  readonly hub: RelayHub;
  readonly byMail: TunnelsByMail | undefined;
}

/** What reaches out of this server: to pods and nodes, to webhooks, to other API servers. */
function outwardRooms(
  { store, world, tunnelMail, requestHeaderCertificate: certificate, checksApiServices: isChecking = true, ...options }: ApiOptions,
  { hub, byMail }: Carriers,
  client: Client,
) {
  const { clock, random } = world;
  const kubelets = options.kubelets?.({ view: () => store.view(), clock });
  const isAlone = tunnelMail?.isAlone === true;
  const http = createHttpOverTunnel(isAlone && byMail !== undefined ? byMail.tunnels : createTunnels(hub, kubelets));
  const isByMail = byMail !== undefined && isAlone;
  const webhookClient = createWebhookClient({ http, view: () => store.view(), random: () => random.next(), clock, isByMail });
  const proxy: Proxy = (call, target) => proxied({ http, clock, byMail: isAlone ? byMail : undefined }, call, target);
  const converter = createConverter({ client: webhookClient, random });
  const aggregation = createAggregation({ store, world, clock, http, proxy, client, certificate, isChecking, isByMail });
  return { webhookClient, kubelets, served: { proxy, converter, aggregation } };
}
