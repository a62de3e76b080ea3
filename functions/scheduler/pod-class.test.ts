import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cacheOf } from '../../test/support/cache.ts';
import type { Node, Pod, PodSpec } from '../kube/generated/types.ts';
import { ClusterState } from './cluster-state.ts';
import { defaultSettings, profileOf } from './profile.ts';
import { schedulePod } from './schedule-pod.ts';

const zoneKey = 'topology.kubernetes.io/zone';
const hostKey = 'kubernetes.io/hostname';

const nodes = Array.from({ length: 9 }, (_, number): Node => ({
  metadata: { name: `n${number}`, labels: { [hostKey]: `n${number}`, ...(number < 8 && { [zoneKey]: `z${number % 3}` }) } },
  spec: number === 4 ? { taints: [{ key: 'shy', effect: 'PreferNoSchedule' }] } : {},
  status: { allocatable: { cpu: `${2 + (number % 2)}`, memory: '8Gi', pods: '6' } },
}));

const web = { matchLabels: { app: 'web' } };
const apart = (topologyKey: string): PodSpec['affinity'] => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: web }] },
});
const together: PodSpec['affinity'] = {
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: zoneKey, labelSelector: web }] },
};
const drawn: PodSpec['affinity'] = {
  podAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 3, podAffinityTerm: { topologyKey: hostKey, labelSelector: web } }],
  },
};
const spread = (whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'): PodSpec['topologySpreadConstraints'] => [
  { maxSkew: 1, topologyKey: zoneKey, whenUnsatisfiable, labelSelector: web },
  { maxSkew: 2, topologyKey: hostKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: web },
];

const templates: Readonly<Record<string, Partial<PodSpec>>> = {
  'ask for nothing special': {},
  'stay away from each other by host': { affinity: apart(hostKey) },
  'stay away from each other by zone': { affinity: apart(zoneKey) },
  'want to be together': { affinity: together },
  'like to be together': { affinity: drawn },
  'must be spread': { topologySpreadConstraints: spread('DoNotSchedule') },
  'prefer to be spread': { topologySpreadConstraints: spread('ScheduleAnyway') },
};

const podOf = (name: string, spec: Partial<PodSpec>): Pod => ({
  metadata: { name, namespace: 'default', uid: name, labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '600m', memory: '1Gi' } } }], ...spec },
});

const profile = profileOf({ ...defaultSettings(), percentageOfNodesToScore: 100 }, { cache: cacheOf(), volumes: undefined });

/** Places pods of two templates in turn and returns where they went, or that there was no place. */
function placesOf(first: Partial<PodSpec>, second: Partial<PodSpec>, clusterBefore: (placed: readonly Pod[]) => ClusterState): string[] {
  const placed: Pod[] = [];
  return Array.from({ length: 24 }, (_, number) => {
    const pod = podOf(`p${number}`, number % 3 === 2 ? second : first);
    const cluster = clusterBefore(placed);
    const placement = schedulePod(pod, cluster, profile, () => 0);
    if (placement.outcome === 'unschedulable') return placement.refusals.map(({ reasons }) => reasons.join()).join('; ');
    cluster.assume(pod, placement.node);
    placed.push({ ...pod, spec: { ...pod.spec, nodeName: placement.node.name } });
    return placement.node.name;
  });
}

describe('what is kept between pods of a template changes no decision', () => {
  for (const [name, spec] of Object.entries(templates))
    for (const [other, otherSpec] of Object.entries(templates))
      test(`pods that ${name}, between pods that ${other}`, () => {
        const kept = new ClusterState({ nodes, pods: [] });
        assert.deepEqual(
          placesOf(spec, otherSpec, () => kept),
          placesOf(spec, otherSpec, (pods) => new ClusterState({ nodes, pods })),
        );
      });
});
