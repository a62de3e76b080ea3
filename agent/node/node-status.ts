/** The Node object of this machine: labels, capacity, conditions. Pure. Source: pkg/kubelet/nodestatus/setters.go, pkg/kubelet/kubelet_node_status.go */
import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../../functions/kube/generated/types.ts';
import { timestamp } from '../../functions/kube/time.ts';
import { gitVersion } from '../../functions/kube/kubernetes-version.ts';
import { portOf, type AgentConfig } from '../config.ts';
import type { RuntimeReadiness, RuntimeVersion } from '../runtime/runtime.ts';
import type { Counts } from '../devices/device-pool.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import type { Machine } from './machine.ts';

export interface NodeStatusInput {
  readonly config: AgentConfig;
  readonly machine: Machine;
  readonly version: RuntimeVersion;
  readonly readiness: Pick<RuntimeReadiness, 'runtime' | 'network'>;
  /** Left out by nodes that have none. */
  readonly images?: readonly ContainerImage[];
  /** Whether the machine shuts down; left out: no. */
  readonly isShuttingDown?: boolean | undefined;
  readonly pressures?: ReadonlySet<PressureType> | undefined;
  /** The number of devices of plug-ins, by resource. */
  readonly devices?: Counts | undefined;
  /** Volumes that may not be detached from the node. */
  readonly volumesInUse?: readonly string[];
  /** The status that was reported before, so that times of transition are kept. */
  readonly prior: NodeStatus | undefined;
  readonly nowMs: number;
}

const podsMax = '110';
/** The share of the ephemeral storage that pods may use; eviction defends the rest. */
const storageShareAllocatable = 0.9;

export function capacityOf(config: AgentConfig, machine: Machine): Record<string, string> {
  return {
    cpu: String(machine.cpuCount),
    'ephemeral-storage': `${Math.floor(machine.storageBytes / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: podsMax,
    ...config.capacity,
  };
}

export function allocatableOf(config: AgentConfig, machine: Machine): Record<string, string> {
  const capacity = capacityOf(config, machine);
  const storage = String(Math.floor(machine.storageBytes * storageShareAllocatable));
  return { ...capacity, 'ephemeral-storage': config.capacity?.['ephemeral-storage'] ?? storage };
}

export function nodeLabels(config: AgentConfig, machine: Pick<Machine, 'architecture'>): Record<string, string> {
  return {
    'beta.kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'kubernetes.io/hostname': config.nodeName,
    'kubernetes.io/os': 'linux',
    ...config.labels,
  };
}

type Verdict = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

const pressureTexts: readonly (readonly [PressureType, well: readonly [string, string], short: readonly [string, string]])[] = [
  [
    'MemoryPressure',
    ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
  ],
  ['DiskPressure', ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'], ['KubeletHasDiskPressure', 'kubelet has disk pressure']],
  [
    'PIDPressure',
    ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
  ],
];

const pressureVerdicts = (pressures: ReadonlySet<PressureType> = new Set()): readonly Verdict[] =>
  pressureTexts.map(([type, well, short]) => {
    const [reason, message] = pressures.has(type) ? short : well;
    return { type, status: pressures.has(type) ? 'True' : 'False', reason, message };
  });

function readyVerdict({ readiness: { runtime, network }, isShuttingDown = false }: NodeStatusInput): Verdict {
  const why = [
    ...(runtime.ready ? [] : [`container runtime not ready: RuntimeReady=false reason:RuntimeNotReady message:${runtime.message}`]),
    ...(network.ready
      ? []
      : [
          `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ${network.message}`,
        ]),
    ...(isShuttingDown ? ['node is shutting down'] : []),
  ];
  if (why.length === 0) return { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' };
  return { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: why.join(', ') };
}

function conditions(input: NodeStatusInput): NodeCondition[] {
  const { pressures, prior, nowMs } = input;
  return [...pressureVerdicts(pressures), readyVerdict(input)].map((verdict) => {
    const before = prior?.conditions?.find(({ type }) => type === verdict.type);
    const now = timestamp(nowMs);
    const isSame = before?.status === verdict.status;
    // The heartbeat is the poll itself; this time only moves with the condition, or every beat would be a write.
    const lastHeartbeatTime = isSame && before.message === verdict.message ? before.lastHeartbeatTime : now;
    return { ...verdict, lastHeartbeatTime, lastTransitionTime: isSame ? before.lastTransitionTime : now };
  });
}

export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { config, machine, version } = input;
  return {
    addresses: [
      { type: 'InternalIP', address: config.nodeIp },
      { type: 'Hostname', address: config.nodeName },
    ],
    capacity: { ...capacityOf(config, machine), ...input.devices?.capacity },
    allocatable: { ...allocatableOf(config, machine), ...input.devices?.allocatable },
    conditions: conditions(input),
    ...(input.images === undefined ? {} : { images: [...input.images] }),
    ...(input.volumesInUse === undefined ? {} : { volumesInUse: [...input.volumesInUse] }),
    daemonEndpoints: { kubeletEndpoint: { Port: portOf(config) } },
    nodeInfo: {
      architecture: machine.architecture,
      bootID: machine.bootId,
      containerRuntimeVersion: `${version.name}://${version.version}`,
      kernelVersion: machine.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion: gitVersion,
      machineID: machine.machineId,
      operatingSystem: 'linux',
      osImage: machine.osImage,
      systemUUID: machine.systemUuid,
    },
  };
}

export const nodeObject = (
  config: AgentConfig,
  machine: Machine,
  status: NodeStatus,
  annotations: Readonly<Record<string, string>> = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: config.nodeName,
    labels: nodeLabels(config, machine),
    annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true', ...annotations },
  },
  spec: {},
  status,
});
