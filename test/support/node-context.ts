/** What pod workers share on a node that only exists in a test: a virtual clock, a pretended runtime, Events to read. */
import { directories } from '../../agent/pods/directories.ts';
import type { NodeFeatures } from '../../agent/pods/node-features.ts';
import type { NodeContext } from '../../agent/pods/node-context.ts';
import { noPodFiles } from '../../agent/pods/pod-files.ts';
import { semaphore } from '../../agent/pods/semaphore.ts';
import { createSimulatedRuntime } from '../../agent/runtime/simulated/simulated-runtime.ts';
import type { ConfigMap, RuntimeClass, Secret, Service } from '../../functions/kube/generated/types.ts';
import type { ClusterFacts } from '../../agent/pods/sandbox-config.ts';
import { virtualWorld, type VirtualWorld } from './virtual-world.ts';

export interface NodeOfTest {
  readonly world: VirtualWorld;
  readonly context: NodeContext;
  /** `Type Reason message`, with the field when there is one, in the order in which they were recorded. */
  readonly events: readonly string[];
}

export interface KnownObjects {
  readonly configMaps?: readonly ConfigMap[];
  readonly secrets?: readonly Secret[];
  readonly services?: readonly Service[];
  readonly runtimeClasses?: readonly RuntimeClass[];
}

export const facts: ClusterFacts = {
  nodeName: 'node-a',
  clusterDns: '169.254.20.10',
  clusterDomain: 'cluster.local',
  hostDns: { servers: ['192.168.0.53'], searches: ['lan'], options: ['edns0'] },
  directories: directories('/var/lib/agent'),
  cgroups: { root: '', driver: 'cgroupfs' },
};

export const allFeatures: NodeFeatures = {
  appArmor: true,
  supplementalGroupsPolicy: true,
  handlers: [{ name: '', recursiveReadOnlyMounts: true, userNamespaces: false }],
};

export const lookupOf = ({ configMaps = [], secrets = [], services = [], runtimeClasses = [] }: KnownObjects): NodeContext['lookup'] => ({
  configMap: (namespace, name) => configMaps.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  secret: (namespace, name) => secrets.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  services: () => services,
  clusterTrustBundles: () => [],
  runtimeClass: (name) => runtimeClasses.find(({ metadata }) => metadata.name === name),
});

export function nodeOfTest(more: Partial<NodeContext> = {}): NodeOfTest {
  const world = virtualWorld();
  const events: string[] = [];
  const context: NodeContext = {
    ...world,
    runtime: createSimulatedRuntime({ clock: world.clock, podCidr: () => '10.244.3.0/24' }),
    volumes: { setUp: async () => new Map(), refresh: async () => {}, tearDown: async () => {}, staged: async () => [] },
    files: noPodFiles,
    events: {
      event: (_object, type, reason, message, options) =>
        events.push(`${type} ${reason} ${message}${options?.fieldPath === undefined ? '' : ` (${options.fieldPath})`}`),
    },
    lookup: lookupOf({}),
    facts,
    starts: semaphore(2),
    hostIps: ['192.168.0.1'],
    pods: () => [],
    allocatable: { cpu: '2', memory: '1Gi' },
    networkIsReady: () => true,
    attach: async () => {},
    features: () => allFeatures,
    ...more,
  };
  return { world, context, events };
}
