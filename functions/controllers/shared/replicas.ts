/**
 * Keeping a number of pods of one template: what ReplicaSets and ReplicationControllers have in common.
 * Source: pkg/controller/replicaset/replica_set.go and replica_set_utils.go.
 */
import { conditionOf } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Pod, PodTemplateSpec, ReplicaSetCondition } from '../../kube/generated/types.ts';
import type { Requirement } from '../../kube/labels.ts';
import { matchesLabels, requirementsOf, selectorOf } from '../../kube/labels.ts';
import type { KubeObject } from '../../kube/object.ts';
import { isTerminating, labelsOf } from '../../kube/object.ts';
import { isPodActive, isPodAvailable, isPodFinished, isPodReady } from '../../kube/pod.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { pods as podType } from '../../kube/resource-type.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import type { ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { claimObjects } from './claim.ts';
import { podsToDelete } from './deletion-ranking.ts';
import { createPod, deletePod, isNamespaceTerminating, podFromTemplate } from './pod-control.ts';
import { allOf, slowStart } from './slow-start.ts';

/** Pods created or deleted by one reconcile. */
const burstReplicas = 500;

/** The same shape for ReplicaSets and ReplicationControllers. */
interface ReplicaStatus {
  replicas: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
  conditions?: ReplicaSetCondition[];
}

interface ReplicaObject extends KubeObject {
  status?: ReplicaStatus;
}

export interface ReplicaOwner {
  readonly object: ReplicaObject;
  readonly type: ResourceType;
  readonly replicas: number;
  readonly minReadySeconds: number;
  readonly selector: readonly Requirement[];
  readonly template: PodTemplateSpec;
  /** Whether its status counts the pods that are being deleted. */
  readonly countsTerminating: boolean;
  /** Pods of siblings, for choosing which pod is missed least. */
  relatedPods(): readonly Pod[];
}

export async function reconcileReplicas(owner: ReplicaOwner, context: ReconcileContext): Promise<ReconcileResult> {
  const { clock, cache, client } = context;
  const pods = await claimObjects(owner, podType, context, isPodActive);
  const failure = isTerminating(owner.object) ? undefined : await scale(owner, pods, context);
  const nowMs = clock.now();
  const status = { ...replicaStatus(owner, pods, failure, nowMs), ...terminatingCount(owner, context) };
  if (!deepEqual(status, owner.object.status)) await client.update<KubeObject>(owner.type, { ...copy(owner.object), status }, 'status');
  if (failure !== undefined) throw failure.error;
  const waitMs = availableInMs(cache.controlledBy(podType, owner.object.metadata.uid ?? ''), owner.minReadySeconds, nowMs);
  return waitMs === undefined ? settled : again(waitMs / 1000);
}

/** What kept the number of pods from being right. */
interface ScaleFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly error: Error;
}

async function scale(owner: ReplicaOwner, pods: readonly Pod[], context: ReconcileContext): Promise<ScaleFailure | undefined> {
  const surplus = pods.length - owner.replicas;
  if (surplus < 0) {
    const pod = podFromTemplate(owner.object, owner.type, owner.template);
    const { error } = await slowStart(Math.min(-surplus, burstReplicas), () => createPod(owner.object, pod, context));
    // The pods would only have to go again: not a failure, and nothing to retry.
    return error === undefined || isNamespaceTerminating(error) ? undefined : { reason: 'FailedCreate', error };
  }
  if (surplus === 0) return undefined;
  const doomed = podsToDelete(pods, Math.min(surplus, burstReplicas), owner.relatedPods(), context.clock.now());
  const error = await allOf(doomed, (pod) => deletePod(owner.object, pod, context));
  return error === undefined ? undefined : { reason: 'FailedDelete', error };
}

export function replicaStatus(
  { object, template, minReadySeconds }: Pick<ReplicaOwner, 'object' | 'template' | 'minReadySeconds'>,
  pods: readonly Pod[],
  failure: ScaleFailure | undefined,
  nowMs: number,
): ReplicaStatus {
  const templateLabels = requirementsOf(selectorOf(template.metadata?.labels ?? {}));
  const fullyLabeled = pods.filter((pod) => matchesLabels(templateLabels, labelsOf(pod))).length;
  const ready = pods.filter(isPodReady).length;
  const available = pods.filter((pod) => isPodAvailable(pod, minReadySeconds, nowMs)).length;
  const conditions = withFailure(object.status?.conditions ?? [], failure, nowMs);
  return {
    replicas: pods.length,
    ...(fullyLabeled > 0 && { fullyLabeledReplicas: fullyLabeled }),
    ...(ready > 0 && { readyReplicas: ready }),
    ...(available > 0 && { availableReplicas: available }),
    ...(object.metadata.generation !== undefined && { observedGeneration: object.metadata.generation }),
    ...(conditions.length > 0 && { conditions }),
  };
}

function terminatingCount(owner: ReplicaOwner, { cache }: ReconcileContext): Pick<ReplicaStatus, 'terminatingReplicas'> {
  if (!owner.countsTerminating) return {};
  const own = cache.controlledBy(podType, owner.object.metadata.uid ?? '');
  const leaving = own.filter((pod) => isTerminating(pod) && !isPodFinished(pod) && matchesLabels(owner.selector, labelsOf(pod)));
  return { terminatingReplicas: leaving.length };
}

/** The condition keeps the first failure's words until the failure is over. */
function withFailure(conditions: readonly ReplicaSetCondition[], failure: ScaleFailure | undefined, nowMs: number): ReplicaSetCondition[] {
  const current = conditionOf(conditions, 'ReplicaFailure');
  const others = conditions.filter((condition) => condition !== current);
  if (failure === undefined) return others;
  if (current !== undefined) return [...conditions];
  const { reason, error } = failure;
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: timestamp(nowMs), reason, message: error.message }];
}

/** When the next ready pod becomes available by mere waiting; undefined when none is about to. */
export function availableInMs(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  const waits = pods
    .filter((pod) => isPodActive(pod) && isPodReady(pod) && !isPodAvailable(pod, minReadySeconds, nowMs))
    .map((pod) => conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime)
    .filter((time) => time !== undefined)
    .map((time) => parseTime(time) + minReadySeconds * 1000 - nowMs);
  return waits.length === 0 ? undefined : Math.max(0, Math.min(...waits));
}
