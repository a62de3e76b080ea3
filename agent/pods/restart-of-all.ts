/**
 * A container may end so that all of its pod begin anew, by a rule RestartAllContainers. All are killed and removed, those
 * that ended so last. Then the pod starts as at first, in the same sandbox. Pure.
 * Source: pkg/kubelet/container/helpers.go (ShouldAllContainersRestart), kuberuntime_manager.go (getContainersToReset)
 */
import type { Container, ContainerState, Pod } from '../../functions/kube/generated/types.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { specOf } from './pod-facts.ts';
import { mayRestartAll, restartsAll } from './restart-rules.ts';

export const restartingAllCondition = 'AllContainersRestarting';
const reason = 'RestartingAllContainers';
const message = 'The container is removed because RestartAllContainers in place';
/** SIGKILL: none of them is given time. */
const removedExitCode = 137;

const restartable = (pod: Pod): readonly Container[] => [...(specOf(pod).initContainers ?? []), ...specOf(pod).containers];

/** As the API shows a container that was removed for it. */
export const removedForRestart = {
  state: { waiting: { reason, message } },
  lastState: { terminated: { reason, message, exitCode: removedExitCode } },
} as const;

/** Whether that is how the container ended last: it comes back whatever its policy. */
export const isRemovedForRestart = (end: ContainerState['terminated']): boolean => end?.reason === reason;

/** It began when a container ended so, and goes on until none is left: the condition remembers it. `containers`: newest first. */
export function isRestartingAll(pod: Pod, containers: readonly ContainerStatus[]): boolean {
  if (!mayRestartAll(pod)) return false;
  const { conditions = [], initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  if (conditions.some(({ type, status }) => type === restartingAllCondition && status === 'True')) return true;
  const reported = [...initContainerStatuses, ...containerStatuses];
  return restartable(pod).some((container) => {
    const newest = containers.find(({ name }) => name === container.name);
    const observed = newest?.state === 'exited' ? newest.exitCode : undefined;
    const known = reported.find(({ name }) => name === container.name)?.state?.terminated?.exitCode;
    return [observed, known].some((exitCode) => exitCode !== undefined && restartsAll(container, exitCode));
  });
}

/** All that are to go, in the order in which they are removed. */
export function containersToReset(pod: Pod, containers: readonly ContainerStatus[]): readonly ContainerStatus[] {
  const { initContainers = [], containers: main } = specOf(pod);
  const [sources, others]: [ContainerStatus[], ContainerStatus[]] = [[], []];
  for (const container of [...main, ...initContainers]) {
    for (const status of containers.filter(({ name }) => name === container.name)) {
      const isSource = status.state === 'exited' && restartsAll(container, status.exitCode);
      (isSource ? sources : others).push(status);
    }
  }
  return [...others, ...sources];
}
