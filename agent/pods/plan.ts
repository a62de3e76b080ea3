/**
 * The heart of the agent: plans the next actions and the status of one pod. The input is the wanted pod, the runtime's
 * containers, and what the worker remembers. Pure: the same input gives the same plan, so it may be called at any time.
 *
 *   wanted pod ─┐
 *   observed  ──┼─▶ planPod ─▶ actions (worker) + status (report) + when to plan again
 *   memory   ───┘
 *
 * Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions, SyncPod)
 */
import type { Pod, PodStatus } from '../../functions/kube/generated/types.ts';
import { isTerminating } from '../../functions/kube/object.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { SandboxStatus } from '../runtime/runtime.ts';
import type { Action, Notice } from './actions.ts';
import { containerActions, newestOf, planContainers, type ContainersPlan, type Decision } from './container-plan.ts';
import type { ObservedPod, PodMemory, ProbeFindings } from './observed-pod.ts';
import { isTerminalPhase, podText, specOf } from './pod-facts.ts';
import { podStatus, type PodFailure } from './pod-status.ts';
import { hasEnded, planEnd } from './end-plan.ts';
import { podRejection, rejectionReasons, type NodeFeatures, type Rejection } from './node-features.ts';
import type { PressureType } from '../eviction/thresholds.ts';
import { portRejection } from './port-rejection.ts';
import { pressureRejection } from './pressure-rejection.ts';
import { mayRestart } from './restart-rules.ts';
import { planResize, type ResizePlan } from './resize.ts';
import { failureMsShown } from './waiting.ts';

export interface PlanInput {
  /** With the status that was last reported. */
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly memory: PodMemory;
  readonly probes: ProbeFindings;
  readonly hostIps: readonly string[];
  /** Every pod of the node. */
  readonly neighbours?: readonly Pod[];
  /** The runtime's features; left out until it answered. */
  readonly features?: NodeFeatures;
  /** Left out: resources of what runs are not changed. */
  readonly allocatable?: Readonly<Record<string, string>>;
  /** The resources that the node is short of. */
  readonly pressures?: ReadonlySet<PressureType>;
  /** The machine is going down: no pod begins. */
  readonly isShuttingDown?: boolean;
  readonly nowMs: number;
  /** The object is gone from the API: end at once and forget everything. */
  readonly gone: boolean;
}

export interface PodPlan {
  readonly actions: readonly Action[];
  readonly status: PodStatus;
  readonly notices: readonly Notice[];
  /** The deletion was asked for and nothing runs any more. */
  readonly finished: boolean;
  /** The object is gone and so is every trace of it. */
  readonly released: boolean;
  /** When to plan again, even if nothing happens. */
  readonly recheckAtMs: number | undefined;
}

/** Dead containers of one name that are kept, for `lastState` and `logs --previous`. Source: pkg/kubelet/kuberuntime/kuberuntime_gc.go */
const deadContainersKept = 1;
/** Source: pkg/kubelet/nodeshutdown/nodeshutdown_manager.go */
const shutdownRejection: Rejection = { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' };
const sandboxGoneContainers: ContainersPlan = { decisions: new Map(), initialized: false, initFailed: false };

interface Course {
  readonly actions: readonly Action[];
  readonly containers: ContainersPlan;
  readonly recheckAtMs?: number;
  readonly resize?: ResizePlan | undefined;
}

export function planPod(input: PlanInput): PodPlan {
  const rejection = isTerminating(input.pod) || input.gone ? undefined : rejectionOf(input);
  return rejection === undefined ? planAccepted(input) : planRejected(input, rejection);
}

/** Why the node refuses a pod of which nothing runs yet. */
function rejectionOf({ pod, observed, features, neighbours = [], pressures, isShuttingDown = false }: PlanInput): Rejection | undefined {
  const { phase, reason = '' } = pod.status ?? {};
  if (observed.sandboxes.length > 0 || (isTerminalPhase(phase) && !rejectionReasons.has(reason))) return undefined;
  if (isShuttingDown) return shutdownRejection;
  return podRejection(pod, features) ?? portRejection(pod, neighbours) ?? pressureRejection(pod, pressures);
}

/** Source: pkg/kubelet/kubelet.go (rejectPod) */
function planRejected({ pod, nowMs }: PlanInput, { reason, message }: Rejection): PodPlan {
  const { startTime = timestamp(nowMs), qosClass } = pod.status ?? {};
  const observedGeneration = pod.metadata.generation;
  return {
    actions: [],
    status: { observedGeneration, phase: 'Failed', reason, message: `Pod was rejected: ${message}`, startTime, qosClass },
    notices: [{ key: reason, type: 'Warning', reason, message }],
    finished: false,
    released: false,
    recheckAtMs: undefined,
  };
}

function planAccepted(input: PlanInput): PodPlan {
  const { pod, observed } = input;
  const ending = isTerminating(pod) || input.gone;
  const failure = failureOf(input);
  const isOver = ending || failure !== undefined || isTerminalPhase(pod.status?.phase);
  const course = isOver ? ends(input) : lives(input);
  const status = podStatus({ ...input, containers: course.containers, resize: course.resize, failure });
  const ended = hasEnded(observed);
  const trailing = !ending && isTerminalPhase(status.phase) ? planEnd(withGrace(input)) : [];
  const actions = course.actions.length > 0 ? course.actions : trailing;
  const empty = observed.sandboxes.length === 0 && observed.containers.length === 0;
  return {
    actions,
    status,
    notices: [...noticesOf(input, course.containers), ...resizeNotices(pod, course.resize), ...evictionNotices(input)],
    finished: isTerminating(pod) && ended,
    released: input.gone && empty && input.memory.volumes === 'released',
    recheckAtMs: earliest([course.recheckAtMs, ...wakeTimes(input, course.containers), deadlineMs(pod)], input.nowMs),
  };
}

const withGrace = (input: PlanInput): PlanInput & { readonly graceSecondsMax: number | undefined } => ({
  ...input,
  graceSecondsMax: input.memory.ending?.graceSeconds,
});

/** A pod on its way out, or one that ended by itself. */
function ends(input: PlanInput): Course {
  const actions = planEnd(withGrace(input));
  if (actions.length > 0 || !input.gone) return { actions, containers: containersNow(input) };
  return { actions: releaseActions(input), containers: sandboxGoneContainers };
}

/** Removing a sandbox removes what is inside it. */
function releaseActions({ observed, memory }: PlanInput): Action[] {
  const containers = observed.containers.map(({ id }): Action => ({ kind: 'removeContainer', containerId: id }));
  const sandboxes = observed.sandboxes.map(({ id }): Action => ({ kind: 'removeSandbox', sandboxId: id }));
  const actions = [...containers, ...sandboxes];
  return memory.volumes === 'released' ? actions : [...actions, { kind: 'tearDownVolumes' }];
}

function containersNow({ pod, observed, memory, probes, nowMs }: PlanInput): ContainersPlan {
  const sandboxId = observed.sandboxes[0]?.id ?? '';
  return planContainers({ pod, sandboxId, containers: observed.containers, memory, probes, nowMs });
}

function lives(input: PlanInput): Course {
  const sandbox = input.observed.sandboxes[0];
  if (sandbox === undefined || !sandbox.ready) return needsSandbox(input, sandbox);
  if (input.memory.volumes !== 'ready') return needsVolumes(input, containersNow(input));
  const { pod, observed, memory, probes, nowMs } = input;
  const containersInput = { pod, sandboxId: sandbox.id, containers: observed.containers, memory, probes, nowMs };
  const containers = planContainers(containersInput);
  const resize = resizeOf(input);
  const actions = [
    ...olderSandboxes(observed),
    ...containerActions(containersInput, containers),
    ...(resize?.actions ?? []),
    ...(containers.reset === undefined ? garbage(input) : []),
  ];
  return { actions, containers, resize };
}

function resizeOf({ pod, observed, memory, neighbours = [], allocatable }: PlanInput): ResizePlan | undefined {
  return allocatable === undefined ? undefined : planResize({ pod, containers: observed.containers, memory, neighbours, allocatable });
}

function needsVolumes(input: PlanInput, containers: ContainersPlan): Course {
  const { volumes } = input.memory;
  if (typeof volumes === 'object' && volumes.retryAtMs > input.nowMs) {
    return { actions: [], containers, recheckAtMs: volumes.retryAtMs };
  }
  return { actions: [{ kind: 'setUpVolumes' }], containers };
}

function needsSandbox(input: PlanInput, last: SandboxStatus | undefined): Course {
  const { observed, memory } = input;
  const containers = last === undefined ? sandboxGoneContainers : containersNow(input);
  if (last !== undefined && !isWorthASandbox(input, containers)) return { actions: planEnd(input), containers };
  if (last !== undefined && observed.containers.some(({ state }) => state === 'running' || state === 'unknown')) {
    return { actions: [{ kind: 'stopSandbox', sandboxId: last.id, changed: true }, ...planEnd(input)], containers };
  }
  if (memory.volumes !== 'ready') return needsVolumes(input, containers);
  const failure = memory.sandboxFailure;
  if (failure !== undefined && failure.retryAtMs > input.nowMs) return { actions: [], containers, recheckAtMs: failure.retryAtMs };
  const attempt = last === undefined ? 0 : last.attempt + 1;
  const away: Action[] = last === undefined ? [] : [{ kind: 'stopSandbox', sandboxId: last.id, changed: true }];
  return { actions: [...away, { kind: 'createSandbox', attempt }], containers };
}

/** A pod whose sandbox died gets another one only if something is left to run in it. */
function isWorthASandbox(input: PlanInput, containers: ContainersPlan): boolean {
  const hasRun = input.observed.containers.length > 0;
  if (!mayRestart(input.pod) && hasRun) return false;
  return specOf(input.pod).containers.some((container) => {
    const newest = newestOf(input.observed.containers, container.name);
    const decision = containers.decisions.get(container.name);
    return newest === undefined || decision === undefined || decision.kind !== 'done';
  });
}

const olderSandboxes = (observed: ObservedPod): Action[] =>
  observed.sandboxes
    .slice(1)
    .filter(({ ready }) => ready)
    .map(({ id }) => ({ kind: 'stopSandbox', sandboxId: id, changed: false }));

/** Removes dead containers beyond those kept, created ones that a newer one overtook, and old sandboxes without containers. */
function garbage({ observed, memory, nowMs }: PlanInput): Action[] {
  const seen = new Map<string, number>();
  const actions: Action[] = [];
  const kept = new Set<string>();
  for (const container of observed.containers) {
    const isOvertaken = container.state === 'created' && seen.has(container.name);
    const count = (seen.get(container.name) ?? 0) + (container.state === 'exited' ? 1 : 0);
    seen.set(container.name, count);
    const isGarbage = isOvertaken || (container.state === 'exited' && count > deadContainersKept);
    const isRefused = (memory.removals[container.id] ?? 0) > nowMs;
    if (isGarbage && !isRefused) actions.push({ kind: 'removeContainer', containerId: container.id, mayWait: true });
    else kept.add(container.sandboxId);
  }
  for (const sandbox of observed.sandboxes.slice(1)) {
    if (!sandbox.ready && !kept.has(sandbox.id)) actions.push({ kind: 'removeSandbox', sandboxId: sandbox.id });
  }
  return actions;
}

function deadlineMs(pod: Pod): number | undefined {
  const seconds = specOf(pod).activeDeadlineSeconds;
  const startTime = pod.status?.startTime;
  return seconds === undefined || startTime === undefined ? undefined : Date.parse(startTime) + seconds * 1000;
}

/** Why the node ends the pod, whatever its containers do. */
function failureOf(input: PlanInput): PodFailure | undefined {
  const { ending } = input.memory;
  if (ending !== undefined) return { reason: ending.reason, message: ending.message };
  if (!isOverDeadline(input)) return undefined;
  return { reason: 'DeadlineExceeded', message: 'Pod was active on the node longer than the specified deadline' };
}

const evictionNotices = ({ memory: { ending } }: PlanInput): Notice[] =>
  ending?.reason === 'Evicted' ? [{ key: ending.reason, type: 'Warning', reason: ending.reason, message: ending.message }] : [];

function isOverDeadline({ pod, nowMs }: PlanInput): boolean {
  const deadline = deadlineMs(pod);
  return deadline !== undefined && deadline <= nowMs && !isTerminalPhase(pod.status?.phase);
}

function noticesOf({ pod, observed }: PlanInput, containers: ContainersPlan): Notice[] {
  const notices: Notice[] = [];
  for (const [name, decision] of containers.decisions) {
    if (decision.kind !== 'backOff') continue;
    const attempt = newestOf(observed.containers, name)?.attempt ?? 0;
    const message = `Back-off restarting failed container ${name} in pod ${podText(pod)}`;
    notices.push({ key: `${name}/${attempt}`, type: 'Warning', reason: 'BackOff', message, containerName: name });
  }
  return notices;
}

function resizeNotices(pod: Pod, resize: ResizePlan | undefined): Notice[] {
  if (resize?.pending === undefined) return [];
  const { reason, message } = resize.pending;
  const text = `Pod resize ${reason}: ${JSON.stringify({ error: message, generation: pod.metadata.generation ?? 0 })}`;
  return [{ key: `resize ${reason} ${pod.metadata.generation ?? 0}`, type: 'Warning', reason: `Resize${reason}`, message: text }];
}

const decisionWakeMs = (decision: Decision): number | undefined =>
  decision.kind === 'backOff' || decision.kind === 'failed' ? decision.untilMs : undefined;

const wakeTimes = ({ memory }: PlanInput, { decisions }: ContainersPlan): (number | undefined)[] => [
  ...[...decisions.values()].map(decisionWakeMs),
  ...Object.values(memory.removals),
  ...Object.values(memory.failures).map(({ failedAtMs }) => failedAtMs + failureMsShown),
];

function earliest(times: readonly (number | undefined)[], nowMs: number): number | undefined {
  const future = times.filter((time) => time !== undefined).filter((time) => time > nowMs);
  return future.length === 0 ? undefined : Math.min(...future);
}
