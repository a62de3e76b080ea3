/** Which container on the runtime a client means, or the error message when there is none. Source: pkg/kubelet/kubelet_pods.go (validateContainerLogStatus) */
import type { ContainerStatus as ApiContainerStatus, Pod } from '../../functions/kube/generated/types.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { badRequest } from '../../functions/kube/status-error.ts';

export interface LoggedContainer {
  readonly name: string;
  readonly id: string;
}

const idOf = (containerID: string | undefined): string => containerID?.split('://')[1] ?? '';

export function statusOf(pod: Pod, containerName: string): ApiContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].find(({ name }) => name === containerName);
}

/** Throws the Status that kubectl shows. */
export function containerForLogs(pod: Pod, containerName: string, previous: boolean): LoggedContainer {
  const status = statusOf(pod, containerName);
  const pre = `container "${containerName}" in pod "${nameOf(pod)}"`;
  if (status === undefined) throw badRequest(`${pre} is not available`);
  const { state, lastState } = status;
  if (previous) {
    const id = idOf(lastState?.terminated?.containerID);
    if (id === '') throw badRequest(`previous terminated container "${containerName}" in pod "${nameOf(pod)}" not found`);
    return { name: containerName, id };
  }
  const id =
    state?.running === undefined ? idOf(state?.terminated?.containerID ?? lastState?.terminated?.containerID) : idOf(status.containerID);
  if (id !== '') return { name: containerName, id };
  const reason = state?.waiting?.reason ?? '';
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') throw badRequest(`${pre} is waiting to start: ${imageWords[reason]}`);
  if (state?.waiting !== undefined) throw badRequest(`${pre} is waiting to start: ${reason}`);
  throw badRequest(`${pre} is terminated`);
}

const imageWords: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

/** A container that runs, for exec and attach. */
export function runningContainerId(pod: Pod, containerName: string): string {
  const status = statusOf(pod, containerName);
  if (status?.state?.running === undefined) throw badRequest(`container not found ("${containerName}")`);
  return idOf(status.containerID);
}
