/** Brings a whole cluster up on this machine, step by step: control plane, then nodes, then waits until all are Ready. */
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type Forwarder, startForwarder } from '../../agent/api-service/forwarder.ts';
import { type ClusterNetworks, nodeNetworks } from '../../functions/kube/cluster-networks.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import { conditionOf } from '../../functions/kube/conditions.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { nodes } from '../../functions/kube/resource-type.ts';
import { realWorld, type World } from '../../functions/world.ts';
import { clientServerOf, clusterRecord, writeClusterRecord, type ClusterRecord, type ControlPlaneChoices } from './cluster-record.ts';
import type { Faults } from './cloud/faults.ts';
import { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.ts';
import { writePrivately, type DataDirectory } from './data-directory.ts';
import { createDefaultStorageClass } from './default-storage-class.ts';
import type { Fabric } from './hosts/fabric.ts';
import { adminName } from './pki.ts';
import { kubeconfig } from './kubeconfig.ts';
import { recordProcess } from './process-record.ts';
import { openFabric, startNode } from './real-nodes.ts';
import { startSimulatedNodes } from './simulated-nodes.ts';
import { removeNodes } from './stop-cluster.ts';

/** Shows the steps of a start. The command line prints them, other callers show none. */
export interface Steps {
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
}

export interface StartOptions {
  readonly directory: DataDirectory;
  readonly listen: { readonly host: string; readonly port: number };
  readonly nodes: number;
  readonly runtime: ClusterRecord['runtime'];
  readonly cloud?: ClusterRecord['cloud'];
  /** What goes wrong in that cloud: for tests. */
  readonly faults?: Faults;
  readonly images: readonly string[];
  readonly choices: ControlPlaneChoices;
  readonly networks: ClusterNetworks;
  readonly progress: Steps;
}

export interface Cluster {
  stop(): Promise<void>;
  /** Ends the control plane alone: nodes that are machines of their own run on, for the next one. */
  handOver(): Promise<void>;
}

const readyWithinMs = 60_000;
/** Starting several containerds and importing images at once only makes each slower. */
const nodesAtOnce = 2;

function newId(world: World): string {
  return Buffer.from(world.random.bytes(3)).toString('hex');
}

/** An address of this machine that a Service may have as its endpoint; loopback may not. */
function machineAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  // A machine without any network reaches its API on loopback alone. Documentation's range holds an address that no host has.
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '192.0.2.1';
}

async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function untilReady({ client }: ControlPlane, names: readonly string[], world: World): Promise<void> {
  const deadline = world.clock.monotonicMs() + readyWithinMs;
  const isReady = ({ status }: Node): boolean => conditionOf(status?.conditions, 'Ready')?.status === 'True';
  for (;;) {
    const ready = new Set((await client.list(nodes)).items.filter(isReady).map((node) => nameOf(node)));
    const missing = names.filter((name) => !ready.has(name));
    if (missing.length === 0) return;
    if (world.clock.monotonicMs() > deadline) throw new Error(`not Ready after ${readyWithinMs / 1000} s: ${missing.join(', ')}`);
    await world.clock.sleep(100);
  }
}

async function startRealNodes(options: StartOptions, controlPlane: ControlPlane, fabric: Fabric, names: readonly string[]): Promise<void> {
  const { directory } = options;
  await eachOf(names, nodesAtOnce, async (name) => {
    await startNode({
      directory,
      fabric,
      name,
      server: `https://${fabric.gateway}:${controlPlane.port}`,
      caFile: join(directory.pki, 'ca.crt'),
      token: await controlPlane.nodeToken(name),
      networks: nodeNetworks(options.networks),
      images: options.images,
    });
  });
}

/** The functions' host is only loaded where it is wanted: it brings emulators and a bundler. */
async function startIn(
  { cloud, faults = {} }: Pick<StartOptions, 'cloud' | 'faults'>,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  if (cloud === undefined) return startControlPlane(options);
  const { startCloudControlPlane } = await import('./cloud/cloud-control-plane.ts');
  return startCloudControlPlane({ ...options, faults });
}

type End = () => Promise<void>;

/** What was started last ends first. */
async function endAll(started: readonly End[]): Promise<void> {
  for (const end of started.toReversed()) await end();
}

/** A start that fails ends what it had started in this process. */
export async function startCluster(options: StartOptions): Promise<Cluster> {
  const started: End[] = [];
  try {
    await startParts(options, started);
  } catch (error) {
    await endAll(started);
    throw error;
  }
  return {
    async stop() {
      await removeNodes(options.directory);
      await endAll(started);
    },
    handOver: () => endAll(started),
  };
}

async function startParts(options: StartOptions, started: End[]): Promise<void> {
  const { directory, listen, runtime, networks, progress, nodes: count, cloud, choices } = options;
  const world = realWorld('warn');
  const before = clusterRecord(directory);
  const id = before?.id ?? newId(world);
  const names = Array.from({ length: options.nodes }, (_, index) => `node-${index + 1}`);

  const fabric =
    runtime === 'containerd'
      ? await progress.step('Making the network between the nodes', () => openFabric(directory, id, world.log))
      : undefined;
  const advertise = fabric?.gateway ?? machineAddress();
  const addresses = [listen, ...(fabric === undefined ? [] : [{ host: fabric.gateway, port: listen.port }])];
  const controlPlane = await progress.step('Starting the control plane', () =>
    startIn(options, { directory, addresses, advertise, networks, world, ...choices }),
  );
  started.push(() => controlPlane.stop());
  await createDefaultStorageClass(controlPlane.client, directory.volumes);
  const gate = cloud === undefined ? undefined : await startGate(options, controlPlane, { port: before?.gatePort ?? 0, world });
  if (gate !== undefined) started.push(() => gate.close());
  const record: ClusterRecord = {
    id,
    runtime,
    nodes: count,
    cloud,
    ...choices,
    networks,
    host: listen.host,
    port: controlPlane.port,
    gatePort: gate?.port,
  };
  writeClusterRecord(directory, record);
  recordProcess(directory.controlPlaneRecord, process.pid);
  writePrivately(directory.kubeconfig, adminKubeconfig(controlPlane, record));

  await startNodes(options, { controlPlane, fabric, names, world }, started);
  await progress.step('Waiting until the nodes are Ready', () => untilReady(controlPlane, names, world));
}

interface NodeParts {
  readonly controlPlane: ControlPlane;
  /** Undefined: the nodes are simulated. */
  readonly fabric: Fabric | undefined;
  readonly names: readonly string[];
  readonly world: World;
}

async function startNodes(options: StartOptions, { controlPlane, fabric, names, world }: NodeParts, started: End[]): Promise<void> {
  const { directory, networks, progress } = options;
  if (fabric !== undefined) {
    const title = `Starting ${names.length === 1 ? 'a node' : `${names.length} nodes`} with containerd`;
    return progress.step(title, () => startRealNodes(options, controlPlane, fabric, names));
  }
  const simulated = await progress.step(`Starting ${names.length} simulated nodes`, () =>
    startSimulatedNodes({
      controlPlane,
      names,
      caFile: join(directory.pki, 'ca.crt'),
      rootDirectory: join(directory.root, 'simulated'),
      networks: nodeNetworks(networks),
      world,
    }),
  );
  started.push(() => simulated.stop());
}

/** Functions carry no upgraded connections: clients that need them ask this machine's gate, which carries them by mail. */
function startGate(
  { directory, listen }: StartOptions,
  { pki, port: apiPort }: ControlPlane,
  { port, world }: { readonly port: number; readonly world: World },
): Promise<Forwarder> {
  const server = `https://127.0.0.1:${apiPort}`;
  return startForwarder({ address: listen.host, port, certificate: pki.server, server, caFile: join(directory.pki, 'ca.crt'), world });
}

function adminKubeconfig({ pki, admin }: ControlPlane, record: ClusterRecord): string {
  return kubeconfig({
    clusterName: 'hibernetes',
    server: clientServerOf(record),
    caPem: pki.authority.certificatePem,
    userName: adminName,
    credential: admin,
  });
}
