/**
 * Keeps one pod as it should be: observe, plan, report, act, again; then sleep until something wakes it. One at a time,
 * so a pod's actions never overlap. Ends when the pod is gone from the API and nothing of it is left on the node.
 */
import type { Pod, PodStatus } from '../../functions/kube/generated/types.ts';
import { deepEqual } from '../../functions/kube/equality.ts';
import { uidOf } from '../../functions/kube/object.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { VolumeError, type PodVolumes } from '../volumes/volumes.ts';
import type { Action, Notice } from './actions.ts';
import type { NodeContext } from './node-context.ts';
import type { NodeEnding } from './node-ending.ts';
import { emptyMemory, nothingObserved, type ObservedPod, type PodMemory, type ProbeFindings } from './observed-pod.ts';
import { observePod } from './observer.ts';
import { planPod, type PodPlan } from './plan.ts';
import { executeAction } from './pod-actions.ts';
import { graceSecondsOf, nodeConditions } from './pod-facts.ts';
import { recordContainerEvent, recordPodEvent } from './pod-events.ts';
import { SemaphoreClosed } from './semaphore.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';

export interface PodProbes {
  /** Starts probing what runs, stops probing what does not. */
  follow(pod: Pod, observed: ObservedPod): void;
  findings(): ProbeFindings;
  stop(): void;
}

export interface PodWorkerOptions {
  readonly context: NodeContext;
  readonly pod: Pod;
  readonly gone: boolean;
  readonly probes: PodProbes;
  readonly report: (pod: Pod, status: PodStatus, finished: boolean) => void;
}

export interface PodWorker {
  readonly podUid: string;
  /** The pod changed; undefined: it is gone from the API. */
  update(pod: Pod | undefined): void;
  /** Something on the node may have changed. */
  wake(): void;
  /** Another client changed the pod's status in the API: the worker plans again, beginning from that status. */
  reconsider(): void;
  /** Objects that volumes are made of changed. */
  refreshVolumes(): void;
  /** Ends the pod as Failed. The first reason stays. */
  end(ending: NodeEnding): void;
  /** The pod with the status that this node last gave it. */
  pod(): Pod;
  observed(): ObservedPod;
  /** Resolves when the pod is gone without a trace, or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** After a round in which something failed, the next one waits, longer each time. */
const failureMsMin = 500;
const failureMsMax = 30_000;
/** A worker plans its pod this often even if no change wakes it, by what it observed last. */
const resyncMs = 60_000;

export function createPodWorker(options: PodWorkerOptions): PodWorker {
  return new Worker(options);
}

class Worker implements PodWorker {
  readonly podUid: string;
  readonly #options: PodWorkerOptions;
  readonly #context: NodeContext;
  #pod: Pod;
  #gone: boolean;
  #memory: PodMemory = emptyMemory;
  #status: PodStatus | undefined;
  #observed: ObservedPod = nothingObserved;
  /** Since it was observed, nothing was done and no change was reported. */
  #isObserved = false;
  #recorded: ReadonlySet<string> = new Set();
  #failures = 0;
  #woken = true;
  readonly #sleeping = new WakeableSleep();
  #volumes: PodVolumes = new Map();
  #shortenGrace = new AbortController();
  #volumesAreOld = false;
  #ending: NodeEnding | undefined;
  /** When to refresh volumes next: tokens in them expire without any event. */
  #refreshVolumesAtMs = 0;

  constructor(options: PodWorkerOptions) {
    this.#options = options;
    this.#context = options.context;
    this.podUid = uidOf(options.pod);
    this.#pod = options.pod;
    this.#gone = options.gone;
    this.#status = options.pod.status;
  }

  pod(): Pod {
    return { ...this.#pod, status: mergedStatus(this.#status, this.#pod.status) };
  }

  observed(): ObservedPod {
    return this.#observed;
  }

  wake(): void {
    this.#woken = true;
    this.#isObserved = false;
    this.#sleeping.wake();
  }

  reconsider(): void {
    this.#status = this.#pod.status;
    this.wake();
  }

  refreshVolumes(): void {
    this.#volumesAreOld = true;
    this.wake();
  }

  end(ending: NodeEnding): void {
    this.#ending ??= ending;
    this.wake();
  }

  update(pod: Pod | undefined): void {
    const before = this.#pod;
    const wasGone = this.#gone;
    this.#gone = pod === undefined;
    if (pod !== undefined) this.#pod = pod;
    if (pod === undefined ? wasGone : !wasGone && hasSameDesiredState(before, pod)) return;
    const endsSooner = pod === undefined || isSooner(before, pod);
    if (endsSooner) {
      this.#shortenGrace.abort();
      this.#shortenGrace = new AbortController();
    }
    // Labels and annotations may be files in the pod.
    this.#volumesAreOld = true;
    this.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await this.#step(signal)) break;
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (signal.aborted && error instanceof SemaphoreClosed) break;
        this.#context.log.warn('a pod could not be looked after', { pod: this.podUid, error });
        this.#isObserved = false;
        this.#failures += 1;
        await this.#pause(signal);
      }
    }
    this.#options.probes.stop();
  }

  /** True when the pod is gone for good. */
  async #step(signal: AbortSignal): Promise<boolean> {
    this.#woken = false;
    const plan = await this.#round();
    if (plan.released) return true;
    if (this.#failures > 0) await this.#pause(signal);
    else if (plan.actions.length === 0) await this.#sleepUntilDue(plan.recheckAtMs ?? Infinity, signal);
    return false;
  }

  async #round(): Promise<PodPlan> {
    const plan = await this.#review();
    if (plan.actions.length === 0) return plan;
    this.#failures = (await this.#watchedAct(plan.actions)) ? 0 : this.#failures + 1;
    this.#isObserved = false;
    return plan;
  }

  /** Observes, plans and reports, and does nothing. */
  async #review(): Promise<PodPlan> {
    const context = this.#context;
    const { probes, report } = this.#options;
    if (this.#volumesAreOld || context.clock.now() >= this.#refreshVolumesAtMs) await this.#bringVolumesUpToDate();
    if (!this.#isObserved) await this.#observe();
    probes.follow(this.pod(), this.#observed);
    const plan = planPod({
      pod: this.pod(),
      observed: this.#observed,
      memory: this.#ending === undefined ? this.#memory : { ...this.#memory, ending: this.#ending },
      probes: probes.findings(),
      hostIps: context.hostIps,
      neighbours: context.pods(),
      features: context.features(),
      allocatable: context.allocatable,
      pressures: context.pressures?.() ?? new Set(),
      isShuttingDown: context.isShuttingDown?.() ?? false,
      nowMs: context.clock.now(),
      gone: this.#gone,
    });
    this.#status = plan.status;
    if (!this.#gone) report(this.#pod, plan.status, plan.finished);
    this.#record(plan.notices);
    return plan;
  }

  async #observe(): Promise<void> {
    const context = this.#context;
    // What changes meanwhile is observed once more.
    this.#isObserved = true;
    this.#observed = await withTerminationMessages(context, this.#pod, await observePod(context.runtime, this.podUid));
  }

  /** A container that takes its time to end may turn unready meanwhile: that is reported when it happens. */
  async #watchedAct(actions: readonly Action[]): Promise<boolean> {
    if (this.#pod.metadata.deletionTimestamp === undefined) return this.#act(actions);
    const done = new AbortController();
    const reviewing = this.#reviewUntil(done.signal);
    try {
      return await this.#act(actions);
    } finally {
      done.abort();
      await reviewing;
    }
  }

  async #reviewUntil(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#sleep(this.#context.clock.now() + resyncMs, signal);
      if (signal.aborted) return;
      this.#woken = false;
      this.#isObserved = false;
      try {
        await this.#review();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        this.#context.log.warn('the status of a pod that ends could not be read', { pod: this.podUid, error });
      }
    }
  }

  /** False when one of them failed. */
  async #act(actions: readonly Action[]): Promise<boolean> {
    let succeeded = true;
    for (const action of actions) {
      const result = await executeAction(this.#context, action, {
        pod: this.#pod,
        observed: this.#observed,
        memory: this.#memory,
        volumes: this.#volumes,
        shortenGrace: this.#shortenGrace.signal,
      });
      this.#memory = result.memory;
      this.#volumes = result.volumes ?? this.#volumes;
      succeeded &&= result.succeeded;
    }
    return succeeded;
  }

  #record(notices: readonly Notice[]): void {
    for (const notice of notices) {
      if (this.#recorded.has(notice.key)) continue;
      const words = [notice.type, notice.reason, notice.message] as const;
      if (notice.containerName === undefined) recordPodEvent(this.#context, this.#pod, words);
      else recordContainerEvent(this.#context, this.#pod, { name: notice.containerName }, words);
    }
    this.#recorded = new Set(notices.map(({ key }) => key));
  }

  /** What cannot be brought up to date stays as it was; the pod keeps running. */
  async #bringVolumesUpToDate(): Promise<void> {
    this.#volumesAreOld = false;
    this.#refreshVolumesAtMs = this.#context.clock.now() + resyncMs;
    if (this.#memory.volumes !== 'ready' || this.#gone) return;
    try {
      await this.#context.volumes.refresh(this.#pod);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
    }
  }

  async #sleepUntilDue(recheckAtMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    await this.#sleep(Math.min(recheckAtMs, clock.now() + resyncMs), signal);
    if (clock.now() >= recheckAtMs) this.#isObserved = false;
  }

  async #sleep(untilMs: number, signal: AbortSignal): Promise<void> {
    if (this.#woken || signal.aborted) return;
    const { clock } = this.#context;
    await this.#sleeping.sleep(clock, Math.max(0, untilMs - clock.now()), signal);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const ms = Math.min(failureMsMax, failureMsMin * 2 ** Math.max(0, this.#failures - 1));
    try {
      await this.#context.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Whether a pod that is being deleted got a shorter grace period. */
const isSooner = (before: Pod, after: Pod): boolean =>
  before.metadata.deletionTimestamp !== undefined && graceSecondsOf(after) < graceSecondsOf(before);

/** Most changes of a pod are the agent's own status coming back, which needs no new plan. */
function hasSameDesiredState(before: Pod, after: Pod): boolean {
  if (before === after) return true;
  const desired = ({ metadata, spec, status }: Pod): unknown => [
    metadata.deletionTimestamp,
    metadata.deletionGracePeriodSeconds,
    metadata.generation,
    metadata.labels,
    metadata.annotations,
    spec,
    (status?.conditions ?? []).filter(({ type }) => !nodeConditions.has(type)),
  ];
  return deepEqual(desired(before), desired(after));
}

/** Ours, but with the conditions that others own as the API has them. */
function mergedStatus(own: PodStatus | undefined, fromApi: PodStatus | undefined): PodStatus | undefined {
  if (own === undefined) return fromApi;
  const mine = (own.conditions ?? []).filter(({ type }) => nodeConditions.has(type));
  const theirs = (fromApi?.conditions ?? []).filter(({ type }) => !nodeConditions.has(type));
  return { ...own, conditions: [...mine, ...theirs], qosClass: own.qosClass ?? fromApi?.qosClass };
}

/** A dead container's message is the one that the runtime has of its end, or else its own. */
async function withTerminationMessages(context: NodeContext, pod: Pod, observed: ObservedPod): Promise<ObservedPod> {
  const containers = await Promise.all(
    observed.containers.map(async (status): Promise<ContainerStatus> => {
      if (status.state !== 'exited' || status.message !== '') return status;
      return { ...status, message: await context.files.terminationMessage(pod, status) };
    }),
  );
  return { ...observed, containers };
}
