/** A pod's status: phase, conditions, containers, addresses. Pure. Source: pkg/kubelet/kubelet_pods.go (generateAPIPodStatus, getPhase) */
import type * as t from '../../functions/kube/generated/types.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { SandboxStatus } from '../runtime/runtime.ts';
import type { ContainersPlan } from './container-plan.ts';
import { containerState } from './container-state.ts';
import type { ObservedPod, PodMemory, ProbeFindings } from './observed-pod.ts';
import { isHostNetwork, isSidecar, isTerminalPhase, specOf } from './pod-facts.ts';
import { isRemovedForRestart, isRestartingAll } from './restart-of-all.ts';
import { restartsAfter } from './restart-rules.ts';
import type { ResizePlan } from './resize.ts';
import { podConditions } from './pod-conditions.ts';

export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

export interface PodStatusInput {
  readonly pod: t.Pod;
  readonly observed: ObservedPod;
  readonly memory: PodMemory;
  readonly probes: ProbeFindings;
  readonly containers: ContainersPlan;
  readonly hostIps: readonly string[];
  readonly resize?: ResizePlan | undefined;
  /** Why the node ends the pod. */
  readonly failure?: PodFailure | undefined;
  readonly nowMs: number;
}

export const runtimeScheme = 'containerd';

type StatusList = 'initContainerStatuses' | 'containerStatuses' | 'ephemeralContainerStatuses';

function statusesOf(input: PodStatusInput, containers: readonly t.Container[], list: StatusList): t.ContainerStatus[] {
  const isInit = list === 'initContainerStatuses';
  const priors = input.pod.status?.[list];
  const hasInit = (specOf(input.pod).initContainers ?? []).length > 0;
  const waitsForInit = hasInit && (isInit || !input.containers.initialized);
  return containers.map((container) =>
    containerState({
      pod: input.pod,
      container,
      isInit,
      isRestartingAll: isRestartingAll(input.pod, input.observed.containers),
      observed: input.observed.containers.filter(({ name }) => name === container.name),
      decision: input.containers.decisions.get(container.name),
      failure: input.memory.failures[container.name],
      memory: input.memory,
      probes: input.probes,
      prior: priors?.find(({ name }) => name === container.name),
      waitingReason: waitsForInit ? 'PodInitializing' : 'ContainerCreating',
      runtimeName: runtimeScheme,
      nowMs: input.nowMs,
    }),
  );
}

interface Counts {
  readonly waiting: number;
  readonly running: number;
  readonly stopped: number;
  readonly succeeded: number;
}

/** A container that waits to be restarted counts as stopped: the pod has been Running already. */
function countsOf(statuses: readonly t.ContainerStatus[]): Counts {
  const has = (status: t.ContainerStatus, what: 'running' | 'terminated'): boolean => status.state?.[what] !== undefined;
  const waits = statuses.filter((status) => !has(status, 'running') && !has(status, 'terminated'));
  const restarts = waits.filter((status) => status.lastState?.terminated !== undefined);
  const ended = statuses.filter((status) => has(status, 'terminated'));
  return {
    waiting: waits.length - restarts.length,
    running: statuses.filter((status) => has(status, 'running')).length,
    stopped: ended.length + restarts.length,
    succeeded: ended.filter((status) => status.state?.terminated?.exitCode === 0).length,
  };
}

function phaseOf(input: PodStatusInput, init: readonly t.ContainerStatus[], main: readonly t.ContainerStatus[]): string {
  const { pod } = input;
  const prior = pod.status?.phase;
  if (isTerminalPhase(prior)) return prior ?? '';
  if (input.failure !== undefined) return 'Failed';
  const counts = countsOf(main);
  const regular = (specOf(pod).initContainers ?? []).filter((container) => !isSidecar(container));
  if (regular.some((container) => failsForGood(pod, container, init))) return 'Failed';
  const nothingBegan = counts.running + counts.stopped === 0;
  if (!input.containers.initialized && init.length > 0 && nothingBegan) return 'Pending';
  if (counts.waiting > 0) return 'Pending';
  if (counts.running > 0) return 'Running';
  if (counts.stopped === 0) return 'Pending';
  return stoppedPhase(pod, counts, main);
}

/** What a container ended with, also while it waits to be started again. */
const endOf = ({ state, lastState }: t.ContainerStatus): t.ContainerState['terminated'] =>
  state?.terminated ?? (state?.running === undefined ? lastState?.terminated : undefined);

const comesBackAfter = (pod: t.Pod, container: t.Container, end: t.ContainerState['terminated']): boolean =>
  end !== undefined && (isRemovedForRestart(end) || restartsAfter(pod, container, end.exitCode));

function failsForGood(pod: t.Pod, container: t.Container, statuses: readonly t.ContainerStatus[]): boolean {
  const status = statuses.find(({ name }) => name === container.name);
  const end = status === undefined ? undefined : endOf(status);
  return end !== undefined && end.exitCode !== 0 && !comesBackAfter(pod, container, end);
}

function stoppedPhase(pod: t.Pod, counts: Counts, main: readonly t.ContainerStatus[]): string {
  const isDeleted = pod.metadata.deletionTimestamp !== undefined;
  const comesBack = specOf(pod).containers.some((container) => {
    const status = main.find(({ name }) => name === container.name);
    return status !== undefined && comesBackAfter(pod, container, endOf(status));
  });
  if (comesBack && !isDeleted) return 'Running';
  return counts.stopped === counts.succeeded ? 'Succeeded' : 'Failed';
}

function addresses({ pod, observed, hostIps }: PodStatusInput): Pick<t.PodStatus, 'hostIP' | 'hostIPs' | 'podIP' | 'podIPs'> {
  const sandbox: SandboxStatus | undefined = observed.sandboxes[0];
  const own = isHostNetwork(pod) && sandbox !== undefined ? hostIps : (sandbox?.ips ?? []);
  const prior = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  const ips = own.length > 0 ? own : prior;
  return {
    ...(hostIps[0] === undefined ? {} : { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
  };
}

export function podStatus(input: PodStatusInput): t.PodStatus {
  const { pod, nowMs } = input;
  const spec = specOf(pod);
  const init = statusesOf(input, spec.initContainers ?? [], 'initContainerStatuses');
  const main = statusesOf(input, spec.containers, 'containerStatuses');
  // Ephemeral containers are never ready, and have no `started`.
  const ephemeral = statusesOf(input, spec.ephemeralContainers ?? [], 'ephemeralContainerStatuses').map(
    ({ started: _started, ...status }): t.ContainerStatus => ({ ...status, ready: false }),
  );
  const phase = phaseOf(input, init, main);
  const generation = pod.metadata.generation;
  const prior = pod.status;
  const why = input.failure ?? {
    ...(prior?.reason === undefined ? {} : { reason: prior.reason }),
    ...(prior?.message === undefined ? {} : { message: prior.message }),
  };
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: podConditions({ ...input, phase, init, main }),
    ...why,
    ...addresses(input),
    startTime: prior?.startTime ?? timestamp(nowMs),
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: main.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    ...(prior?.qosClass === undefined ? {} : { qosClass: prior.qosClass }),
  };
}
