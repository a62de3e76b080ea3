/** What schedulers are given, the same for both: nodes, pods that run already, and pods that wait. As upstream's scheduler_perf has them. */
import type { Node, Pod, PodSpec } from '../../../functions/kube/generated/types.ts';

export interface Load {
  readonly name: string;
  /** Pods that wait. */
  readonly waiting: readonly Pod[];
  /** Pods that run, each on a node. */
  readonly running: readonly Pod[];
}

export const benchNamespace = 'bench';
export const zoneCount = 10;
const capacity = { cpu: '4', memory: '32Gi', pods: '110' };

export const benchNodes = (count: number): readonly Node[] =>
  Array.from({ length: count }, (_, number) => ({
    metadata: {
      name: `node-${number}`,
      labels: { 'kubernetes.io/hostname': `node-${number}`, 'topology.kubernetes.io/zone': `zone-${number % zoneCount}` },
    },
    spec: {},
    status: { capacity, allocatable: capacity, conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
  })) as unknown as readonly Node[];

function pod(name: string, cpu: string, rest: { readonly labels?: Record<string, string>; readonly spec?: Partial<PodSpec> } = {}): Pod {
  const { labels = {}, spec = {} } = rest;
  const containers = [{ name: 'pause', image: 'pause:1', resources: { requests: { cpu, memory: '500Mi' } } }];
  return { metadata: { namespace: benchNamespace, name, labels }, spec: { containers, terminationGracePeriodSeconds: 0, ...spec } } as Pod;
}

const many = (count: number, make: (number: number) => Pod): readonly Pod[] => Array.from({ length: count }, (_, number) => make(number));

/** Placed before a load. */
export const firstPod = pod('first', '100m');

/** `count` pods wait. */
export function loads(nodeCount: number, count: number): readonly Load[] {
  const blue = { color: 'blue' };
  const green = { color: 'green' };
  const spread = {
    topologySpreadConstraints: [
      { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: blue } },
    ],
  };
  const apart = {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: green } }],
      },
    },
  };
  const low = many(nodeCount, (number) => pod(`low-${number}`, '3', { spec: { nodeName: `node-${number}` } }));
  return [
    { name: 'basic', running: [], waiting: many(count, (number) => pod(`basic-${number}`, '100m')) },
    { name: 'spread', running: [], waiting: many(count, (number) => pod(`spread-${number}`, '100m', { labels: blue, spec: spread })) },
    { name: 'antiAffinity', running: [], waiting: many(count, (number) => pod(`apart-${number}`, '100m', { labels: green, spec: apart })) },
    {
      name: 'preemption',
      running: low,
      waiting: many(count, (number) => pod(`high-${number}`, '3', { spec: { priorityClassName: 'high' } })),
    },
  ];
}
