/**
 * Which pods go first when there are too many: those whose loss hurts least. Pure.
 * Source: pkg/controller/controller_utils.go, ActivePodsWithRanks.
 */
import { conditionOf } from '../../kube/conditions.ts';
import type { ContainerStatus, Pod } from '../../kube/generated/types.ts';
import { annotationsOf, uidOf } from '../../kube/object.ts';
import { isPodActive, isPodReady } from '../../kube/pod.ts';
import { parseTime } from '../../kube/time.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const phaseOrder = ['Pending', 'Unknown', 'Running'];

/** `related` are the pods that share the work, on whose node a pod is less missed. */
export function podsToDelete(pods: readonly Pod[], surplus: number, related: readonly Pod[], nowMs: number): readonly Pod[] {
  if (surplus >= pods.length) return pods;
  const podsOnNode = new Map<string, number>();
  for (const pod of related) {
    if (!isPodActive(pod)) continue;
    const nodeName = pod.spec?.nodeName ?? '';
    podsOnNode.set(nodeName, (podsOnNode.get(nodeName) ?? 0) + 1);
  }
  const rankOf = (pod: Pod): number => podsOnNode.get(pod.spec?.nodeName ?? '') ?? 0;
  return [...pods].sort((a, b) => compareForDeletion(a, b, rankOf, nowMs)).slice(0, surplus);
}

/** Negative when `a` goes before `b`. */
function compareForDeletion(a: Pod, b: Pod, rankOf: (pod: Pod) => number, nowMs: number): number {
  const criteria = [
    () => order(isAssigned(a), isAssigned(b)),
    () => phaseOrder.indexOf(a.status?.phase ?? 'Pending') - phaseOrder.indexOf(b.status?.phase ?? 'Pending'),
    () => order(isPodReady(a), isPodReady(b)),
    () => deletionCost(a) - deletionCost(b),
    () => rankOf(b) - rankOf(a),
    () => (isPodReady(a) ? compareAges(readySinceMs(a), readySinceMs(b), nowMs, a, b) : 0),
    () => restarts(b, 'containerStatuses') - restarts(a, 'containerStatuses'),
    () => restarts(b, 'initContainerStatuses') - restarts(a, 'initContainerStatuses'),
    () => compareAges(createdMs(a), createdMs(b), nowMs, a, b),
  ];
  for (const compare of criteria) {
    const difference = compare();
    if (difference !== 0) return difference;
  }
  return 0;
}

const order = (a: boolean, b: boolean): number => Number(a) - Number(b);

const isAssigned = (pod: Pod): boolean => (pod.spec?.nodeName ?? '') !== '';

function deletionCost(pod: Pod): number {
  const text = annotationsOf(pod)[deletionCostAnnotation];
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function readySinceMs(pod: Pod): number | undefined {
  const time = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  return time === undefined ? undefined : parseTime(time);
}

function createdMs(pod: Pod): number | undefined {
  const time = pod.metadata.creationTimestamp;
  return time === undefined ? undefined : parseTime(time);
}

const restarts = (pod: Pod, field: 'containerStatuses' | 'initContainerStatuses'): number =>
  (pod.status?.[field] ?? []).reduce((most: number, { restartCount }: ContainerStatus) => Math.max(most, restartCount), 0);

/**
 * The younger pod first, but ages within the same power of two count as the same. So scaling up and down again does not
 * always delete pods of the same node.
 */
function compareAges(aMs: number | undefined, bMs: number | undefined, nowMs: number, ...[a, b]: [Pod, Pod]): number {
  if (aMs === bMs) return 0;
  if (aMs === undefined) return -1;
  if (bMs === undefined) return 1;
  const difference = magnitude(nowMs - aMs) - magnitude(nowMs - bMs);
  if (difference !== 0) return difference;
  return uidOf(a) < uidOf(b) ? -1 : 1;
}

const nanosecondsPerMs = 1e6;
const magnitude = (ageMs: number): number => (ageMs > 0 ? Math.floor(Math.log2(ageMs * nanosecondsPerMs)) : -1);
