/**
 * What a node's silence means for its conditions, and what its conditions mean for its taints. Pure.
 * Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go, tryUpdateNodeHealth and doNoScheduleTaintingPass.
 */
import { conditionOf } from '../../kube/conditions.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Lease, Node, NodeCondition, Taint } from '../../kube/generated/types.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import { isSameTaint, notReadyTaint, unreachableTaint } from '../shared/taints.ts';

/** How long a node may be unresponsive: after its first heartbeat, and before it. */
const graceMs = 40_000;
const startupGraceMs = 60_000;
export const longestGraceMs = Math.max(graceMs, startupGraceMs);

/** Deadlines are rounded up to steps, as upstream checks nodes: `--node-monitor-period`. */
const stepMs = 5_000;

export const isNodeReady = (node: Node): boolean => conditionOf(node.status?.conditions, 'Ready')?.status === 'True';

/** Whether the controller already set the node's Ready to Unknown. */
export const isGivenUp = (node: Node): boolean => conditionOf(node.status?.conditions, 'Ready')?.status === 'Unknown';

const timeMs = (text: string | undefined): number => (text === undefined ? 0 : parseTime(text));

/** When the node has been unresponsive for too long. Before `listeningSinceMs` no heartbeat could arrive. */
export function unresponsiveAtMs(node: Node, lease: Lease | undefined, listeningSinceMs: number): number {
  const ready = conditionOf(node.status?.conditions, 'Ready');
  const heardMs = Math.max(
    timeMs(lease?.spec?.renewTime),
    timeMs(ready?.lastHeartbeatTime),
    timeMs(node.metadata.creationTimestamp),
    listeningSinceMs,
  );
  const deadlineMs = heardMs + (ready === undefined ? startupGraceMs : graceMs);
  return Math.ceil(deadlineMs / stepMs) * stepMs;
}

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The conditions of a node that became unresponsive: Unknown. */
export function unknownConditions(node: Node, nowMs: number): NodeCondition[] {
  const now = timestamp(nowMs);
  const known = (node.status?.conditions ?? []).map((condition) =>
    watchedConditions.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: now,
        }
      : condition,
  );
  const missing = watchedConditions.filter((type) => conditionOf(known, type) === undefined);
  const never = missing.map((type) => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: now,
  }));
  return [...known, ...never];
}

const readyTaints: Readonly<Record<string, string | undefined>> = { False: notReadyTaint, Unknown: unreachableTaint };
const pressureTaints: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
const unschedulableTaint = 'node.kubernetes.io/unschedulable';

/** The taints that this controller alone decides about. */
const ownTaints: readonly Taint[] = [
  ...[notReadyTaint, unreachableTaint].flatMap((key) => [
    { key, effect: 'NoSchedule' },
    { key, effect: 'NoExecute' },
  ]),
  ...[...Object.values(pressureTaints), unschedulableTaint].map((key) => ({ key, effect: 'NoSchedule' })),
];

/**
 * The taints that the node should have; others are left as they are. With `mayEvict` false no pod is driven away.
 * The answer is the very list of the node when nothing changes.
 */
export function nodeTaints(node: Node, mayEvict: boolean, nowMs: number): readonly Taint[] {
  const before = node.spec?.taints ?? [];
  const foreign = before.filter((taint) => !ownTaints.some((own) => isSameTaint(own, taint)));
  const wanted = wantedTaints(node, mayEvict).map((taint) => {
    const present = before.find((other) => isSameTaint(other, taint));
    return present ?? { ...taint, timeAdded: timestamp(nowMs) };
  });
  const kept = before.filter((taint) => foreign.includes(taint) || wanted.includes(taint));
  const added = wanted.filter((taint) => !before.includes(taint));
  const after = [...kept, ...added];
  return deepEqual(after, before) ? before : after;
}

function wantedTaints(node: Node, mayEvict: boolean): Taint[] {
  const conditions = node.status?.conditions ?? [];
  const ready = readyTaints[conditionOf(conditions, 'Ready')?.status ?? ''];
  const taints: Taint[] = [];
  if (ready !== undefined) taints.push({ key: ready, effect: 'NoSchedule' });
  if (ready !== undefined && mayEvict) taints.push({ key: ready, effect: 'NoExecute' });
  for (const [type, key] of Object.entries(pressureTaints))
    if (conditionOf(conditions, type)?.status === 'True') taints.push({ key, effect: 'NoSchedule' });
  if (node.spec?.unschedulable === true) taints.push({ key: unschedulableTaint, effect: 'NoSchedule' });
  return taints;
}
