/**
 * What to do about each container of a pod whose sandbox is up. Pure.
 * Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions), kuberuntime_container.go (computeInitContainerActions)
 */
import type { Container, Pod } from '../../functions/kube/generated/types.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import type { Action, ContainerStop } from './actions.ts';
import { containerBackOff, retryAtMs } from './back-off.ts';
import { containersOf, graceSecondsOf, isSidecar, specOf } from './pod-facts.ts';
import type { PodMemory, ProbeFindings } from './observed-pod.ts';
import { restartsAfter } from './restart-rules.ts';
import { containersToReset, isRemovedForRestart, isRestartingAll } from './restart-of-all.ts';
import { specHash, specHashAnnotation } from './spec-hash.ts';

/** What was decided about one container. `wait`: for others, or because it is as it should be. */
export type Decision =
  /** `created`: it is on the runtime already, and was never started. */
  | { readonly kind: 'start'; readonly isRestart: boolean; readonly created?: ContainerStatus }
  | { readonly kind: 'stop'; readonly message: string; readonly graceSeconds: number | undefined }
  | { readonly kind: 'backOff'; readonly untilMs: number; readonly delayMs: number }
  /** The last start failed and may not be tried again yet. */
  | { readonly kind: 'failed'; readonly untilMs: number }
  | { readonly kind: 'discard'; readonly containerId: string }
  | { readonly kind: 'wait' }
  /** The container ended, and is not started again. */
  | { readonly kind: 'done'; readonly succeeded: boolean };

export interface ContainersInput {
  readonly pod: Pod;
  readonly sandboxId: string;
  /** Newest first. */
  readonly containers: readonly ContainerStatus[];
  readonly memory: PodMemory;
  readonly probes: ProbeFindings;
  readonly nowMs: number;
}

export interface ContainersPlan {
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly initialized: boolean;
  readonly initFailed: boolean;
  /** All containers begin anew: these go first. */
  readonly reset?: readonly ContainerStatus[];
}

export const newestOf = (containers: readonly ContainerStatus[], name: string): ContainerStatus | undefined =>
  containers.find((container) => container.name === name);

/** Whether the startup probe, if any, let it through. */
export const isStarted = (container: Container, status: ContainerStatus | undefined, probes: ProbeFindings): boolean =>
  status?.state === 'running' && (container.startupProbe === undefined || probes[status.id]?.started === true);

function isOfAnotherSpec(container: Container, { annotations }: ContainerStatus): boolean {
  const hash = annotations[specHashAnnotation];
  return hash !== undefined && hash !== specHash(container);
}

function whyStop(container: Container, status: ContainerStatus, probes: ProbeFindings): Decision {
  const failed = probes[status.id]?.failed;
  if (failed !== undefined) {
    const probe = failed === 'liveness' ? container.livenessProbe : container.startupProbe;
    const message = `Container ${container.name} failed ${failed} probe, will be restarted`;
    return { kind: 'stop', message, graceSeconds: probe?.terminationGracePeriodSeconds };
  }
  if (isOfAnotherSpec(container, status)) {
    return { kind: 'stop', message: `Container ${container.name} definition changed, will be restarted`, graceSeconds: undefined };
  }
  return { kind: 'wait' };
}

/** A start, unless a back-off after an exit or a failed start is not over. */
function startDecision(input: ContainersInput, container: Container, ended: ContainerStatus | undefined): Decision {
  const { memory, nowMs } = input;
  const failure = memory.failures[container.name];
  const backOff = memory.restarts[container.name];
  if (ended !== undefined) {
    const untilMs = retryAtMs(backOff, ended.finishedAtMs, containerBackOff);
    if (untilMs > nowMs) return { kind: 'backOff', untilMs, delayMs: backOff?.delayMs ?? 0 };
  }
  if (failure !== undefined && failure.retryAtMs > nowMs) return { kind: 'failed', untilMs: failure.retryAtMs };
  return { kind: 'start', isRestart: ended !== undefined };
}

/**
 * An agent that dies between the two calls leaves it. The next agent makes the second call, so that nothing counts as a
 * restart. Upstream makes another container and counts it (ShouldContainerBeRestarted, startContainer).
 */
function decideCreated(input: ContainersInput, container: Container, created: ContainerStatus): Decision {
  const wasTried = input.memory.failures[container.name] !== undefined;
  const isFit = created.sandboxId === input.sandboxId && !isOfAnotherSpec(container, created) && !wasTried;
  if (isFit) return { kind: 'start', isRestart: false, created };
  // containerd keeps one whose start does not end: another takes its place, as upstream's does.
  const isStuck = input.memory.removals[created.id] !== undefined;
  return isStuck ? startDecision(input, container, undefined) : { kind: 'discard', containerId: created.id };
}

function decide(input: ContainersInput, container: Container, comesBack: (exitCode: number) => boolean): Decision {
  const newest = newestOf(input.containers, container.name);
  if (newest === undefined) return startDecision(input, container, undefined);
  switch (newest.state) {
    case 'created':
      return decideCreated(input, container, newest);
    case 'running':
      // It runs in a sandbox that is gone, where no client can reach it.
      if (newest.sandboxId !== input.sandboxId)
        return { kind: 'stop', message: `Stopping container ${container.name}`, graceSeconds: undefined };
      return whyStop(container, newest, input.probes);
    case 'unknown':
      return { kind: 'stop', message: `Stopping container ${container.name}`, graceSeconds: undefined };
    case 'exited':
      if (comesBack(newest.exitCode)) return startDecision(input, container, newest);
      return { kind: 'done', succeeded: newest.exitCode === 0 };
  }
}

function decideInit(input: ContainersInput, container: Container): Decision {
  const inSandbox = input.containers.filter((status) => status.sandboxId === input.sandboxId || status.state === 'running');
  if (newestOf(inSandbox, container.name) === undefined) return startDecision(input, container, undefined);
  // Init containers that ended well are over, whatever the pod's restart policy.
  return decide(
    { ...input, containers: inSandbox },
    container,
    (exitCode) => (exitCode !== 0 || isSidecar(container)) && restartsAfter(input.pod, container, exitCode),
  );
}

/** It is started once; nothing brings it back. Source: computePodActions (EphemeralContainersToStart) */
function decideEphemeral(input: ContainersInput, container: Container): Decision {
  const newest = newestOf(input.containers, container.name);
  return newest?.state === 'exited' ? { kind: 'done', succeeded: newest.exitCode === 0 } : decide(input, container, () => false);
}

interface InitPlan {
  readonly decisions: readonly (readonly [string, Decision])[];
  readonly initialized: boolean;
  readonly failed: boolean;
}

function planInit(input: ContainersInput): InitPlan {
  const spec = specOf(input.pod);
  const decisions: [string, Decision][] = [];
  const began = spec.containers.some((container) =>
    input.containers.some((status) => status.name === container.name && status.sandboxId === input.sandboxId),
  );
  let open = true;
  let failed = false;
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) {
      const decision: Decision = open || began ? decideInit(input, container) : { kind: 'wait' };
      decisions.push([container.name, decision]);
      open = open && isStarted(container, newestOf(input.containers, container.name), input.probes) && decision.kind === 'wait';
      continue;
    }
    if (began) {
      decisions.push([container.name, { kind: 'done', succeeded: true }]);
      continue;
    }
    const decision: Decision = open ? decideInit(input, container) : { kind: 'wait' };
    decisions.push([container.name, decision]);
    failed ||= decision.kind === 'done' && !decision.succeeded;
    open = open && decision.kind === 'done' && decision.succeeded;
  }
  return { decisions, initialized: began || open, failed };
}

/** All end at once; then they are removed, and the pod begins anew. */
function planRestartOfAll({ pod, containers }: ContainersInput): ContainersPlan | undefined {
  const reset = isRestartingAll(pod, containers) ? containersToReset(pod, containers) : [];
  if (reset.length === 0) return undefined;
  const decisions = new Map(reset.map(({ name }): [string, Decision] => [name, { kind: 'wait' }]));
  return { decisions, initialized: true, initFailed: false, reset };
}

function resetActions(pod: Pod, reset: readonly ContainerStatus[]): Action[] {
  const alive = reset.filter(({ state }) => state === 'running' || state === 'unknown');
  if (alive.length === 0) return reset.map(({ id }) => ({ kind: 'removeContainer', containerId: id, keepsLogs: true }));
  const stops = alive.map(({ id, name }): ContainerStop => {
    const container = containersOf(pod).find((each) => each.name === name);
    return { containerId: id, container, name, message: 'killing', graceSeconds: 0, runPreStop: false };
  });
  return [{ kind: 'stopContainers', stops }];
}

export function planContainers(input: ContainersInput): ContainersPlan {
  const anew = planRestartOfAll(input);
  if (anew !== undefined) return anew;
  const init = planInit(input);
  const decisions = new Map<string, Decision>(init.decisions);
  // Ephemeral containers wait for no other container: they serve to debug pods whose containers do not start.
  for (const container of specOf(input.pod).ephemeralContainers ?? []) decisions.set(container.name, decideEphemeral(input, container));
  if (init.failed) return { decisions, initialized: false, initFailed: true };
  for (const container of specOf(input.pod).containers) {
    const comesBack = (exitCode: number): boolean => restartsAfter(input.pod, container, exitCode);
    decisions.set(container.name, init.initialized ? decide(input, container, comesBack) : { kind: 'wait' });
  }
  return { decisions, initialized: init.initialized, initFailed: false };
}

/** The next `restartCount` of a container, even if the runtime has forgotten the last one. */
function nextAttempt(input: ContainersInput, name: string): number {
  const newest = newestOf(input.containers, name);
  if (newest !== undefined) return newest.attempt + 1;
  const statuses = [...(input.pod.status?.containerStatuses ?? []), ...(input.pod.status?.initContainerStatuses ?? [])];
  const known = statuses.find((status) => status.name === name);
  // It was counted when it was removed.
  if (known !== undefined && isRemovedForRestart(known.lastState?.terminated) && known.containerID === undefined) return known.restartCount;
  return known?.containerID === undefined || known.containerID === '' ? 0 : known.restartCount + 1;
}

/** The decisions as actions: stops first, at once; then starts in the pod's order. */
export function containerActions(input: ContainersInput, plan: ContainersPlan): Action[] {
  if (plan.reset !== undefined) return resetActions(input.pod, plan.reset);
  const stops: ContainerStop[] = [];
  const discards: Action[] = [];
  const starts: Action[] = [];
  for (const container of containersOf(input.pod)) {
    const decision = plan.decisions.get(container.name);
    if (decision?.kind === 'stop') {
      const containerId = newestOf(input.containers, container.name)?.id ?? '';
      const graceSeconds = decision.graceSeconds ?? graceSecondsOf(input.pod);
      stops.push({ containerId, container, name: container.name, message: decision.message, graceSeconds, runPreStop: true });
    }
    if (decision?.kind === 'discard') discards.push({ kind: 'removeContainer', containerId: decision.containerId });
    if (decision?.kind === 'start') {
      const { isRestart, created } = decision;
      const attempt = created?.attempt ?? nextAttempt(input, container.name);
      starts.push({ kind: 'startContainer', container, attempt, sandboxId: input.sandboxId, isRestart, createdId: created?.id });
    }
  }
  return [...(stops.length === 0 ? [] : [{ kind: 'stopContainers' as const, stops }]), ...discards, ...starts];
}
