/**
 * The control plane as AWS would run it, on this machine. Each bundled function of the manifest runs in processes of
 * its own, woken by the sources that the manifest names. An emulated table and emulated queues stand in for those of
 * AWS.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { createHttpClient } from '../../../functions/client/http-client.ts';
import { createHttpsFetch } from '../../../functions/client/https-fetch.ts';
import { adminTokenOf } from '../../../functions/cloud/admin-token.ts';
import { issuerOf } from '../../../functions/cloud/cluster-address.ts';
import { clusterFormats } from '../../../functions/cloud/cluster-formats.ts';
import { writtenPolicy } from '../../../functions/cloud/audit-settings.ts';
import { defaultIdentity, type ClusterIdentity } from '../../../functions/cloud/clusters.ts';
import { type EnvelopeKeys, envelopeKeys, settingNames } from '../../../functions/cloud/settings.ts';
import { liveStoredKeys } from '../../../functions/cloud/stored-keys.ts';
import { createTokens, type Tokens } from '../../../functions/apiserver/auth/tokens.ts';
import { manifest, type FunctionSpec } from '../../../functions/manifest.ts';
import { createStore } from '../../../functions/store/create-store.ts';
import { dynamodbTable } from '../../../functions/store/dynamodb/dynamodb-table.ts';
import type { World } from '../../../functions/world.ts';
import { bundleFunction } from '../../bundle/bundle.ts';
import { openAuditFile } from '../audit-file.ts';
import type { ControlPlane, ControlPlaneOptions } from '../control-plane.ts';
import { namesOf } from '../control-plane.ts';
import { readIfThere, writePrivately } from '../data-directory.ts';
import { nodeTokenOf } from '../node-token.ts';
import { loadPki, type Pki } from '../pki.ts';
import { credentials, region } from './aws-json.ts';
import { tableAccessAt, writeSharedTable } from './shared-table.ts';
import { startEngines, tableName, type Engines } from './engines.ts';
import { EventFunction } from './event-function.ts';
import { startExpiry } from './expired-mail.ts';
import { openFrontDoor } from './front-door.ts';
import type { Faults } from './faults.ts';
import { startQueueSource } from './queue-source.ts';
import { endOrphans, rememberProcess } from './orphans.ts';
import { auditGroupName, envelopeSecretName, startSmallServices, type SecretFile } from './small-services.ts';
import { startStreamSource } from './stream-source.ts';
import { WebFunction } from './web-function.ts';

export interface CloudOptions extends ControlPlaneOptions {
  readonly faults?: Faults;
}

const defaultCluster = 'default';
const webEntry = 'api.web.ts';
const secretBytes = 32;

interface Secrets {
  readonly envelopeKey: string;
  /** The secret from which the administrator's token of each cluster is made. */
  readonly adminSecret: string;
}

/** The envelope key and, behind commas, former ones. */
const secretFileIn = (root: string, world: World): SecretFile => ({
  read: () => secretsIn(root, world).envelopeKey,
  write: (envelopeKey) => writePrivately(fileIn(root), JSON.stringify({ ...secretsIn(root, world), envelopeKey })),
});

const fileIn = (root: string): string => join(root, 'secrets.json');

function secretsIn(root: string, { random }: World): Secrets {
  const file = fileIn(root);
  const known = readIfThere(file);
  if (known !== undefined) return JSON.parse(known) as Secrets;
  const secret = (encoding: 'base64' | 'hex'): string => Buffer.from(random.bytes(secretBytes)).toString(encoding);
  const made: Secrets = { envelopeKey: secret('base64'), adminSecret: secret('hex') };
  writePrivately(file, JSON.stringify(made));
  return made;
}

/** Tokens for nodes of a cluster, signed with its own keys. The keys are made if the cluster has none. */
async function openTokens(engines: Engines, envelope: EnvelopeKeys, { name, id }: ClusterIdentity, world: World): Promise<Tokens> {
  const client = tableAccessAt(engines.tableEndpoint);
  const formats = clusterFormats(envelope);
  const store = await createStore({ table: dynamodbTable({ tableName, cluster: id, world, client, formats }), world, formats });
  try {
    const { keys } = await liveStoredKeys({ store, envelope, random: world.random }, world.clock);
    const issuer = issuerOf(name, name === defaultCluster);
    return createTokens({ keys, clock: world.clock, random: world.random, issuer });
  } finally {
    await store.close();
  }
}

interface Deployment {
  readonly engines: Engines;
  readonly variables: Readonly<Record<string, string>>;
  readonly modules: ReadonlyMap<string, string>;
  readonly faults: Faults;
  readonly world: World;
  readonly started: (child: ChildProcess) => void;
}

interface WithServices {
  /** Address of the secret's and the log's services. */
  readonly smallServices: string;
}

function variablesOf(
  engines: Engines,
  secrets: Secrets,
  pki: Pki,
  { admission, networks, audit, authentication, authorization, smallServices }: CloudOptions & WithServices,
): Record<string, string> {
  const queues = Object.fromEntries([...engines.groupQueues].map(([group, url]) => [settingNames.queues[group], url]));
  return {
    ...credentials,
    ...queues,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_DYNAMODB: engines.tableEndpoint,
    AWS_ENDPOINT_URL_SQS: engines.queueEndpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: smallServices,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: smallServices,
    [settingNames.table]: tableName,
    [settingNames.cluster]: defaultCluster,
    [settingNames.deadlineQueue]: engines.deadlineQueue,
    [settingNames.envelopeSecret]: envelopeSecretName,
    [settingNames.adminSecret]: secrets.adminSecret,
    [settingNames.certificateAuthority]: pki.authority.certificatePem,
    [settingNames.logLevel]: 'warn',
    [settingNames.networks]: JSON.stringify(networks),
    ...(admission === undefined ? {} : { [settingNames.admission]: JSON.stringify(admission) }),
    ...(authentication === undefined ? {} : { [settingNames.authentication]: JSON.stringify(authentication) }),
    ...(authorization === undefined ? {} : { [settingNames.authorization]: JSON.stringify(authorization) }),
    ...(audit === undefined
      ? {}
      : { [settingNames.audit]: JSON.stringify({ group: auditGroupName, policy: writtenPolicy(audit.policy) }) }),
  };
}

/** Starts the sources that wake the function, by its entry in the manifest. Returns how to stop them. */
async function startSources(spec: FunctionSpec, target: EventFunction, deployment: Deployment): Promise<(() => void)[]> {
  const { engines, faults, world } = deployment;
  const stops: (() => void)[] = [];
  for (const trigger of spec.triggers) {
    const queueUrl =
      trigger.kind === 'doorbell'
        ? engines.groupQueues.get(trigger.group)
        : trigger.kind === 'deadline'
          ? engines.deadlineQueue
          : undefined;
    if (queueUrl !== undefined) stops.push(startQueueSource({ endpoint: engines.queueEndpoint, queueUrl, target, faults, world }));
    if (trigger.kind === 'stream')
      stops.push(await startStreamSource({ endpoint: engines.tableEndpoint, tableName, target, faults, world }));
    if (trigger.kind === 'schedule') stops.push(startSchedule(trigger.everySeconds, target, world));
  }
  return stops;
}

/** The first tick comes at once: a new cluster's workers have never been rung. */
function startSchedule(everySeconds: number, target: EventFunction, { clock }: World): () => void {
  let isStopped = false;
  const tick = (): void => {
    if (isStopped) return;
    void target.invoke({ source: 'aws.events' });
    clock.after(everySeconds * 1000, tick);
  };
  tick();
  return () => {
    isStopped = true;
  };
}

interface Running {
  readonly web: WebFunction;
  readonly functions: ReadonlyMap<string, EventFunction>;
  stop(): Promise<void>;
}

async function deploy(deployment: Deployment): Promise<Running> {
  const { modules, variables, faults, world, started } = deployment;
  const common = { variables, faults, world, started };
  const web = new WebFunction({ ...common, module: modules.get(webEntry) ?? '' });
  const functions = new Map<string, EventFunction>();
  const stops: (() => void)[] = [];
  for (const spec of manifest) {
    if (spec.triggers.some(({ kind }) => kind === 'https')) continue;
    const timeoutSeconds = Math.min(spec.timeoutSeconds, faults.visibilitySeconds ?? Infinity);
    const target = new EventFunction({ ...common, name: spec.name, module: modules.get(spec.entry) ?? '', timeoutSeconds });
    functions.set(spec.name, target);
    stops.push(...(await startSources(spec, target, deployment)));
  }
  return {
    web,
    functions,
    async stop() {
      for (const stop of stops) stop();
      for (const target of functions.values()) target.stop();
      await web.stop();
    },
  };
}

async function bundles(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = manifest.filter(({ triggers }) => !triggers.some(({ kind }) => kind === 'https')).map(({ entry }) => entry);
  const made = await Promise.all([...entries, webEntry].map((entry) => bundleFunction(entry, directory)));
  return new Map(made.map(({ entry, file }) => [entry, file]));
}

export interface CloudControlPlane extends ControlPlane {
  /** How often each function was called, started cold, and failed. */
  counts(): Readonly<Record<string, { readonly invocations: number; readonly coldStarts: number; readonly failures?: number }>>;
}

export async function startCloudControlPlane(options: CloudOptions): Promise<CloudControlPlane> {
  const { directory, world, faults = {} } = options;
  const root = join(directory.root, 'cloud');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  await endOrphans(root);
  const started = (child: ChildProcess): void => rememberProcess(root, child);
  const pki = await loadPki(directory.pki, namesOf(options), world.clock);
  const secrets = secretsIn(root, world);
  const modules = await bundles(join(root, 'functions'));
  let running: Running | undefined;
  const door = await openFrontDoor({
    ...options,
    // The authority comes along, so that who joins can see whom to believe before believing anyone.
    certificatePem: pki.server.certificatePem + pki.authority.certificatePem,
    keyPem: pki.server.keyPem,
    serve: (request, response) => (running === undefined ? response.writeHead(503).end() : running.web.serve(request, response)),
  });
  const engines = await startEngines({ directory: root, world, started, visibilitySeconds: faults.visibilitySeconds });
  const own = defaultIdentity(defaultCluster);
  const tokens = await openTokens(engines, envelopeKeys(secrets.envelopeKey), own, world);
  const auditFile = options.audit === undefined ? undefined : openAuditFile(options.audit.file, world);
  const services = await startSmallServices(secretFileIn(root, world), auditFile, world.random);
  const variables = variablesOf(engines, secrets, pki, { ...options, smallServices: services.endpoint });
  const deployed = await deploy({ engines, variables, modules, faults, world, started });
  running = deployed;
  const endExpiry = startExpiry({ endpoint: engines.tableEndpoint, tableName }, world);
  const server = `https://127.0.0.1:${door.port}`;
  const token = adminTokenOf(secrets.adminSecret, own.id);
  const fetch = createHttpsFetch({ server, caPem: pki.authority.certificatePem, token });
  writeSharedTable(directory, {
    tableEndpoint: engines.tableEndpoint,
    secretEndpoint: services.endpoint,
    adminSecret: secrets.adminSecret,
    defaultCluster,
  });
  const client = createHttpClient({ baseUrl: server, fetch });
  return {
    port: door.port,
    pki,
    admin: { token },
    client,
    nodeToken: (name) => nodeTokenOf(name, client, tokens),
    counts: () =>
      Object.fromEntries([
        ['api', deployed.web.counts] as const,
        ...[...deployed.functions].map(([name, { counts }]) => [name, counts] as const),
      ]),
    async stop() {
      fetch.close();
      endExpiry();
      await deployed.stop();
      await door.close();
      await engines.stop();
      await services.stop();
      await auditFile?.close();
    },
  };
}
