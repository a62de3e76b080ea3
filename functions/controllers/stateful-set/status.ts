/** A StatefulSet's counts. Pure. Source: pkg/controller/statefulset/stateful_set_control.go, computeReplicaStatus and completeUpdate. */
import type { Pod, StatefulSet, StatefulSetStatus } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { isPodAvailable, isPodReady } from '../../kube/pod.ts';
import { podRevision, replicasOf } from './identity.ts';
import type { Revisions } from './revisions.ts';

export const isCreated = (pod: Pod): boolean => (pod.status?.phase ?? '') !== '';

const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod);

export function statefulSetStatus(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, nowMs: number): StatefulSetStatus {
  const created = pods.filter(isCreated);
  const ready = created.filter(isRunningAndReady);
  const available = ready.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length;
  const living = created.filter((pod) => !isTerminating(pod));
  const updated = living.filter((pod) => podRevision(pod) === revisions.update.revision).length;
  const isComplete = [updated, ready.length, created.length].every((count) => count === replicasOf(set));
  const currentRevision = isComplete ? revisions.update.revision : revisions.current.revision;
  const current = living.filter((pod) => podRevision(pod) === currentRevision).length;
  const { conditions } = set.status ?? {};
  return {
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
    replicas: created.length,
    ...(ready.length > 0 && { readyReplicas: ready.length }),
    ...(current > 0 && { currentReplicas: current }),
    ...(updated > 0 && { updatedReplicas: updated }),
    currentRevision,
    updateRevision: revisions.update.revision,
    collisionCount: revisions.collisionCount,
    ...(conditions !== undefined && { conditions }),
    availableReplicas: available,
  };
}
