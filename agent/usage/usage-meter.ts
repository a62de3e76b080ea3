/** What the pods of a node use now. Each answer is kept for a moment, so that many who ask do not cost many readings. */
import type { ContainerStatus, Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, uidOf } from '../../functions/kube/object.ts';
import type { Clock } from '../../functions/world.ts';
import type { Directories } from '../pods/directories.ts';
import { podCgroup, type CgroupPlace } from '../pods/pod-cgroup.ts';
import { specOf } from '../pods/pod-facts.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Cgroups, CgroupUsage } from './cgroup-usage.ts';
import { directoryUsage, fileSystemUsage, type DirectoryUsage, type FileSystemUsage } from './disk-usage.ts';
import { networkOfProcess, readMachineUsage, type MachineUsage, type NetworkInterface } from './machine-usage.ts';
import { join } from 'node:path';

export interface ContainerUsage {
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly startedAtMs: number;
  readonly cgroup: string;
  readonly usage: CgroupUsage;
}

export interface PodUsage {
  readonly pod: Pod;
  readonly atMs: number;
  readonly cgroup: string;
  readonly usage: CgroupUsage | undefined;
  readonly containers: readonly ContainerUsage[];
  /** Empty for pods of the node's network. */
  readonly network: readonly NetworkInterface[];
}

export interface NodeUsage {
  readonly atMs: number;
  readonly machine: MachineUsage;
  readonly network: readonly NetworkInterface[];
}

export interface VolumeUsage extends DirectoryUsage {
  readonly name: string;
  readonly fileSystem: FileSystemUsage | undefined;
  /** Whether it counts against the pod's ephemeral storage. */
  readonly isEphemeral: boolean;
}

export interface PodStorage {
  /** The usage of each container's own files, by the container's name. */
  readonly rootfs: ReadonlyMap<string, DirectoryUsage>;
  readonly logs: ReadonlyMap<string, DirectoryUsage>;
  readonly volumes: readonly VolumeUsage[];
  readonly ephemeral: DirectoryUsage;
}

export interface Disks {
  readonly root: FileSystemUsage;
  readonly images: FileSystemUsage;
}

export interface UsageMeter {
  node(): Promise<NodeUsage>;
  pods(): Promise<readonly PodUsage[]>;
  disks(): Promise<Disks>;
  /** The storage of all pods, by their uids. */
  storage(): Promise<ReadonlyMap<string, PodStorage>>;
  /** Measures the files of the pods anew. */
  storageOf(pods: readonly Pod[]): Promise<ReadonlyMap<string, PodStorage>>;
}

export interface UsageMeterOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly pods: () => readonly Pod[];
  readonly place: CgroupPlace;
  readonly cgroups: Cgroups;
  readonly runtime: Pick<Runtime, 'writableLayers' | 'imageDirectory'>;
  readonly directories: Directories;
  /** Where the pod's volumes are on the host, by their names. */
  readonly volumePaths: (podUid: string) => ReadonlyMap<string, string>;
}

const keptMs = 1000;
/** Directories are walked, which costs more. */
const storageKeptMs = 10_000;

/** Calls that come while one is under way, or soon after it, share its answer. */
function kept<T>(clock: Pick<Clock, 'now'>, forMs: number, make: () => Promise<T>): () => Promise<T> {
  let last: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return () => {
    const now = clock.now();
    if (last !== undefined && now - last.at < forMs && now >= last.at) return last.answer;
    const answer = make();
    last = { at: now, answer };
    answer.catch(() => (last = undefined));
    return answer;
  };
}

/** As the runtimes name them inside a pod's slice. */
const scopePrefixes: Readonly<Record<string, string>> = { containerd: 'cri-containerd', 'cri-o': 'crio' };

function containerCgroup({ driver }: CgroupPlace, parent: string, containerID: string): string {
  const [runtime = '', id = ''] = containerID.split('://');
  return driver === 'systemd' ? `${parent}/${scopePrefixes[runtime] ?? runtime}-${id}.scope` : `${parent}/${id}`;
}

const statusesOf = ({ status }: Pod): ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
  ...(status?.ephemeralContainerStatuses ?? []),
];

async function containerUsage(options: UsageMeterOptions, parent: string, status: ContainerStatus): Promise<readonly ContainerUsage[]> {
  const { containerID = '', state, name, image } = status;
  if (state?.running === undefined || containerID === '') return [];
  const cgroup = containerCgroup(options.place, parent, containerID);
  const usage = await options.cgroups.read(cgroup);
  const startedAtMs = Date.parse(state.running.startedAt ?? '') || 0;
  return usage === undefined ? [] : [{ name, id: containerID.split('://')[1] ?? '', image, startedAtMs, cgroup, usage }];
}

async function podUsage(options: UsageMeterOptions, pod: Pod): Promise<PodUsage> {
  const cgroup = podCgroup(options.place, pod);
  const [usage, containers] = await Promise.all([
    options.cgroups.read(cgroup),
    Promise.all(statusesOf(pod).map((status) => containerUsage(options, cgroup, status))),
  ]);
  const running = containers.flat();
  const process =
    running[0] === undefined || specOf(pod).hostNetwork === true ? undefined : await options.cgroups.processOf(running[0].cgroup);
  const network = process === undefined ? [] : await networkOfProcess(process);
  return { pod, atMs: options.clock.now(), cgroup, usage, containers: running, network };
}

const nothing: DirectoryUsage = { usedBytes: 0, inodesUsed: 0 };
const together = (all: Iterable<DirectoryUsage>): DirectoryUsage =>
  [...all].reduce(
    (sum, { usedBytes, inodesUsed }) => ({ usedBytes: sum.usedBytes + usedBytes, inodesUsed: sum.inodesUsed + inodesUsed }),
    nothing,
  );

/** Kinds whose bytes are on the node's own disk. Source: pkg/kubelet/server/stats/volume_stat_calculator.go; pkg/volume/util/util.go (IsLocalEphemeralVolume) */
async function volumeUsages({ volumePaths }: UsageMeterOptions, pod: Pod): Promise<VolumeUsage[]> {
  const paths = volumePaths(uidOf(pod));
  const found: VolumeUsage[] = [];
  for (const { name, emptyDir, configMap, hostPath, ...others } of specOf(pod).volumes ?? []) {
    const path = paths.get(name);
    if (path === undefined || hostPath !== undefined) continue;
    const isMemory = emptyDir?.medium !== undefined && emptyDir.medium !== '';
    const isOwnFileSystem =
      isMemory || others.persistentVolumeClaim !== undefined || others.ephemeral !== undefined || others.csi !== undefined;
    const fileSystem = await fileSystemUsage(path).catch(() => undefined);
    const used = isOwnFileSystem ? fileSystem : await directoryUsage(path);
    const isEphemeral = (emptyDir !== undefined && !isMemory) || configMap !== undefined;
    if (used !== undefined) found.push({ name, usedBytes: used.usedBytes, inodesUsed: used.inodesUsed, fileSystem, isEphemeral });
  }
  return found;
}

async function podStorage(options: UsageMeterOptions, pod: Pod, layers: ReadonlyMap<string, DirectoryUsage>): Promise<PodStorage> {
  const statuses = statusesOf(pod);
  const layerOf = ({ containerID = '' }: ContainerStatus): DirectoryUsage => layers.get(containerID.split('://')[1] ?? '') ?? nothing;
  const rootfs = new Map(statuses.map((status) => [status.name, layerOf(status)]));
  const logs = new Map<string, DirectoryUsage>();
  for (const { name } of statuses) logs.set(name, await directoryUsage(join(options.directories.podLogs(pod), name)));
  const volumes = await volumeUsages(options, pod);
  const ephemeral = together([...rootfs.values(), ...logs.values(), ...volumes.filter(({ isEphemeral }) => isEphemeral)]);
  return { rootfs, logs, volumes, ephemeral };
}

export function createUsageMeter(options: UsageMeterOptions): UsageMeter {
  const { clock, pods, runtime, directories } = options;
  const storageOf = async (measured: readonly Pod[]): Promise<ReadonlyMap<string, PodStorage>> => {
    const layers = await runtime.writableLayers();
    const found = new Map<string, PodStorage>();
    for (const pod of measured) found.set(uidOf(pod), await podStorage(options, pod, layers));
    return found;
  };
  return {
    node: kept(clock, keptMs, async () => {
      const [machine, network] = await Promise.all([readMachineUsage(), networkOfProcess('self')]);
      return { atMs: clock.now(), machine, network };
    }),
    pods: kept(clock, keptMs, async () => {
      const all = await Promise.all(pods().map((pod) => podUsage(options, pod)));
      return all.filter(({ containers }) => containers.length > 0).toSorted((a, b) => (nameOf(a.pod) < nameOf(b.pod) ? -1 : 1));
    }),
    disks: kept(clock, keptMs, async () => ({
      root: await fileSystemUsage(directories.root),
      images: await fileSystemUsage(await runtime.imageDirectory()),
    })),
    storage: kept(clock, storageKeptMs, () => storageOf(pods())),
    storageOf,
  };
}
