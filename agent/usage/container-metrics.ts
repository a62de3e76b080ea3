/** `/metrics/cadvisor`: what dashboards and recording rules of Prometheus read. Pure. Source: cAdvisor, metrics/prometheus.go; pkg/kubelet/server/server.go (containerPrometheusLabelsFunc) */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import { containerResources } from '../pods/container-resources.ts';
import { containersOf } from '../pods/pod-facts.ts';
import type { DirectoryUsage } from './disk-usage.ts';
import type { MetricFamily, Sample } from './exposition.ts';
import type { CgroupUsage } from './cgroup-usage.ts';
import type { NetworkInterface } from './machine-usage.ts';
import type { ContainerUsage, NodeUsage, PodStorage, PodUsage } from './usage-meter.ts';

export interface ContainerMetricsInput {
  readonly node: NodeUsage;
  readonly pods: readonly PodUsage[];
  readonly storage: ReadonlyMap<string, PodStorage>;
  readonly machine: {
    readonly cpuCount: number;
    readonly memoryBytes: number;
    readonly machineId: string;
    readonly systemUuid: string;
    readonly bootId: string;
  };
}

type Labels = Readonly<Record<string, string>>;

/** A cgroup with what it stands for: the pod as a whole has neither container nor image. */
interface Counted {
  readonly labels: Labels;
  readonly usage: CgroupUsage;
  readonly atMs: number;
}

const labelsOf = (pod: Pod, id: string, container: Pick<ContainerUsage, 'name' | 'image' | 'id'> | undefined): Labels => ({
  container: container?.name ?? '',
  id,
  image: container?.image ?? '',
  name: container?.id ?? '',
  namespace: namespaceOf(pod),
  pod: nameOf(pod),
});

const counted = ({ pod, atMs, cgroup, usage, containers }: PodUsage): Counted[] => [
  ...(usage === undefined ? [] : [{ labels: labelsOf(pod, cgroup, undefined), usage, atMs }]),
  ...containers.map((container) => ({ labels: labelsOf(pod, container.cgroup, container), usage: container.usage, atMs })),
];

interface Measure {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly of: (usage: CgroupUsage) => number;
  readonly labels?: Labels;
}

const seconds = (nanoseconds: number): number => nanoseconds / 1e9;

const measures: readonly Measure[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'Cumulative cpu time consumed in seconds.',
    type: 'counter',
    of: (usage) => seconds(usage.cpuNanoseconds),
    labels: { cpu: 'total' },
  },
  {
    name: 'container_cpu_cfs_periods_total',
    help: 'Number of elapsed enforcement period intervals.',
    type: 'counter',
    of: (usage) => usage.cpuPeriods,
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    help: 'Number of throttled period intervals.',
    type: 'counter',
    of: (usage) => usage.cpuThrottledPeriods,
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    help: 'Total time duration the container has been throttled.',
    type: 'counter',
    of: (usage) => seconds(usage.cpuThrottledNanoseconds),
  },
  {
    name: 'container_memory_usage_bytes',
    help: 'Current memory usage in bytes, including all memory regardless of when it was accessed',
    type: 'gauge',
    of: (usage) => usage.memoryBytes,
  },
  {
    name: 'container_memory_working_set_bytes',
    help: 'Current working set in bytes.',
    type: 'gauge',
    of: (usage) => usage.workingSetBytes,
  },
  { name: 'container_memory_rss', help: 'Size of RSS in bytes.', type: 'gauge', of: (usage) => usage.rssBytes },
  { name: 'container_memory_cache', help: 'Number of bytes of page cache memory.', type: 'gauge', of: (usage) => usage.cacheBytes },
  {
    name: 'container_memory_mapped_file',
    help: 'Size of memory mapped files in bytes.',
    type: 'gauge',
    of: (usage) => usage.mappedFileBytes,
  },
  { name: 'container_memory_swap', help: 'Container swap usage in bytes.', type: 'gauge', of: (usage) => usage.swapBytes },
  { name: 'container_memory_failcnt', help: 'Number of memory usage hits limits', type: 'counter', of: (usage) => usage.memoryFailures },
  {
    name: 'container_memory_max_usage_bytes',
    help: 'Maximum memory usage recorded in bytes',
    type: 'gauge',
    of: (usage) => usage.memoryBytesMax,
  },
  {
    name: 'container_oom_events_total',
    help: 'Count of out of memory events observed for the container',
    type: 'counter',
    of: (usage) => usage.outOfMemoryKills,
  },
  { name: 'container_processes', help: 'Number of processes running inside the container.', type: 'gauge', of: (usage) => usage.processes },
];

const networkMeasures: readonly {
  readonly name: string;
  readonly help: string;
  readonly of: keyof NetworkInterface & `${string}${'Bytes' | 'Packets' | 'Errors' | 'Dropped'}`;
}[] = [
  { name: 'container_network_receive_bytes_total', help: 'Cumulative count of bytes received', of: 'receivedBytes' },
  { name: 'container_network_receive_packets_total', help: 'Cumulative count of packets received', of: 'receivedPackets' },
  { name: 'container_network_receive_errors_total', help: 'Cumulative count of errors encountered while receiving', of: 'receiveErrors' },
  {
    name: 'container_network_receive_packets_dropped_total',
    help: 'Cumulative count of packets dropped while receiving',
    of: 'receiveDropped',
  },
  { name: 'container_network_transmit_bytes_total', help: 'Cumulative count of bytes transmitted', of: 'sentBytes' },
  { name: 'container_network_transmit_packets_total', help: 'Cumulative count of packets transmitted', of: 'sentPackets' },
  { name: 'container_network_transmit_errors_total', help: 'Cumulative count of errors encountered while transmitting', of: 'sendErrors' },
  {
    name: 'container_network_transmit_packets_dropped_total',
    help: 'Cumulative count of packets dropped while transmitting',
    of: 'sendDropped',
  },
];

function networkFamilies({ node, pods }: ContainerMetricsInput): MetricFamily[] {
  const ofNode = node.network.map((one) => ({
    labels: { container: '', id: '/', image: '', interface: one.name, name: '', namespace: '', pod: '' },
    one,
    atMs: node.atMs,
  }));
  const ofPods = pods.flatMap(({ pod, cgroup, network, atMs }) =>
    network.map((one) => ({ labels: { ...labelsOf(pod, cgroup, undefined), interface: one.name }, one, atMs })),
  );
  return networkMeasures.map(({ name, help, of }) => ({
    name,
    help,
    type: 'counter' as const,
    samples: [...ofNode, ...ofPods].map(({ labels, one, atMs }) => ({ labels, value: Number(one[of]), atMs })),
  }));
}

type OfSpec = (pod: Pod, container: Container) => number | undefined;

const resourcesOf = (pod: Pod, container: Container, memoryBytes: number): ReturnType<typeof containerResources> =>
  containerResources(pod, container, memoryBytes);

const atLeastOne = (value: number): number | undefined => (value > 0 ? value : undefined);

function specFamilies({ pods, machine }: ContainerMetricsInput): MetricFamily[] {
  const specs: readonly { readonly name: string; readonly help: string; readonly of: OfSpec }[] = [
    {
      name: 'container_spec_cpu_period',
      help: 'CPU period of the container.',
      of: (pod, container) => resourcesOf(pod, container, machine.memoryBytes).cpuPeriodMicros,
    },
    {
      name: 'container_spec_cpu_quota',
      help: 'CPU quota of the container.',
      of: (pod, container) => atLeastOne(resourcesOf(pod, container, machine.memoryBytes).cpuQuotaMicros),
    },
    {
      name: 'container_spec_cpu_shares',
      help: 'CPU share of the container.',
      of: (pod, container) => resourcesOf(pod, container, machine.memoryBytes).cpuShares,
    },
    {
      name: 'container_spec_memory_limit_bytes',
      help: 'Memory limit for the container.',
      of: (pod, container) => resourcesOf(pod, container, machine.memoryBytes).memoryLimitBytes,
    },
  ];
  return specs.map(({ name, help, of }) => ({
    name,
    help,
    type: 'gauge' as const,
    samples: pods.flatMap(({ pod, containers }): Sample[] =>
      containers.flatMap((container) => {
        const spec = containersOf(pod).find((one) => one.name === container.name);
        const value = spec === undefined ? undefined : of(pod, spec);
        return value === undefined ? [] : [{ labels: labelsOf(pod, container.cgroup, container), value }];
      }),
    ),
  }));
}

function storageFamilies({ pods, storage }: ContainerMetricsInput): MetricFamily[] {
  const samples = (value: (usage: DirectoryUsage) => number): Sample[] =>
    pods.flatMap(({ pod, containers, atMs }) =>
      containers.flatMap((container) => {
        const used = storage.get(pod.metadata.uid ?? '')?.rootfs.get(container.name);
        return used === undefined
          ? []
          : [{ labels: { ...labelsOf(pod, container.cgroup, container), device: '' }, value: value(used), atMs }];
      }),
    );
  return [
    {
      name: 'container_fs_usage_bytes',
      help: 'Number of bytes that are consumed by the container on this filesystem.',
      type: 'gauge',
      samples: samples(({ usedBytes }) => usedBytes),
    },
    { name: 'container_fs_inodes_total', help: 'Number of Inodes', type: 'gauge', samples: samples(({ inodesUsed }) => inodesUsed) },
  ];
}

function machineFamilies({ node, machine }: ContainerMetricsInput): MetricFamily[] {
  const labels = { boot_id: machine.bootId, machine_id: machine.machineId, system_uuid: machine.systemUuid };
  const root = { container: '', id: '/', image: '', name: '', namespace: '', pod: '' };
  const { cpuNanoseconds, memoryBytes, workingSetBytes, rssBytes } = node.machine;
  const ofRoot = (name: string, type: MetricFamily['type'], value: number, more: Labels = {}): MetricFamily => ({
    name,
    help: '',
    type,
    samples: [{ labels: { ...root, ...more }, value, atMs: node.atMs }],
  });
  return [
    { name: 'machine_cpu_cores', help: 'Number of logical CPU cores.', type: 'gauge', samples: [{ labels, value: machine.cpuCount }] },
    {
      name: 'machine_memory_bytes',
      help: 'Amount of memory installed on the machine.',
      type: 'gauge',
      samples: [{ labels, value: machine.memoryBytes }],
    },
    ofRoot('container_cpu_usage_seconds_total', 'counter', seconds(cpuNanoseconds), { cpu: 'total' }),
    ofRoot('container_memory_usage_bytes', 'gauge', memoryBytes),
    ofRoot('container_memory_working_set_bytes', 'gauge', workingSetBytes),
    ofRoot('container_memory_rss', 'gauge', rssBytes),
  ];
}

/** A family stands in the text once, with all its samples. */
function merged(families: readonly MetricFamily[]): MetricFamily[] {
  const byName = new Map<string, MetricFamily>();
  for (const family of families) {
    const before = byName.get(family.name);
    byName.set(family.name, before === undefined ? family : { ...before, samples: [...before.samples, ...family.samples] });
  }
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export function containerMetrics(input: ContainerMetricsInput): MetricFamily[] {
  const all = input.pods.flatMap(counted);
  const kernel = measures.map(({ name, help, type, of, labels = {} }): MetricFamily => ({
    name,
    help,
    type,
    samples: all.map((one) => ({ labels: { ...one.labels, ...labels }, value: of(one.usage), atMs: one.atMs })),
  }));
  const times = input.pods.flatMap(({ pod, containers, atMs }) =>
    containers.map((container) => ({ labels: labelsOf(pod, container.cgroup, container), startedAtMs: container.startedAtMs, atMs })),
  );
  const started: MetricFamily = {
    name: 'container_start_time_seconds',
    help: 'Start time of the container since unix epoch in seconds.',
    type: 'gauge',
    samples: times.map(({ labels, startedAtMs, atMs }) => ({ labels, value: startedAtMs / 1000, atMs })),
  };
  const seen: MetricFamily = {
    name: 'container_last_seen',
    help: 'Last time a container was seen by the exporter',
    type: 'gauge',
    samples: times.map(({ labels, atMs }) => ({ labels, value: Math.floor(atMs / 1000), atMs })),
  };
  return merged([
    ...kernel,
    started,
    seen,
    ...specFamilies(input),
    ...storageFamilies(input),
    ...networkFamilies(input),
    ...machineFamilies(input),
  ]);
}
