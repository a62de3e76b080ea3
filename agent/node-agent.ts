/** Puts an agent together from its configuration: on containerd, or pretending. */
import { join } from 'node:path';
import type { Client } from '../functions/client/client.ts';
import type { EventRecorder } from '../functions/client/event-recorder.ts';
import { nameOf } from '../functions/kube/object.ts';
import type { World } from '../functions/world.ts';
import { createAgent, type Agent, type PodLookup } from './agent.ts';
import { createApiService, trusting } from './api-service/api-service.ts';
import { nodeAuthority } from './api-service/certificates.ts';
import { createCheckpoint } from './checkpoint/checkpoint.ts';
import { sealFromFile } from './checkpoint/seal.ts';
import { createClusterNetwork, createSimulatedNetwork } from './cluster-network.ts';
import { containerdSocketDefault, portOf, sandboxImageDefault, type AgentConfig } from './config.ts';
import type { DesiredState } from './desired-state.ts';
import { createImageCredentials, type ImageCredentials } from './credentials/image-credentials.ts';
import { readProviders } from './credentials/provider-config.ts';
import { runProvider } from './credentials/run-program.ts';
import { createDevicePlugins } from './devices/device-plugins.ts';
import { servePodResources } from './devices/pod-resources.ts';
import { createDoorAccess } from './door/door-access.ts';
import { createNodeDoor, type NodeDoor } from './door/node-door.ts';
import { createNodeMeasures } from './door/node-measures.ts';
import { createServingCertificate } from './door/serving-certificate.ts';
import { createEvictor, type Evictor, type EvictorOptions } from './eviction/evictor.ts';
import { prepareFolders } from './files/node-folders.ts';
import { mountTmpfs } from './files/mounts.ts';
import { mountRemote } from './files/remote-mount.ts';
import { createHousekeeping, nodeReference } from './housekeeping.ts';
import { createImageMounts } from './images/image-mounts.ts';
import { importPauseImage } from './images/import-pause.ts';
import { runCommand } from './network/run.ts';
import { hostDns, readMachine } from './node/machine.ts';
import { allocatableOf } from './node/node-status.ts';
import { cgroupFileSystem, cgroupRemover } from './pods/cgroup-remover.ts';
import { directories, type Directories } from './pods/directories.ts';
import { createPodFiles, noPodFiles, type PodFiles } from './pods/pod-files.ts';
import type { ClusterFacts } from './pods/sandbox-config.ts';
import { createPluginWatcher } from './plugins/plugin-watcher.ts';
import { nodeChecks } from './probes/node-checks.ts';
import { createProbeCounts } from './probes/probe-counts.ts';
import { createContainerPages } from './relay/container-pages.ts';
import { createNodeRelays } from './relay/node-relays.ts';
import { createNodeServer, type NodePages } from './relay/node-server.ts';
import { createSimulatedRelays } from './relay/simulated-relays.ts';
import { createCriRuntime } from './runtime/cri/cri-runtime.ts';
import { createSimulatedRuntime } from './runtime/simulated/simulated-runtime.ts';
import { RuntimeError, type CgroupDriver, type Runtime } from './runtime/runtime.ts';
import type { Transport } from './transport.ts';
import { createLogind, hasSystemd } from './shutdown/logind.ts';
import { createNodeShutdown, type EndablePods, type NodeShutdown } from './shutdown/node-shutdown.ts';
import { createManifests, type Manifests } from './static-pods/manifests.ts';
import { openCgroups } from './usage/cgroup-usage.ts';
import { createUsageMeter } from './usage/usage-meter.ts';
import type { ProgramUpdate } from './upgrade/program-update.ts';
import { createCsiDrivers } from './volumes/csi/csi-drivers.ts';
import { createCsiVolumes } from './volumes/csi/csi-volumes.ts';
import { createNodeVolumes } from './volumes/node-volumes.ts';
import { allPlugins } from './volumes/all-plugins.ts';
import { createPodCertificates } from './volumes/projected/pod-certificates.ts';
import { createServiceAccountTokens } from './volumes/projected/service-account-tokens.ts';
import { removeLocalPath } from './volumes/local-path/local-path.ts';
import type { ClaimLookup } from './volumes/plugin-options.ts';
import type { Volumes } from './volumes/volumes.ts';

export interface NodeAgentOptions {
  readonly config: AgentConfig;
  readonly world: World;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly transport: Transport;
  /** Left out: the agent stays as it is. */
  readonly update?: ProgramUpdate | undefined;
  /** Aborts when relayed connections are to end. */
  readonly signal: AbortSignal;
}

const factsOf = (config: AgentConfig, driver: CgroupDriver): ClusterFacts => ({
  nodeName: config.nodeName,
  clusterDns: config.clusterDns,
  clusterDomain: config.clusterDomain,
  hostDns: hostDns(),
  directories: directories(config.rootDirectory, config),
  cgroups: { root: config.cgroupRoot ?? '', driver },
});

/** What `/logs/` of a node shows, as a kubelet's does. */
const machineLogs = '/var/log';

/** Names of versions of a volume's files: a new one for every call. */
const stamps =
  ({ clock, random }: Pick<World, 'clock' | 'random'>) =>
  (): string =>
    `${new Date(clock.now()).toISOString().replaceAll(/[-:T]/g, '_').slice(0, 19)}.${random.uuid().slice(0, 8)}`;

/** An agent that runs real containers. It needs root. */
export async function createContainerAgent(options: NodeAgentOptions): Promise<Agent> {
  const { config, world, transport, signal } = options;
  await prepareFolders(directories(config.rootDirectory, config));
  const socketPath = config.containerdSocket ?? containerdSocketDefault;
  const runtime = await readyRuntime(options, socketPath);
  const facts = factsOf(config, await runtime.cgroupDriver());
  const stamp = stamps(world);
  const machine = await readMachine(config.rootDirectory);
  const tokens = createServiceAccountTokens({ ...world, client: options.client });
  const imageMounts = createImageMounts({ runtime, socketPath, run: runCommand });
  const nodeFacts = { allocatable: allocatableOf(config, machine), hostIps: [config.nodeIp], nodeName: config.nodeName };
  const pluginOptions = { stamp, tokens, facts: nodeFacts, mountMemory: mountTmpfs, mountRemote, imageMounts };
  const authority = await nodeAuthority(facts.directories.apiService, config.nodeName, world.clock);
  const published = new Map<string, ReadonlyMap<string, string>>();
  const probeCounts = createProbeCounts();
  const cgroups = await openCgroups(cgroupFileSystem);
  const meterOf = keptFor((pods: Pick<PodLookup, 'all'>) => {
    const volumePaths = (podUid: string): ReadonlyMap<string, string> => published.get(podUid) ?? new Map();
    const { cgroups: place, directories: folders } = facts;
    return createUsageMeter({ clock: world.clock, pods: () => pods.all(), place, cgroups, runtime, directories: folders, volumePaths });
  });
  const nodeServer = keptFor((pods: PodLookup) =>
    createNodeServer({
      config,
      pods: () => pods.all(),
      logDirectory: machineLogs,
      measures: createNodeMeasures({ config, machine, meter: meterOf(pods), probeCounts, pods }),
      containers: createContainerPages({ clock: world.clock, runtime, pods: () => pods.all(), signal }),
    }),
  );
  const housekeeping = createHousekeeping({ config, world, runtime, events: options.events });
  const csiDrivers = createCsiDrivers({ client: options.client, nodeName: config.nodeName });
  const devices = await createDevicePlugins(world, facts.directories.devicePlugins);
  const volumes = (desired: DesiredState): Volumes => {
    const claims = claimLookup(desired, config.nodeName);
    const { client, events } = options;
    const csi = createCsiVolumes({ nodeName: config.nodeName, drivers: csiDrivers, lookup: desired, client, events, tokens });
    const certificates = createPodCertificates({ ...world, client, events, ownNode: claims.ownNode, pods: desired.pods });
    return createNodeVolumes({
      directories: facts.directories,
      published,
      plugins: allPlugins({ ...pluginOptions, csi, certificates, lookup: trusting(desired, authority), claims }),
    });
  };
  return createAgent({
    ...options,
    runtime,
    facts,
    machine,
    volumes,
    imageMounts,
    files: podFilesOf(options, facts.directories),
    check: nodeChecks(runtime),
    network: createClusterNetwork({ config, world, apiService: createApiService({ config, authority, world }) }),
    removeVolume: removeLocalPath,
    plugins: createPluginWatcher({ world, directory: facts.directories.pluginRegistry, kinds: [csiDrivers, devices.kind] }),
    devices,
    podResources: (pods, ending) =>
      servePodResources({ directory: facts.directories.podResources, pods: () => pods.all(), devices }, ending),
    relays: (pods) => createNodeRelays({ world, runtime, transport, pods, nodeServer: nodeServer(pods), signal }),
    probeCounts,
    ...(portOf(config) === 0 ? {} : { door: await doorOf(options, facts.directories.servingCertificate, nodeServer) }),
    update: options.update,
    checkpoint: createCheckpoint({ ...world, path: facts.directories.checkpoint, seal: await sealFromFile(`${config.tokenFile}.seal`) }),
    housekeeping,
    evictor: (pods) => evictorOf(options, { pods, meter: meterOf(pods), freeImages: housekeeping.freeImages }),
    ...(await partsOfConfig(options)),
  });
}

function evictorOf({ config, world, events }: NodeAgentOptions, parts: Pick<EvictorOptions, 'pods' | 'meter' | 'freeImages'>): Evictor {
  const onShortage = (message: string): void => events.event(nodeReference(config), 'Warning', 'EvictionThresholdMet', message);
  return createEvictor({ ...parts, world, settings: config, onShortage });
}

async function credentialsOf({ config, world }: NodeAgentOptions): Promise<ImageCredentials | undefined> {
  const { imageCredentialProviderConfig: file, imageCredentialProviderBinDir: directory } = config;
  if (file === undefined || directory === undefined) return undefined;
  return createImageCredentials({ ...world, providers: await readProviders(file), directory, run: runProvider });
}

/** What a node has where its configuration asks for it. */
const partsOfConfig = async (options: NodeAgentOptions) => ({
  shutdown: shutdownOf(options),
  credentials: await credentialsOf(options),
  manifests: manifestsOf(options),
});

function manifestsOf({ config, world }: NodeAgentOptions): Manifests | undefined {
  const { staticPodPath: path, nodeName } = config;
  return path === undefined ? undefined : createManifests({ path, nodeName, log: world.log });
}

/** Undefined without systemd, and where the configuration sets no `shutdownGracePeriodSeconds`. */
function shutdownOf({ config, world, events }: NodeAgentOptions): ((pods: EndablePods) => NodeShutdown) | undefined {
  const graceSeconds = config.shutdownGracePeriodSeconds ?? 0;
  if (graceSeconds === 0 || !hasSystemd()) return undefined;
  const criticalSeconds = Math.min(graceSeconds, config.shutdownGracePeriodCriticalPodsSeconds ?? 0);
  const delay = createLogind({ run: runCommand, clock: world.clock, seconds: graceSeconds });
  const onEvent = (message: string): void => events.event(nodeReference(config), 'Normal', 'NodeShutdown', message);
  return (pods) => createNodeShutdown({ world, pods, delay, graceSeconds, criticalSeconds, onEvent });
}

const podFilesOf = ({ config }: NodeAgentOptions, folders: Directories): PodFiles =>
  createPodFiles({
    directories: folders,
    clusterDomain: config.clusterDomain,
    removeCgroup: cgroupRemover(cgroupFileSystem, runCommand),
  });

type NodeServerOf = (pods: PodLookup) => NodePages;

/** Door and relays share one server and one meter for the same pods. */
function keptFor<P, T>(make: (pods: P) => T): (pods: P) => T {
  let made: T | undefined;
  return (pods) => (made ??= make(pods));
}

async function doorOf(
  { config, world, client }: NodeAgentOptions,
  file: string,
  nodeServer: NodeServerOf,
): Promise<(pods: PodLookup) => NodeDoor> {
  const { nodeName, nodeIp } = config;
  const certificate = await createServingCertificate({ world, client, nodeName, nodeIp, file });
  const access = createDoorAccess({ client, clock: world.clock, nodeName });
  return (pods) => createNodeDoor({ world, address: nodeIp, port: portOf(config), certificate, access, nodeServer: nodeServer(pods) });
}

const claimLookup = (desired: DesiredState, nodeName: string): ClaimLookup => ({
  claim: desired.claim,
  persistentVolume: desired.persistentVolume,
  ownNode: () => desired.nodes().find((node) => nameOf(node) === nodeName),
});

/** The runtime, once it answers and has what sandboxes are made of. */
async function readyRuntime({ config, world, signal }: NodeAgentOptions, socketPath: string): Promise<Runtime> {
  const runtime = createCriRuntime({ socketPath });
  await importWhenReady(world, signal, () => importPauseImage(runtime, socketPath, config.sandboxImage ?? sandboxImageDefault));
  return runtime;
}

const importRetryMs = 1000;

/** containerd may be starting at the same time. */
async function importWhenReady(world: World, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      world.log.warn('the runtime is not ready yet', { error: error instanceof RuntimeError ? error.message : error });
      await world.clock.sleep(importRetryMs, signal);
    }
  }
}

const noVolumes: Volumes = {
  setUp: async (pod) => new Map((pod.spec?.volumes ?? []).map(({ name }) => [name, { path: `/${name}`, isReadOnly: false }])),
  refresh: async () => {},
  tearDown: async () => {},
  staged: async () => [],
};

/** So that every pretended node has room for what tests put there. */
const simulatedCapacity = { cpu: '32', memory: '256Gi', pods: '110' };
const simulatedStarts = 1000;

/** In memory: nothing is written, nothing runs, no rights are needed. Many fit in one process. */
export async function createSimulatedAgent(options: NodeAgentOptions): Promise<Agent> {
  const { world, transport } = options;
  const config = { ...options.config, capacity: { ...simulatedCapacity, ...options.config.capacity }, startConcurrency: simulatedStarts };
  const network = createSimulatedNetwork(config.nodeName);
  const runtime: Runtime = createSimulatedRuntime({ clock: world.clock, podCidr: network.podCidr });
  return createAgent({
    ...options,
    config,
    runtime,
    facts: factsOf(config, await runtime.cgroupDriver()),
    machine: { ...(await readMachine('/')), appArmor: true },
    volumes: () => noVolumes,
    files: noPodFiles,
    check: async () => ({ outcome: 'success' }),
    network,
    relays: (pods) => {
      const nodeServer = createNodeServer({ config, pods: () => pods.all(), logDirectory: join(config.rootDirectory, 'logs') });
      return createSimulatedRelays({ world, transport, nodeServer, signal: options.signal });
    },
  });
}
