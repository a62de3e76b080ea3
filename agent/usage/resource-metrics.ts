/** `/metrics/resource`: what metrics-server asks for. Pure. Source: pkg/kubelet/metrics/collectors/resource_metrics.go */
import { nameOf, namespaceOf } from '../../functions/kube/object.ts';
import type { MetricFamily, Sample } from './exposition.ts';
import type { CgroupUsage } from './cgroup-usage.ts';
import type { ContainerUsage, NodeUsage, PodUsage } from './usage-meter.ts';

const nanosecondsPerSecond = 1e9;

type OfCgroup = (usage: CgroupUsage) => number;
const cpuSeconds: OfCgroup = ({ cpuNanoseconds }) => cpuNanoseconds / nanosecondsPerSecond;
const workingSet: OfCgroup = ({ workingSetBytes }) => workingSetBytes;
const swap: OfCgroup = ({ swapBytes }) => swapBytes;

const podLabels = ({ pod }: PodUsage): Record<string, string> => ({ namespace: namespaceOf(pod), pod: nameOf(pod) });

const ofContainers = (pods: readonly PodUsage[], value: (container: ContainerUsage) => number, isTimed = true): Sample[] =>
  pods.flatMap((pod) =>
    pod.containers.map((container) => ({
      labels: { container: container.name, ...podLabels(pod) },
      value: value(container),
      ...(isTimed ? { atMs: pod.atMs } : {}),
    })),
  );

const ofPods = (pods: readonly PodUsage[], value: OfCgroup): Sample[] =>
  pods.flatMap((pod) => (pod.usage === undefined ? [] : [{ labels: podLabels(pod), value: value(pod.usage), atMs: pod.atMs }]));

export function resourceMetrics({ machine, atMs }: NodeUsage, pods: readonly PodUsage[]): MetricFamily[] {
  const ofNode = (value: number): Sample[] => [{ value, atMs }];
  const family = (type: MetricFamily['type'], name: string, help: string, samples: readonly Sample[]): MetricFamily => ({
    name,
    help,
    type,
    samples,
  });
  return [
    family(
      'counter',
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed by the container in core-seconds',
      ofContainers(pods, ({ usage }) => cpuSeconds(usage)),
    ),
    family(
      'gauge',
      'container_memory_working_set_bytes',
      'Current working set of the container in bytes',
      ofContainers(pods, ({ usage }) => workingSet(usage)),
    ),
    family(
      'gauge',
      'container_start_time_seconds',
      'Start time of the container since unix epoch in seconds',
      ofContainers(pods, ({ startedAtMs }) => startedAtMs / 1000, false),
    ),
    family(
      'gauge',
      'container_swap_usage_bytes',
      'Current amount of the container swap usage in bytes',
      ofContainers(pods, ({ usage }) => swap(usage)),
    ),
    family(
      'counter',
      'node_cpu_usage_seconds_total',
      'Cumulative cpu time consumed by the node in core-seconds',
      ofNode(machine.cpuNanoseconds / nanosecondsPerSecond),
    ),
    family('gauge', 'node_memory_working_set_bytes', 'Current working set of the node in bytes', ofNode(machine.workingSetBytes)),
    family('gauge', 'node_swap_usage_bytes', 'Current swap usage of the node in bytes', ofNode(machine.swapBytes)),
    family('counter', 'pod_cpu_usage_seconds_total', 'Cumulative cpu time consumed by the pod in core-seconds', ofPods(pods, cpuSeconds)),
    family('gauge', 'pod_memory_working_set_bytes', 'Current working set of the pod in bytes', ofPods(pods, workingSet)),
    family('gauge', 'pod_swap_usage_bytes', 'Current amount of the pod swap usage in bytes', ofPods(pods, swap)),
    family('gauge', 'resource_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise', [{ value: 0 }]),
    family('gauge', 'scrape_error', '1 if there was an error while getting container metrics, 0 otherwise', [{ value: 0 }]),
  ];
}
