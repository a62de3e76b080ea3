/** The status of one container as the API shows it. Pure. Source: pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses) */
import type * as t from '../../functions/kube/generated/types.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { isStarted, type Decision } from './container-plan.ts';
import { actualResources } from './resize.ts';
import { removedForRestart } from './restart-of-all.ts';
import type { PodMemory, ProbeFindings, StartFailure } from './observed-pod.ts';
import { messageWithin } from './termination-message.ts';
import { crashLoopMessage, failureMsShown } from './waiting.ts';

export interface ContainerStateInput {
  readonly pod: t.Pod;
  readonly container: t.Container;
  readonly isInit: boolean;
  /** All containers of the pod begin anew. */
  readonly isRestartingAll: boolean;
  /** Containers of this name, newest first. */
  readonly observed: readonly ContainerStatus[];
  readonly decision: Decision | undefined;
  readonly failure: StartFailure | undefined;
  readonly probes: ProbeFindings;
  readonly memory: PodMemory;
  /** The container's status in the API. */
  readonly prior: t.ContainerStatus | undefined;
  /** `ContainerCreating` or `PodInitializing`. */
  readonly waitingReason: string;
  readonly runtimeName: string;
  readonly nowMs: number;
}

/** SIGKILL: the exit code reported for a container that vanished. */
const vanishedExitCode = 137;

const when = (ms: number): string | undefined => (ms === 0 ? undefined : timestamp(ms));

function terminated(input: ContainerStateInput, status: ContainerStatus): t.ContainerState {
  const isUnknown = status.state === 'unknown';
  const exitCode = isUnknown ? vanishedExitCode : status.exitCode;
  const fallback = isUnknown ? 'ContainerStatusUnknown' : exitCode === 0 ? 'Completed' : 'Error';
  // containerd reports OOMKilled when any child process was; a main process that exited with 0 did not die of it.
  const reason = exitCode === 0 ? 'Completed' : status.reason || fallback;
  return {
    terminated: {
      exitCode,
      reason,
      ...(status.message === '' ? {} : { message: messageWithin(input.pod, status.message) }),
      startedAt: when(status.startedAtMs),
      finishedAt: when(status.finishedAtMs),
      containerID: `${input.runtimeName}://${status.id}`,
    },
  };
}

/** `ErrImagePull` becomes `ImagePullBackOff` while the next try is waited for. */
function failureState(failure: StartFailure, image: string, nowMs: number): t.ContainerState {
  const isPull = failure.reason === 'ErrImagePull';
  if (isPull && nowMs >= failure.failedAtMs + failureMsShown) {
    return { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${failure.message}` } };
  }
  return { waiting: { reason: failure.reason, message: failure.message } };
}

function waiting(input: ContainerStateInput): t.ContainerState | undefined {
  const { failure, decision, nowMs } = input;
  const isShown = failure !== undefined && nowMs < failure.failedAtMs + failureMsShown;
  if (decision?.kind === 'backOff' && !isShown) {
    const message = crashLoopMessage(input.pod, input.container.name, decision.delayMs);
    return { waiting: { reason: 'CrashLoopBackOff', message } };
  }
  return failure === undefined ? undefined : failureState(failure, input.container.image ?? '', nowMs);
}

/** So that all of the pod begin anew. */
const isJustRemoved = ({ isRestartingAll, observed, prior }: ContainerStateInput): boolean =>
  isRestartingAll && observed.length === 0 && (prior?.state?.running ?? prior?.state?.terminated) !== undefined;

/** Nothing of it on the runtime: not started yet, or forgotten. */
function unseenState(input: ContainerStateInput): Pick<t.ContainerStatus, 'state' | 'lastState'> {
  const { prior } = input;
  if (isJustRemoved(input)) return removedForRestart;
  const state = waiting(input) ?? { waiting: { reason: input.waitingReason } };
  if (prior?.state?.terminated !== undefined && input.decision === undefined)
    return { state: prior.state, lastState: prior.lastState ?? {} };
  if (prior?.state?.running === undefined) return { state, lastState: prior?.lastState ?? {} };
  const message = 'The container could not be located when the pod was deleted.  The container used to be Running';
  return { state, lastState: { terminated: { exitCode: vanishedExitCode, reason: 'ContainerStatusUnknown', message } } };
}

function seenState(input: ContainerStateInput, newest: ContainerStatus): Pick<t.ContainerStatus, 'state' | 'lastState'> {
  const previous = input.observed.slice(1).find(({ state }) => state === 'exited');
  const lastState =
    previous === undefined
      ? input.prior?.restartCount === newest.attempt
        ? input.prior.lastState
        : undefined
      : terminated(input, previous);
  if (newest.state === 'running') return { state: { running: { startedAt: timestamp(newest.startedAtMs) } }, lastState: lastState ?? {} };
  if (newest.state === 'created')
    return { state: waiting(input) ?? { waiting: { reason: input.waitingReason } }, lastState: lastState ?? {} };
  const ended = terminated(input, newest);
  const held = waiting(input);
  return held === undefined ? { state: ended, lastState: lastState ?? {} } : { state: held, lastState: ended };
}

/** The resources that the container was given last, which the node has allocated to it. */
function resourcesOf(
  { container, memory, prior }: ContainerStateInput,
  newest: ContainerStatus,
): Pick<t.ContainerStatus, 'resources' | 'allocatedResources'> {
  const resources = actualResources(container, newest, { memory, prior });
  return { resources, ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }) };
}

/** A read-only mount leaves the mounts below it as they are. */
function volumeMountsOf({ volumeMounts = [] }: t.Container): Pick<t.ContainerStatus, 'volumeMounts'> {
  if (volumeMounts.length === 0) return {};
  const readOnly = { readOnly: true, recursiveReadOnly: 'Disabled' };
  return {
    volumeMounts: volumeMounts.map(({ name, mountPath, ...more }) => ({ name, mountPath, ...(more.readOnly === true ? readOnly : {}) })),
  };
}

export function containerState(input: ContainerStateInput): t.ContainerStatus {
  const { container, observed, prior, probes } = input;
  const newest = observed[0];
  const started = isStarted(container, newest, probes);
  // An init container that must end is not ready while it runs.
  const serves = newest?.state === 'running' && (!input.isInit || container.restartPolicy === 'Always');
  const passes = container.readinessProbe === undefined || (newest !== undefined && probes[newest.id]?.ready === true);
  const endedWell = input.isInit && newest?.state === 'exited' && newest.exitCode === 0 && container.restartPolicy !== 'Always';
  const named = newest === undefined || newest.image === '' || newest.image.startsWith('sha256:') ? container.image : newest.image;
  return {
    name: container.name,
    ...(newest === undefined ? unseenState(input) : seenState(input, newest)),
    ready: (serves && started && passes) || endedWell,
    restartCount: newest?.attempt ?? (prior?.restartCount ?? 0) + (isJustRemoved(input) ? 1 : 0),
    image: named ?? '',
    imageID: newest?.imageRef ?? '',
    ...(newest === undefined ? {} : { containerID: `${input.runtimeName}://${newest.id}`, ...resourcesOf(input, newest) }),
    ...volumeMountsOf(container),
    started,
  };
}
