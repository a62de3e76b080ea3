/** The parts of one cluster, in place: the store on its table, the API in this process, the groups of workers, the doorbells. */
import { hkdfSync } from 'node:crypto';
import { createApi, type Api, type TunnelMailSettings } from '../api.ts';
import { gitVersion } from '../kube/kubernetes-version.ts';
import { createDashboard, type DashboardFiles } from '../apiserver/dashboard/dashboard.ts';
import { createJoinFiles, type JoinFiles } from '../apiserver/nodes/join-files.ts';
import { issuerDocuments } from '../apiserver/auth/issuer-documents.ts';
import { createTokens } from '../apiserver/auth/tokens.ts';
import type { Descriptions } from '../apiserver/openapi/descriptions.ts';
import type { Extension } from '../apiserver/ports.ts';
import { storedTypes } from '../apiserver/registry/live-registry.ts';
import type { TokenUsers } from '../apiserver/auth/token-users.ts';
import { noApiAddress } from '../node-protocol/api-address.ts';
import { openClusterStore } from '../cluster-store.ts';
import type { Store } from '../store/store.ts';
import { Decoder } from '../store/stored-object.ts';
import type { Table } from '../store/table.ts';
import type { ControllerGroupName, WorkerGroup, WorkerOptions } from '../worker-groups.ts';
import { createCache } from '../workers/cache.ts';
import { ringOnChanges } from '../workers/doorbell/ring-on-changes.ts';
import type { Doorbell } from '../workers/doorbell/doorbell.ts';
import type { World } from '../world.ts';
import { joinRoles } from '../resources/bootstrap/join-roles.ts';
import type { Recorded } from './audit-settings.ts';
import { bootstrap, isBootstrapped } from './bootstrap.ts';
import { clusterFormats } from './cluster-formats.ts';
import { createIamUsers } from './iam-users.ts';
import { createAdminUsers } from './admin-token.ts';
import { clusterPath, issuerOf } from './cluster-address.ts';
import type { ClusterIdentity } from './clusters.ts';
import { iamClusterId, type Settings } from './settings.ts';
import { liveStoredKeys } from './stored-keys.ts';

/** Given by the functions that run it: the others' bundles hold no controllers. */
interface OwnGroup {
  readonly name: ControllerGroupName;
  load(): Promise<(options: WorkerOptions) => WorkerGroup>;
}

export interface ControlPlaneOptions {
  readonly settings: Settings;
  readonly cluster: ClusterIdentity;
  /** The cluster's own table. */
  readonly table: Table;
  readonly doorbell: Doorbell;
  readonly world: World;
  /** The group that this function works for: it hears of its own writes without being rung. */
  readonly ownGroup?: OwnGroup;
  /** Called each time that a controller of it sets an object or a change aside. */
  readonly countSetAside?: WorkerOptions['countSetAside'];
  /** How long this host can hold an answer without paying for it. */
  readonly pollHoldSecondsMax?: number;
  /** Where logs go by mail: how long one may be read. */
  readonly mailedLogSecondsMax?: number | undefined;
  /** Descriptions of kinds and fields, for `kubectl explain`. */
  readonly descriptions?: () => Promise<Descriptions>;
  /** The files that a machine fetches when it joins. */
  readonly joinFiles?: JoinFiles;
  /** Without them nothing is served at `/ui`. */
  readonly dashboardFiles?: DashboardFiles;
  /** Instead of the audit log that the settings name. */
  readonly recorded?: Recorded;
  /** How to reach the world outside, for those who ask others who a token stands for. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export interface CloudControlPlane {
  readonly store: Store;
  readonly api: Api;
  /** The group that was asked for. */
  readonly own: WorkerGroup | undefined;
  /** Resolves when the audit log has what happened so far: awaited before a process may be frozen. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** All clusters of a process share what may be kept decoded. */
const decoder = new Decoder();

export async function openControlPlane(options: ControlPlaneOptions): Promise<CloudControlPlane> {
  const { settings, cluster, table, doorbell, ownGroup, pollHoldSecondsMax, mailedLogSecondsMax, descriptions } = options;
  const { networks } = settings;
  const { countSetAside } = options;
  const world = { ...options.world, log: options.world.log.with({ cluster: cluster.name }) };
  const [{ store, definitions, registry }, { silentControllers }, createOwnGroup] = await Promise.all([
    openClusterStore({ table, world, decoder, networks, formats: clusterFormats(settings), foundDamage: () => countSetAside?.('store') }),
    // Code is read while the table answers: of the controllers that run elsewhere, only what wakes them.
    import('./silent-controllers.ts'),
    ownGroup?.load(),
  ]);
  const { keys, refresh } = await liveStoredKeys({ store, envelope: settings, random: world.random }, world.clock);
  const recorded = options.recorded ?? (await recordedBy(settings, cluster, world));
  const { address, port } = settings.advertise;
  const isDefault = cluster.name === settings.defaultCluster;
  const path = isDefault ? '' : clusterPath(cluster.name);
  const issuer = issuerOf(cluster.name, isDefault);
  const api = createApi({
    store,
    registry,
    networks,
    tokens: createTokens({ keys, refresh, clock: world.clock, random: world.random, issuer }),
    world,
    hasControllers: true,
    ...(settings.admission === undefined
      ? {}
      : { admission: await (await import('./admission-settings.ts')).admissionSettings(settings.admission) }),
    extensions: [
      ...issuerDocuments(keys, (host) => `https://${address === noApiAddress ? host : `${address}:${port}`}${path}`, issuer),
      ...joinExtensions(options, path),
      ...(options.dashboardFiles === undefined ? [] : [createDashboard(options.dashboardFiles)]),
    ],
    otherTokenUsers: otherTokenUsers(options, store),
    ...(pollHoldSecondsMax === undefined ? {} : { pollHoldSecondsMax }),
    ...(mailedLogSecondsMax === undefined ? {} : { logMail: { mail: table, secondsMax: mailedLogSecondsMax } }),
    tunnelMail: tunnelMailOf(options),
    checksApiServices: ownGroup === undefined,
    ...(recorded === undefined ? {} : { audit: recorded.audit }),
    ...(settings.authentication === undefined ? {} : { authentication: settings.authentication }),
    ...(settings.authorization === undefined ? {} : { authorization: settings.authorization }),
    ...(descriptions === undefined ? {} : { descriptions }),
  });
  const place = { apiserverAddress: address, apiserverPort: port, serviceCidr: networks.serviceCidr };
  const others = options.joinFiles === undefined ? [] : joinRoles;
  if (!isBootstrapped(store, definitions, place, others)) await bootstrap(api, definitions, place, others);
  const cache = createCache(store);
  const { certificateAuthorityPem } = settings;
  const own = createOwnGroup?.({ store, cache, api, registry, certificateAuthorityPem, codeVersion: gitVersion, countSetAside, world });
  for (const { name, controllers } of silentControllers(storedTypes(registry, () => store.view()))) {
    if (name !== ownGroup?.name) ringOnChanges({ store, cache, doorbell, group: name, controllers });
  }
  const close = async (): Promise<void> => {
    api.close();
    await recorded?.close();
    await store.close();
  };
  return { store, api, own, settled: async () => recorded?.settled(), close };
}

async function recordedBy({ audit }: Settings, { name }: ClusterIdentity, world: World): Promise<Recorded | undefined> {
  return audit === undefined ? undefined : (await import('./audit-settings.ts')).openAudit(audit, name, world);
}

const tunnelSecretBytes = 32;
/** For hosts that know no end of an answer, and for those that answer no one. */
const listenSecondsMax = 900;

/** Agents poll the API's own host: where that is one process, clients meet them there. */
function tunnelMailOf({ settings, cluster, table, ownGroup, mailedLogSecondsMax }: ControlPlaneOptions): TunnelMailSettings {
  // The oldest of all keys: processes that do not know the newest yet have it too.
  const oldest = settings.formerEnvelopeKeys?.at(-1) ?? settings.envelopeKey;
  const secret = new Uint8Array(hkdfSync('sha256', oldest, '', `tunnels of ${cluster.id}`, tunnelSecretBytes));
  const isAlone = ownGroup !== undefined || mailedLogSecondsMax !== undefined;
  return { mail: table, secret, isAlone, secondsMax: mailedLogSecondsMax ?? listenSecondsMax };
}

/** A server with an authority of its own shows it to the machines. */
function joinExtensions({ joinFiles: files, settings }: ControlPlaneOptions, path: string): readonly Extension[] {
  if (files === undefined) return [];
  const { certificateAuthorityPem } = settings;
  const caPem = certificateAuthorityPem === '' ? undefined : certificateAuthorityPem;
  return createJoinFiles({ files, apiUrl: (host) => `https://${host}${path}`, caPem });
}

/** The administrator of a cluster that only this machine reaches, and those whom IAM knows. */
function otherTokenUsers({ settings, cluster, world, fetch = globalThis.fetch }: ControlPlaneOptions, store: Store): TokenUsers {
  const { iam, adminSecret } = settings;
  const nobody: TokenUsers = { userOf: async () => undefined };
  const admins = adminSecret === undefined ? nobody : createAdminUsers(adminSecret, cluster.id);
  if (iam === undefined) return admins;
  const clusterId = iamClusterId(cluster.name, iam.scope);
  const known = createIamUsers({ ...iam, clusterId, view: () => store.view(), fetch: (request) => fetch(request), world });
  return { userOf: async (token, audiences) => (await admins.userOf(token, audiences)) ?? known.userOf(token, audiences) };
}
