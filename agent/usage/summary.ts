/** `/stats/summary`. Pure. Source: k8s.io/kubelet, pkg/apis/stats/v1alpha1/types.go; pkg/kubelet/server/stats/summary.go */
import { nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { claimNameOf } from '../../functions/kube/volumes.ts';
import { timestamp } from '../../functions/kube/time.ts';
import { specOf } from '../pods/pod-facts.ts';
import type { CgroupUsage } from './cgroup-usage.ts';
import type { DirectoryUsage, FileSystemUsage } from './disk-usage.ts';
import type { NetworkInterface } from './machine-usage.ts';
import type { ContainerUsage, Disks, NodeUsage, PodStorage, PodUsage } from './usage-meter.ts';

export interface SummaryInput {
  readonly nodeName: string;
  readonly node: NodeUsage;
  readonly pods: readonly PodUsage[];
  readonly storage: ReadonlyMap<string, PodStorage>;
  readonly disks: Disks;
  /** Cores in use, by cgroup; '' is the machine. Undefined until two readings are there. */
  readonly nanoCores: (cgroup: string, cpuNanoseconds: number, atMs: number) => number | undefined;
}

const cpuOf = (usage: Pick<CgroupUsage, 'cpuNanoseconds'>, cgroup: string, atMs: number, { nanoCores }: SummaryInput): object => ({
  time: timestamp(atMs),
  usageNanoCores: nanoCores(cgroup, usage.cpuNanoseconds, atMs),
  usageCoreNanoSeconds: usage.cpuNanoseconds,
});

const memoryOf = (usage: CgroupUsage, atMs: number): object => ({
  time: timestamp(atMs),
  usageBytes: usage.memoryBytes,
  workingSetBytes: usage.workingSetBytes,
  rssBytes: usage.rssBytes,
  pageFaults: usage.pageFaults,
  majorPageFaults: usage.majorPageFaults,
});

const swapOf = (usage: CgroupUsage, atMs: number): object => ({ time: timestamp(atMs), swapUsageBytes: usage.swapBytes });

const fileSystem = (
  { availableBytes, capacityBytes, usedBytes, inodes, inodesFree, inodesUsed }: FileSystemUsage,
  atMs: number,
): object => ({
  time: timestamp(atMs),
  availableBytes,
  capacityBytes,
  usedBytes,
  inodesFree,
  inodes,
  inodesUsed,
});

/** What is used of a disk that others use as well. */
const shareOf = (disk: FileSystemUsage, { usedBytes, inodesUsed }: DirectoryUsage, atMs: number): object =>
  fileSystem({ ...disk, usedBytes, inodesUsed }, atMs);

const interfaceOf = ({ name, receivedBytes, receiveErrors, sentBytes, sendErrors }: NetworkInterface): object => ({
  name,
  rxBytes: receivedBytes,
  rxErrors: receiveErrors,
  txBytes: sentBytes,
  txErrors: sendErrors,
});

function networkOf(interfaces: readonly NetworkInterface[], atMs: number): object | undefined {
  const main = interfaces.find(({ name }) => name === 'eth0') ?? interfaces[0];
  return main === undefined ? undefined : { time: timestamp(atMs), ...interfaceOf(main), interfaces: interfaces.map(interfaceOf) };
}

function containerStats(container: ContainerUsage, { atMs }: PodUsage, storage: PodStorage | undefined, input: SummaryInput): object {
  const { disks } = input;
  const rootfs = storage?.rootfs.get(container.name);
  const logs = storage?.logs.get(container.name);
  return {
    name: container.name,
    startTime: timestamp(container.startedAtMs),
    cpu: cpuOf(container.usage, container.cgroup, atMs, input),
    memory: memoryOf(container.usage, atMs),
    ...(rootfs === undefined ? {} : { rootfs: shareOf(disks.images, rootfs, atMs) }),
    ...(logs === undefined ? {} : { logs: shareOf(disks.root, logs, atMs) }),
    swap: swapOf(container.usage, atMs),
  };
}

function volumesOf({ pod, atMs }: PodUsage, storage: PodStorage): object[] {
  const spec = specOf(pod).volumes ?? [];
  return storage.volumes.map((usage) => {
    const volume = spec.find(({ name }) => name === usage.name);
    const claim = volume === undefined ? undefined : claimNameOf(pod, volume);
    return {
      ...(usage.fileSystem === undefined ? { time: timestamp(atMs) } : shareOf(usage.fileSystem, usage, atMs)),
      name: usage.name,
      ...(claim === undefined ? {} : { pvcRef: { name: claim, namespace: namespaceOf(pod) } }),
    };
  });
}

function podStats(pod: PodUsage, input: SummaryInput): object {
  const { atMs, usage, cgroup } = pod;
  const storage = input.storage.get(uidOf(pod.pod));
  const network = networkOf(pod.network, atMs);
  return {
    podRef: { name: nameOf(pod.pod), namespace: namespaceOf(pod.pod), uid: uidOf(pod.pod) },
    startTime: pod.pod.status?.startTime ?? timestamp(atMs),
    containers: pod.containers.map((container) => containerStats(container, pod, storage, input)),
    ...(usage === undefined
      ? {}
      : {
          cpu: cpuOf(usage, cgroup, atMs, input),
          memory: memoryOf(usage, atMs),
          swap: swapOf(usage, atMs),
          process_stats: { process_count: usage.processes },
        }),
    ...(network === undefined ? {} : { network }),
    ...(storage === undefined
      ? {}
      : { volume: volumesOf(pod, storage), 'ephemeral-storage': shareOf(input.disks.root, storage.ephemeral, atMs) }),
  };
}

export function summary(input: SummaryInput): object {
  const { nodeName, node, pods, disks } = input;
  const { machine, atMs } = node;
  const { memoryBytes, memoryCapacityBytes, workingSetBytes, rssBytes, swapBytes, swapCapacityBytes } = machine;
  const time = timestamp(atMs);
  return {
    node: {
      nodeName,
      startTime: timestamp(machine.bootedAtMs),
      cpu: cpuOf(machine, '', atMs, input),
      memory: {
        time,
        availableBytes: Math.max(0, memoryCapacityBytes - workingSetBytes),
        usageBytes: memoryBytes,
        workingSetBytes,
        rssBytes,
      },
      network: networkOf(node.network, atMs),
      fs: fileSystem(disks.root, atMs),
      runtime: { imageFs: fileSystem(disks.images, atMs), containerFs: fileSystem(disks.images, atMs) },
      rlimit: { time, maxpid: machine.processesMax, curproc: machine.processes },
      swap: { time, swapAvailableBytes: swapCapacityBytes - swapBytes, swapUsageBytes: swapBytes },
    },
    pods: pods.map((pod) => podStats(pod, input)),
  };
}

const rateMsMin = 1000;
const rateMsMax = 120_000;

/** Cores from two readings of the same counter, at least a second apart. */
export function coreRates(): SummaryInput['nanoCores'] {
  const readings = new Map<string, { readonly atMs: number; readonly nanoseconds: number; readonly rate: number | undefined }>();
  return (cgroup, nanoseconds, atMs) => {
    for (const [key, { atMs: then }] of readings) if (atMs - then > rateMsMax) readings.delete(key);
    const before = readings.get(cgroup);
    if (before !== undefined && atMs - before.atMs < rateMsMin) return before.rate;
    const rate =
      before === undefined ? undefined : Math.max(0, Math.round(((nanoseconds - before.nanoseconds) * 1000) / (atMs - before.atMs)));
    readings.set(cgroup, { atMs, nanoseconds, rate });
    return rate;
  };
}
