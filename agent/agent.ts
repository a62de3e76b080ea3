/**
 * The agent of one node. Its loops poll the API for desired objects, list what the runtime runs, and correct differences.
 *
 *   poll ──▶ desired state ──▶ one worker per pod ──▶ runtime, volumes, probes
 *     ▲            └─────────▶ network, services, DNS      │
 *     └──────────────── statuses, node status ◀────────────┘
 *
 * Ending the agent leaves the containers running; the next one adopts them.
 */
import type { EventRecorder } from '../functions/client/event-recorder.ts';
import type { Client } from '../functions/client/client.ts';
import type { Node, NodeStatus, PersistentVolume, Pod, Probe } from '../functions/kube/generated/types.ts';
import type { NodePollResponse, RelayRequest } from '../functions/node-protocol/node-poll.ts';
import { nameOf } from '../functions/kube/object.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import type { World } from '../functions/world.ts';
import type { Answer, Checkpoint } from './checkpoint/checkpoint.ts';
import type { Housekeeping } from './housekeeping.ts';
import { pollSecondsDefault, startConcurrencyDefault, type AgentConfig } from './config.ts';
import type { ImageCredentials } from './credentials/image-credentials.ts';
import type { EndablePods, NodeShutdown } from './shutdown/node-shutdown.ts';
import type { EvictablePods, Evictor } from './eviction/evictor.ts';
import { createDesiredState, type DesiredState } from './desired-state.ts';
import type { Devices } from './devices/device-plugins.ts';
import type { NodeDoor } from './door/node-door.ts';
import type { ImageMounts } from './images/image-mounts.ts';
import type { Machine } from './node/machine.ts';
import { allocatableOf, nodeObject, nodeStatus } from './node/node-status.ts';
import { createRuntimeAnswers, type RuntimeAnswers } from './node/runtime-answers.ts';
import { registerNode } from './node/registration.ts';
import { createNodePods, type NodePods } from './pods/node-pods.ts';
import type { NodeFeatures } from './pods/node-features.ts';
import type { NodeContext } from './pods/node-context.ts';
import type { PodFiles } from './pods/pod-files.ts';
import type { ClusterFacts } from './pods/sandbox-config.ts';
import { semaphore } from './pods/semaphore.ts';
import { createPollLoop, TransportError, type PollLoop, type PollTransport } from './poll.ts';
import { nap, repeat } from './repeat.ts';
import { RuntimeError, type Runtime } from './runtime/runtime.ts';
import type { CheckInput } from './probes/prober.ts';
import type { CheckResult } from './probes/checks.ts';
import type { ProbeCounts } from './probes/probe-counts.ts';
import type { Manifests } from './static-pods/manifests.ts';
import { createStaticPods, type StaticPods } from './static-pods/static-pods.ts';
import { sourceOfUniqueName } from './volumes/csi/csi-source.ts';
import { cleanUpLocalPaths } from './volumes/local-path/local-path.ts';
import type { ProgramUpdate } from './upgrade/program-update.ts';
import type { Volumes } from './volumes/volumes.ts';
import { jointSignal } from './joint-signal.ts';

/** Routes, services and names on this node. Calls must not throw: what fails is tried again by itself. */
export interface ClusterNetwork {
  sync(desired: DesiredState, changedKinds: ReadonlySet<string>): void;
  ready(): boolean;
  /** The pod has these addresses. Resolves when the policies that select it hold. Rejects where they cannot be set. */
  attach(pod: Pod, addresses: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface Relays {
  /** Opens the connection that a client waits for; known ids are ignored. */
  open(request: RelayRequest): void;
  /** Whether to listen for tunnels by mail though none is open. */
  listen?(isWanted: boolean): void;
}

/** What the relays may ask of the agent. */
export interface PodLookup {
  pod(podUid: string): Pod | undefined;
  all(): readonly Pod[];
}

export interface AgentOptions {
  readonly config: AgentConfig;
  readonly world: World;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly transport: PollTransport;
  readonly runtime: Runtime;
  readonly machine: Machine;
  /** Made from the desired state, which the agent owns. */
  readonly volumes: (desired: DesiredState) => Volumes;
  readonly files: PodFiles;
  readonly facts: ClusterFacts;
  readonly check: (probe: Probe, input: CheckInput) => Promise<CheckResult>;
  readonly network: ClusterNetwork;
  readonly relays: (pods: PodLookup) => Relays;
  /** Manifests of static pods. Left out: the node has none. */
  readonly manifests?: Manifests | undefined;
  /** Where the node answers on its own network. Left out where it has none. */
  readonly door?: (pods: PodLookup) => Pick<NodeDoor, 'run'>;
  /** Left out: results of probes are not counted. */
  readonly probeCounts?: ProbeCounts;
  /** Ends pods where the node runs short. Left out where it never does. */
  readonly evictor?: (pods: EvictablePods) => Pick<Evictor, 'run' | 'pressures'>;
  /** Mounts images as volumes. Left out where nothing is mounted. */
  readonly imageMounts?: ImageMounts | undefined;
  /** Ends pods before the machine goes down. Left out where it cannot be made to wait. */
  readonly shutdown?: ((pods: EndablePods) => NodeShutdown) | undefined;
  /** Programs of the node that know credentials of registries. Left out: there are none. */
  readonly credentials?: ImageCredentials | undefined;
  /** The devices of plug-ins; left out where there are none. */
  readonly devices?: Devices & { run(signal: AbortSignal): Promise<void> };
  /** Lists for programs of the node which devices pods hold. Left out where there is no disk. */
  readonly podResources?: (pods: PodLookup, signal: AbortSignal) => Promise<void>;
  /** Finds plug-ins of the node. Left out where there are none. */
  readonly plugins?: { run(signal: AbortSignal): Promise<void> };
  /** Removes the data of a volume whose claim is gone. Left out where there is no disk. */
  readonly removeVolume?: (volume: PersistentVolume) => Promise<void>;
  /** Left out: nothing is kept over a restart. */
  readonly checkpoint?: Checkpoint;
  /** Left out: the agent stays as it is. */
  readonly update?: ProgramUpdate | undefined;
  /** Left out where there is no disk to fill. */
  readonly housekeeping?: Housekeeping;
}

export interface Agent {
  /** Resolves when the signal aborts and the loops have ended. */
  run(signal: AbortSignal): Promise<void>;
}

const statusPeriodMs = 1000;
/** Events of the runtime report changes sooner; this periodic list finds changes that they missed. */
const relistPeriodMs = 5000;
const cleanUpPeriodMs = 2000;
/** Events of the runtime come in bursts. */
const relistGatherMs = 30;
const rewatchMs = 1000;
const registerRetryMs = 2000;

/** The runtime's last answers about itself. */
interface Reported {
  features?: NodeFeatures;
}

interface Parts {
  readonly askRuntime: () => Promise<RuntimeAnswers>;
  readonly shutdown: NodeShutdown | undefined;
  readonly evictor: Pick<Evictor, 'run' | 'pressures'> | undefined;
  readonly reported: Reported;
  readonly volumes: Pick<Volumes, 'staged'>;
  readonly options: AgentOptions;
  readonly desired: DesiredState;
  readonly poll: PollLoop;
  readonly pods: NodePods;
  readonly staticPods: StaticPods;
  readonly relays: Relays;
}

export function createAgent(options: AgentOptions): Agent {
  const { config, world } = options;
  const desired = createDesiredState();
  const reported: Reported = {};
  const volumes = options.volumes(desired);
  const context: NodeContext = {
    ...world,
    runtime: options.runtime,
    volumes,
    files: options.files,
    events: options.events,
    lookup: desired,
    facts: options.facts,
    starts: semaphore(config.startConcurrency ?? startConcurrencyDefault),
    hostIps: [config.nodeIp],
    pods: desired.pods,
    allocatable: allocatableOf(config, options.machine),
    ...(options.devices === undefined ? {} : { devices: options.devices }),
    credentials: options.credentials,
    mountImage: options.imageMounts?.mount,
    pressures: () => parts.evictor?.pressures() ?? new Set(),
    isShuttingDown: () => parts.shutdown?.isShuttingDown() ?? false,
    networkIsReady: () => options.network.ready(),
    attach: (pod, addresses) => options.network.attach(pod, addresses),
    features: () => reported.features,
  };
  const poll = createPollLoop({
    ...world,
    transport: options.transport,
    pollSeconds: config.pollSeconds ?? pollSecondsDefault,
    onAnswer: (answer) => applyPollResponse(parts, answer),
    onUnknownNode: () => register(parts),
  });
  const { check, probeCounts } = options;
  const { nodeName } = config;
  const onChange = (): void => pods.sync(new Set(['Pod']));
  const staticPods = createStaticPods({ world, client: options.client, nodeName, desired, manifests: options.manifests, onChange });
  const pods: NodePods = createNodePods({ context, nodeName, desired, check, probeCounts, poll, staticPods });
  const evictor = options.evictor?.(pods);
  const shutdown = options.shutdown?.(pods);
  const askRuntime = createRuntimeAnswers({ ...options, clock: world.clock });
  const relays = options.relays(pods);
  const parts: Parts = { options, askRuntime, evictor, shutdown, desired, reported, volumes, poll, pods, staticPods, relays };
  return { run: (signal) => runLoops(parts, signal) };
}

async function runLoops(parts: Parts, signal: AbortSignal): Promise<void> {
  const { options, poll, pods, staticPods } = parts;
  await staticPods.load();
  await restore(parts);
  await updateNodeStatus(parts);
  await Promise.all([
    becomeKnown(parts, signal),
    poll.run(signal),
    repeat(options.world, { periodMs: statusPeriodMs, what: 'the node status' }, signal, () => updateNodeStatus(parts)),
    relist(parts, signal),
    pods.run(signal),
    staticPods.run(signal),
    repeat(options.world, { periodMs: cleanUpPeriodMs, what: 'volumes to remove' }, signal, () => cleanUp(parts)),
    options.housekeeping?.run(signal),
    options.door?.(pods).run(signal),
    parts.evictor?.run(signal),
    parts.shutdown?.run(signal),
    options.plugins?.run(signal),
    options.devices?.run(signal),
    options.podResources?.(pods, signal),
  ]);
  await options.checkpoint?.close();
  await options.network.close();
}

const cleanUp = ({ options, desired }: Parts): Promise<void> =>
  cleanUpLocalPaths({
    nodeName: options.config.nodeName,
    volumes: desired.persistentVolumes(),
    client: options.client,
    remove: options.removeVolume ?? (async () => {}),
  });

/** A node that starts without its apiserver runs the pods of its checkpoint. */
async function restore({ options, desired, pods }: Parts): Promise<void> {
  const noted: readonly Answer[] = (await options.checkpoint?.load()) ?? [];
  if (noted.length === 0) return;
  const changed = noted.flatMap((answer) => [...desired.apply(answer)]);
  options.network.sync(desired, new Set([...changed, 'Node', 'Service', 'EndpointSlice', 'NetworkPolicy']));
  pods.sync(new Set(changed));
}

async function applyPollResponse(parts: Parts, answer: NodePollResponse): Promise<void> {
  const { options, desired, pods, relays } = parts;
  options.update?.proved();
  for (const relay of answer.relays) relays.open(relay);
  if (answer.unfinished === true) return;
  relays.listen?.(answer.listens === true);
  const changed = desired.apply(answer);
  if (answer.wantsStatus === true) parts.poll.repeatStatus();
  if (changed.size === 0) return;
  options.network.sync(desired, changed);
  pods.sync(changed);
  if (changed.has('Node')) void options.update?.consider(ownNode(parts));
  const { snapshot, objects, gone, unreadable } = answer;
  options.checkpoint?.note({ snapshot, objects, gone, ...(unreadable === undefined ? {} : { unreadable }) }, () => desired.all());
}

const ownNode = ({ options, desired }: Pick<Parts, 'options' | 'desired'>): Node | undefined =>
  desired.nodes().find((node) => nameOf(node) === options.config.nodeName);

async function currentStatus({
  options,
  desired,
  reported,
  volumes,
  evictor,
  shutdown,
  askRuntime,
}: Pick<Parts, 'options' | 'desired' | 'reported' | 'volumes' | 'evictor' | 'shutdown' | 'askRuntime'>): Promise<NodeStatus> {
  const { config, machine, world } = options;
  const self = ownNode({ options, desired });
  const volumesInUse = (await volumes.staged()).filter((name) => isAttachable(name, desired));
  const input = {
    config,
    machine,
    images: options.housekeeping?.images(),
    volumesInUse,
    devices: options.devices?.counts(),
    pressures: evictor?.pressures(),
    isShuttingDown: shutdown?.isShuttingDown(),
    prior: self?.status,
    nowMs: world.clock.now(),
  };
  try {
    const { version, readiness: found } = await askRuntime();
    reported.features = { ...found.features, appArmor: machine.appArmor };
    const network =
      found.network.ready && !options.network.ready() ? { ready: false, message: 'the node has no pod network yet' } : found.network;
    return nodeStatus({ ...input, version, readiness: { ...found, network } });
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const down = { ready: false, message: error.description };
    const readiness = { runtime: down, network: { ready: true, message: '' } };
    return nodeStatus({ ...input, version: { name: config.runtime, version: 'Unknown' }, readiness });
  }
}

const isAttachable = (name: string, desired: DesiredState): boolean =>
  desired.csiDriver(sourceOfUniqueName(name).driver)?.spec.attachRequired !== false;

async function updateNodeStatus(parts: Parts): Promise<void> {
  parts.poll.setStatus(await currentStatus(parts));
}

async function register({ options, askRuntime }: Pick<Parts, 'options' | 'askRuntime'>): Promise<void> {
  const status = await currentStatus({
    options,
    askRuntime,
    desired: createDesiredState(),
    reported: {},
    volumes: { staged: async () => [] },
    evictor: undefined,
    shutdown: undefined,
  });
  await registerNode(options.client, nodeObject(options.config, options.machine, status, options.update?.annotations()));
}

/** The poll goes on meanwhile: a node that the server knows already does not depend on this. */
async function becomeKnown(parts: Parts, signal: AbortSignal): Promise<void> {
  const { world } = parts.options;
  while (!signal.aborted) {
    try {
      await register(parts);
      return;
    } catch (error) {
      // Anything may be wrong with a server that is just starting; the node keeps its pods and asks again.
      if (!(error instanceof Error)) throw error;
      world.log.warn('the node could not be registered', {
        error: error instanceof StatusError || error instanceof TransportError ? error.message : error,
      });
      await nap(world, registerRetryMs, signal);
    }
  }
}

/** Lists all containers of the runtime: soon after each of its events, and periodically. */
async function relist({ options, pods }: Parts, signal: AbortSignal): Promise<void> {
  const { world, runtime } = options;
  let hint: (() => void) | undefined;
  let hinted = false;
  const onChange = (): void => {
    hinted = true;
    hint?.();
  };
  const watching = repeat(world, { periodMs: rewatchMs, what: 'the runtime’s events' }, signal, () => {
    // Events were missed while the stream was broken.
    onChange();
    return runtime.watch(onChange, signal);
  });
  const listing = repeat(world, { periodMs: 0, what: 'the runtime' }, signal, async () => {
    await pods.relist();
    if (!hinted) {
      const hinting = new AbortController();
      hint = () => hinting.abort();
      const joint = jointSignal(signal, hinting.signal);
      await nap(world, relistPeriodMs, joint.signal);
      joint.release();
    }
    hint = undefined;
    hinted = false;
    await nap(world, relistGatherMs, signal);
  });
  await Promise.all([watching, listing]);
}
