/** A DaemonSet's counts. Pure. Source: pkg/controller/daemon/daemon_controller.go, updateDaemonSetStatus. */
import type { DaemonSet, DaemonSetStatus } from '../../kube/generated/types.ts';
import { isPodAvailable, isPodReady } from '../../kube/pod.ts';
import type { DaemonNode } from './nodes.ts';
import { isPodUpdated } from './placement.ts';

export function daemonSetStatus(set: DaemonSet, nodes: readonly DaemonNode[], hash: string, nowMs: number): DaemonSetStatus {
  const wanted = nodes.filter(({ exists, shouldRun }) => exists && shouldRun);
  const firsts = wanted.flatMap(({ pods }) => pods.slice(0, 1));
  const updated = firsts.filter((pod) => isPodUpdated(set, pod, hash)).length;
  const available = firsts.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length;
  const unavailable = wanted.length - available;
  const { collisionCount, conditions } = set.status ?? {};
  return {
    currentNumberScheduled: firsts.length,
    numberMisscheduled: nodes.filter(({ exists, shouldRun, pods }) => exists && !shouldRun && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: firsts.filter(isPodReady).length,
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
    ...(updated > 0 && { updatedNumberScheduled: updated }),
    ...(available > 0 && { numberAvailable: available }),
    ...(unavailable > 0 && { numberUnavailable: unavailable }),
    ...(collisionCount !== undefined && { collisionCount }),
    ...(conditions !== undefined && { conditions }),
  };
}
