/**
 * The control plane in one process: the functions of the manifest around one store. Doorbells ring when the store has
 * applied something that concerns their group; between rings nothing runs but the schedule.
 */
import { mkdirSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { type ApiOptions, type Api, createApi } from '../../functions/api.ts';
import type { ClusterNetworks } from '../../functions/kube/cluster-networks.ts';
import { gitVersion } from '../../functions/kube/kubernetes-version.ts';
import type { Extension } from '../../functions/apiserver/ports.ts';
import { createDashboard } from '../../functions/apiserver/dashboard/dashboard.ts';
import { createKubelets } from '../../functions/apiserver/kubelet/kubelets.ts';
import { createJoinFiles } from '../../functions/apiserver/nodes/join-files.ts';
import { issuerDocuments } from '../../functions/apiserver/auth/issuer-documents.ts';
import type { Client } from '../../functions/client/client.ts';
import { createTokens } from '../../functions/apiserver/auth/tokens.ts';
import { bootstrap } from '../../functions/cloud/bootstrap.ts';
import { manifest } from '../../functions/manifest.ts';
import { folderFiles } from '../../functions/archive/folder-files.ts';
import type { RetentionDays } from '../../functions/archive/retention.ts';
import { type ClusterStoreOptions, openClusterStore } from '../../functions/cluster-store.ts';
import { kubeletClientRole } from '../../functions/resources/bootstrap/kubelet-client-role.ts';
import { joinRoles } from '../../functions/resources/bootstrap/join-roles.ts';
import { kubernetesServiceIp } from '../../functions/resources/bootstrap/kubernetes-service.ts';
import { type ClientTrust, extensionAuthentication } from '../../functions/resources/bootstrap/extension-authentication.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { sealedFormats } from '../../functions/store/format.ts';
import type { Store } from '../../functions/store/store.ts';
import { startWorkers } from '../../functions/start-workers.ts';
import type { WorkerOptions } from '../../functions/worker-groups.ts';
import { signCertificateRequest } from '../../functions/client/certificates.ts';
import { createCache } from '../../functions/workers/cache.ts';
import type { Cancel, World } from '../../functions/world.ts';
import { admissionPlugins } from '../../functions/apiserver/admission/admission-plugins.ts';
import { createAudit } from '../../functions/apiserver/audit/audit.ts';
import { openAuditFile } from './audit-file.ts';
import type { AuditSettings, ControlPlaneChoices } from './cluster-record.ts';
import { fileKeyRing } from './cluster-keys.ts';
import type { DataDirectory } from './data-directory.ts';
import { localDashboardFiles } from './dashboard-files.ts';
import { localJoinFiles } from './join-files.ts';
import { serveHttps } from './https-server.ts';
import { countedTable, createMetrics, type Metrics } from './metrics.ts';
import { createRequestLabels } from './request-labels.ts';
import { readDescriptions } from './openapi-descriptions.ts';
import type { AdminCredential } from './kubeconfig.ts';
import { nodeTokenOf } from './node-token.ts';
import { adminName, loadPki, type Pki, requestHeaderClientName } from './pki.ts';

/** The choices of the flags of `up`. */
const chosen = ({
  admission,
  authentication,
  authorization,
}: ControlPlaneOptions): Pick<ApiOptions, 'admission' | 'authentication' | 'authorization'> => ({
  ...(admission === undefined ? {} : { admission: (options) => admissionPlugins(options, admission) }),
  ...(authentication === undefined ? {} : { authentication }),
  ...(authorization === undefined ? {} : { authorization }),
});

type ChosenWorkers = Pick<WorkerOptions, 'schedulerConfiguration' | 'absent' | 'countSetAside'>;

const chosenWorkers = ({ scheduler, absent }: ControlPlaneOptions, metrics: Metrics): ChosenWorkers => ({
  schedulerConfiguration: scheduler,
  absent,
  countSetAside: (controller) => metrics.add('hibernetes_set_aside_total', 1, { controller }),
});

export interface ControlPlaneOptions extends ControlPlaneChoices {
  readonly directory: DataDirectory;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** The address at which pods find the API. */
  readonly advertise: string;
  readonly networks: ClusterNetworks;
  readonly world: World;
  /** How long the past is kept; the usual days when left out. */
  readonly archiveDays?: RetentionDays | 'off' | undefined;
}

export interface ControlPlane {
  readonly port: number;
  readonly pki: Pki;
  /** May do everything. */
  readonly client: Client;
  /** The credentials of the administrator. */
  readonly admin: AdminCredential;
  /** The credential of one node. */
  nodeToken(name: string): Promise<string>;
  stop(): Promise<void>;
}

const machineAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).filter(({ scopeid = 0 }) => scopeid === 0).map(({ address }) => address),
  );

/** Every name and address that a client may know the API by. */
export function namesOf({ addresses, advertise, networks }: ControlPlaneOptions): readonly string[] {
  const inCluster = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${networks.clusterDomain}`];
  const own = addresses.flatMap(({ host }) => (host === '0.0.0.0' || host === '::' ? machineAddresses() : [host]));
  return [...new Set(['localhost', hostname(), '127.0.0.1', ...own, advertise, kubernetesServiceIp(networks.serviceCidr), ...inCluster])];
}

function countedIn(metrics: Metrics): NonNullable<ApiOptions['answered']> {
  const labelsOf = createRequestLabels();
  return (request, { status }) => metrics.add('apiserver_request_total', 1, labelsOf(request, status));
}

const metricsExtension = (metrics: Metrics): Extension => ({
  prefix: '/metrics',
  fetch: async () => new Response(metrics.text(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } }),
});

/** After the start: the archive begins then. */
const firstSeconds = 1;

/** The manifest's schedule: the store's housekeeping, and a reading of keys that were replaced. Returns how to stop it. */
function startSchedule(store: Store, pki: Pki, { clock, log }: World): Cancel {
  const everySeconds = Math.min(
    ...manifest.flatMap(({ triggers }) => triggers.flatMap((trigger) => (trigger.kind === 'schedule' ? [trigger.everySeconds] : []))),
  );
  let cancel: Cancel = () => undefined;
  const next = (afterSeconds: number): void => {
    cancel = clock.after(afterSeconds * 1000, () => {
      pki.refreshTokenKeys();
      store
        .housekeep()
        .catch((error: unknown) => log.error('housekeeping failed', { error }))
        .finally(() => next(everySeconds));
    });
  };
  next(firstSeconds);
  return () => cancel();
}

const trustOf = ({ authority, requestHeader }: Pki): ClientTrust => ({
  clientAuthority: authority.certificatePem,
  requestHeaderAuthority: requestHeader.authority.certificatePem,
  requestHeaderClientName,
});

/** What the API shows the servers that it passes requests on to. */
const outwardCertificates = ({
  authority,
  requestHeader,
  kubeletClient,
}: Pki): Pick<ApiOptions, 'requestHeaderCertificate' | 'kubelets'> => ({
  requestHeaderCertificate: requestHeader.client,
  kubelets: (seen) => createKubelets({ ...seen, authorityPem: authority.certificatePem, certificate: kubeletClient }),
});

/** What the API records of requests, and how to end that. */
function openAudit(audit: AuditSettings | undefined, world: World): { readonly api: Pick<ApiOptions, 'audit'>; close(): Promise<void> } {
  if (audit === undefined) return { api: {}, close: async () => undefined };
  const sink = openAuditFile(audit.file, world);
  return { api: { audit: createAudit({ policy: audit.policy, sink, clock: world.clock }) }, close: () => sink.close() };
}

/** How others check the cluster's tokens, what browsers fetch that show the dashboard, and what machines fetch that join. */
const publishedFiles = ({ directory, advertise, dashboard }: ControlPlaneOptions, pki: Pki, port: () => number): readonly Extension[] => [
  ...(dashboard === false ? [] : [createDashboard(localDashboardFiles())]),
  ...issuerDocuments(pki.tokenKeys, () => `https://${advertise}:${port()}`),
  ...createJoinFiles({
    files: localJoinFiles(directory.programs),
    apiUrl: (host) => `https://${host}`,
    caPem: pki.authority.certificatePem,
  }),
];

const serve = (app: Api, { server, authority }: Pki, { addresses, world }: ControlPlaneOptions): ReturnType<typeof serveHttps> =>
  serveHttps({
    app,
    addresses,
    // The authority comes along, so that who joins can see whom to believe before believing anyone.
    certificatePem: server.certificatePem + authority.certificatePem,
    keyPem: server.keyPem,
    caPem: authority.certificatePem,
    log: world.log,
  });

/** Everything that happened lies in a folder beside the store, unless that is off. */
function archiveOf({ directory, archiveDays, world }: ControlPlaneOptions): Pick<ClusterStoreOptions, 'archive'> {
  if (archiveDays === 'off') return {};
  const files = folderFiles(directory.archive, () => world.random.uuid());
  return { archive: { files, ...(archiveDays === undefined ? {} : { days: archiveDays }) } };
}

const storeChoices = (options: ControlPlaneOptions, metrics: Metrics): Pick<ClusterStoreOptions, 'archive' | 'foundDamage'> => ({
  ...archiveOf(options),
  foundDamage: () => metrics.add('hibernetes_store_damages_total', 1),
});

export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { directory, addresses, advertise, networks, world } = options;
  mkdirSync(directory.store, { recursive: true, mode: 0o700 });
  const pki = await loadPki(directory.pki, namesOf(options), world.clock);
  const metrics = createMetrics();
  const formats = sealedFormats(fileKeyRing(directory.pki));
  const { store, definitions, registry, past } = await openClusterStore({
    table: countedTable(embeddedTable(directory.store, { formats }), metrics),
    world,
    networks,
    formats,
    ...storeChoices(options, metrics),
  });
  const tokens = createTokens({ keys: pki.tokenKeys, clock: world.clock, random: world.random });
  // A free port is known only once the server listens.
  let port = addresses[0]?.port ?? 443;
  const recorded = openAudit(options.audit, world);
  const api = createApi({
    store,
    registry,
    tokens,
    world,
    networks,
    hasControllers: true,
    extensions: [metricsExtension(metrics), ...publishedFiles(options, pki, () => port)],
    answered: countedIn(metrics),
    ...outwardCertificates(pki),
    ...chosen(options),
    ...recorded.api,
    descriptions: readDescriptions,
    ...(past === undefined ? {} : { past }),
  });
  const server = await serve(api, pki, options);
  port = server.addresses[0]?.port ?? port;
  await bootstrap(api, definitions, { apiserverAddress: advertise, apiserverPort: port, serviceCidr: networks.serviceCidr }, [
    extensionAuthentication(trustOf(pki)),
    kubeletClientRole,
    ...joinRoles,
  ]);
  const cache = createCache(store);
  const workers: WorkerOptions = {
    store,
    cache,
    api,
    registry,
    certificateAuthorityPem: pki.authority.certificatePem,
    certificateSigner: (request) => signCertificateRequest(pki.authority, request, world.clock),
    codeVersion: gitVersion,
    listeningSinceMs: world.clock.now(),
    ...chosenWorkers(options, metrics),
    world,
  };
  const stopWorkers = await startWorkers(workers);
  const stopSchedule = startSchedule(store, pki, world);
  const client = api.clientFor({ name: adminName, groups: ['system:masters', 'system:authenticated'] });
  return {
    port,
    pki,
    client,
    admin: pki.admin,
    nodeToken: (name) => nodeTokenOf(name, client, tokens),
    async stop() {
      stopSchedule();
      api.close();
      await stopWorkers();
      await server.close();
      await store.close();
      await recorded.close();
    },
  };
}
