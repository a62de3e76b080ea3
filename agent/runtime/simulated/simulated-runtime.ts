/**
 * A runtime that simulates containers in memory: for nodes of a test or a demonstration, thousands to a machine. Containers
 * run at once and for good, unless the pod's annotations ask for failures or ends.
 */
import type { Clock } from '../../../functions/world.ts';
import {
  containerNameLabel,
  RuntimeError,
  type Container,
  type ContainerConfig,
  type ContainerStatus,
  type Image,
  type RuntimeFeatures,
  type Runtime,
  type SandboxConfig,
  type SandboxStatus,
} from '../runtime.ts';
import { createAddressPool } from './address-pool.ts';

/** On the pod: its containers end after this many seconds, with this code. */
export const endAfterAnnotation = 'simulated.hibernetes.dev/end-after-seconds';
export const exitCodeAnnotation = 'simulated.hibernetes.dev/exit-code';
/** Any value: pulling its images fails. */
export const failPullAnnotation = 'simulated.hibernetes.dev/fail-pull';
/** An image of this tag cannot be pulled on any simulated node. */
const missingTag = ':does-not-exist';

/** Nothing runs, so nothing is missing. */
const simulatedFeatures: RuntimeFeatures = {
  supplementalGroupsPolicy: true,
  handlers: [{ name: '', recursiveReadOnlyMounts: true, userNamespaces: true }],
};

export interface SimulatedRuntimeOptions {
  readonly clock: Clock;
  /** Undefined as long as the control plane has handed out none. */
  readonly podCidr: () => string | undefined;
}

interface Simulated {
  readonly clock: Clock;
  readonly addresses: ReturnType<typeof createAddressPool>;
  readonly sandboxes: Map<string, { status: SandboxStatus; readonly config: SandboxConfig }>;
  readonly containers: Map<string, ContainerStatus>;
  readonly images: Set<string>;
  readonly watchers: Set<() => void>;
  readonly nextId: () => string;
}

const idLength = 64;
const version = { name: 'simulated', version: '1.0' };

function missing(what: string, id: string): RuntimeError {
  return new RuntimeError('NotFound', `${what} "${id}" not found`);
}

const notSupported = (what: string): RuntimeError => new RuntimeError('Unimplemented', `${what} is not supported on a simulated node`);

export function createSimulatedRuntime(options: SimulatedRuntimeOptions): Runtime {
  let count = 0;
  const state: Simulated = {
    clock: options.clock,
    addresses: createAddressPool(options.podCidr),
    sandboxes: new Map(),
    containers: new Map(),
    images: new Set(),
    watchers: new Set(),
    nextId: () => {
      count += 1;
      return count.toString(16).padStart(idLength, '0');
    },
  };
  const ready = { ready: true, message: '' };
  return {
    version: async () => version,
    cgroupDriver: async () => 'cgroupfs',
    readiness: async () => ({
      runtime: ready,
      network: { ready: options.podCidr() !== undefined, message: 'no podCIDR yet' },
      features: simulatedFeatures,
    }),
    ...sandboxPart(state),
    ...containerPart(state),
    ...imagePart(state),
    execSync: async () => ({ exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
    execUrl: () => Promise.reject(notSupported('exec')),
    attachUrl: () => Promise.reject(notSupported('attach')),
    portForwardUrl: () => Promise.reject(notSupported('port-forward')),
    watch: (onChange, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        state.watchers.add(onChange);
        signal.addEventListener('abort', () => {
          state.watchers.delete(onChange);
          resolve();
        });
      }),
    close: () => {},
  };
}

const changed = (state: Simulated): void => {
  for (const watcher of state.watchers) watcher();
};

type Part<Names extends keyof Runtime> = Pick<Runtime, Names>;

const sandboxPart = (state: Simulated): Part<'listSandboxes' | 'sandboxStatus' | 'runSandbox' | 'stopSandbox' | 'removeSandbox'> => ({
  async listSandboxes(podUid) {
    const all = [...state.sandboxes.values()].map(({ status }) => status);
    return podUid === undefined ? all : all.filter((status) => status.podUid === podUid);
  },
  async sandboxStatus(id) {
    const found = state.sandboxes.get(id);
    if (found === undefined) throw missing('sandbox', id);
    return found.status;
  },
  async runSandbox(config) {
    const id = state.nextId();
    const ips = config.namespaces.network === 'NODE' ? [] : [state.addresses.take(id)];
    const { podUid, podName, podNamespace, attempt, annotations } = config;
    const status = { id, podUid, podName, podNamespace, attempt, annotations, ready: true, createdAtMs: state.clock.now(), ips };
    state.sandboxes.set(id, { status, config });
    changed(state);
    return id;
  },
  async stopSandbox(id) {
    const found = state.sandboxes.get(id);
    if (found === undefined || !found.status.ready) return;
    for (const container of state.containers.values()) if (container.sandboxId === id) end(state, container.id, 137);
    state.addresses.release(id);
    found.status = { ...found.status, ready: false };
    changed(state);
  },
  async removeSandbox(id) {
    for (const container of state.containers.values()) if (container.sandboxId === id) state.containers.delete(container.id);
    state.addresses.release(id);
    state.sandboxes.delete(id);
    changed(state);
  },
});

function end(state: Simulated, id: string, exitCode: number): void {
  const container = state.containers.get(id);
  if (container?.state !== 'running') return;
  const reason = exitCode === 0 ? 'Completed' : 'Error';
  state.containers.set(id, { ...container, state: 'exited', finishedAtMs: state.clock.now(), exitCode, reason });
  changed(state);
}

const containerPart = (
  state: Simulated,
): Part<
  | 'listContainers'
  | 'containerStatus'
  | 'writableLayers'
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'updateContainer'
  | 'removeContainer'
  | 'reopenLog'
> => ({
  async listContainers(podUid) {
    const all: readonly Container[] = [...state.containers.values()];
    return podUid === undefined ? all : all.filter((container) => container.podUid === podUid);
  },
  writableLayers: async () => new Map(),
  async containerStatus(id) {
    const found = state.containers.get(id);
    if (found === undefined) throw missing('container', id);
    return found;
  },
  async createContainer(sandboxId, config, sandbox) {
    if (!state.sandboxes.has(sandboxId)) throw missing('sandbox', sandboxId);
    const id = state.nextId();
    state.containers.set(id, created(state, id, { sandboxId, config, sandbox }));
    changed(state);
    return id;
  },
  async updateContainer(id) {
    if (!state.containers.has(id)) throw missing('container', id);
  },
  async startContainer(id) {
    const container = state.containers.get(id);
    if (container === undefined) throw missing('container', id);
    state.containers.set(id, { ...container, state: 'running', startedAtMs: state.clock.now() });
    const { [endAfterAnnotation]: endAfter, [exitCodeAnnotation]: exitCode } =
      state.sandboxes.get(container.sandboxId)?.config.annotations ?? {};
    if (endAfter !== undefined) state.clock.after(Number(endAfter) * 1000, () => end(state, id, Number(exitCode ?? '0')));
    changed(state);
  },
  async stopContainer(id) {
    end(state, id, 0);
  },
  async removeContainer(id) {
    state.containers.delete(id);
    changed(state);
  },
  reopenLog: async () => {},
});

interface Creation {
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly sandbox: SandboxConfig;
}

const created = (state: Simulated, id: string, { sandboxId, config, sandbox }: Creation): ContainerStatus => ({
  id,
  sandboxId,
  podUid: sandbox.podUid,
  name: config.labels[containerNameLabel] ?? config.name,
  attempt: config.attempt,
  state: 'created',
  createdAtMs: state.clock.now(),
  startedAtMs: 0,
  finishedAtMs: 0,
  annotations: config.annotations,
  exitCode: 0,
  reason: '',
  message: '',
  image: config.image,
  imageRef: imageOf(config.image).id,
  logPath: `${sandbox.logDirectory}/${config.logPath}`,
});

const imageOf = (image: string): Image => ({
  id: `simulated/${image}`,
  sizeBytes: 1,
  tags: [image],
  digests: [],
  uid: undefined,
  username: 'simulated',
});

const imagePart = (state: Simulated): Part<'imageStatus' | 'listImages' | 'pullImage' | 'removeImage' | 'imageDirectory'> => ({
  imageStatus: async (image) => (state.images.has(image) ? imageOf(image) : undefined),
  listImages: async () => [...state.images].map(imageOf),
  async pullImage(image, sandbox) {
    if (image.endsWith(missingTag) || sandbox.annotations[failPullAnnotation] !== undefined) {
      throw new RuntimeError('NotFound', `failed to pull and unpack image "${image}": ${image}: not found`);
    }
    state.images.add(image);
  },
  async removeImage(id) {
    for (const image of state.images) if (imageOf(image).id === id) state.images.delete(image);
  },
  imageDirectory: async () => '/',
});
