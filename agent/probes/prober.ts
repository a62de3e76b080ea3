/**
 * Health checks of one pod's containers. Each kind of probe of each container has a timer of its own. Their results are input
 * of the plan, which decides what becomes of the container. Each `follow` probes containers again that are not ready.
 * Source: pkg/kubelet/prober/prober_manager.go, worker.go
 */
import type { Container, ContainerStatus as ApiContainerStatus, Pod, Probe } from '../../functions/kube/generated/types.ts';
import { isTerminating } from '../../functions/kube/object.ts';
import type { Clock, Log, Random } from '../../functions/world.ts';
import type { ObservedPod, ProbeFinding, ProbeFindings } from '../pods/observed-pod.ts';
import { isHostNetwork, isSidecar, isTerminalPhase, specOf } from '../pods/pod-facts.ts';
import type { SandboxStatus } from '../runtime/runtime.ts';
import type { CheckResult } from './checks.ts';
import { createProbeResults, type ProbeType } from './probe-results.ts';
import { createProbeWorker, type ProbedContainer, type ProbeWorker } from './probe-worker.ts';

export interface CheckInput {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly timeoutSeconds: number;
}

export interface ProberOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hostIps: readonly string[];
  readonly check: (probe: Probe, input: CheckInput) => Promise<CheckResult>;
  /** The result of a probe changed: the pod needs a new plan. */
  readonly onChange: () => void;
  /** Called with each result; left out: results are not counted. */
  readonly onResult?: ((pod: Pod, container: Container, type: ProbeType, isSuccess: boolean) => void) | undefined;
  /** An event of the container: `Readiness probe failed: …`. */
  readonly onEvent: (pod: Pod, container: Container, event: readonly [reason: string, message: string]) => void;
}

export interface Prober {
  follow(pod: Pod, observed: ObservedPod): void;
  findings(): ProbeFindings;
  stop(): void;
}

interface Probing {
  readonly container: Container;
  readonly type: ProbeType;
  readonly worker: ProbeWorker;
  readonly stop: AbortController;
}

const timeoutSecondsDefault = 1;
const periodMsDefault = 10_000;
/** A check that could not be made at all is tried so often before its round counts for nothing. */
const attemptsMax = 3;

const title: Readonly<Record<ProbeType, string>> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };

const probesOf = (container: Container): readonly (readonly [ProbeType, Probe | undefined])[] => [
  ['startup', container.startupProbe],
  ['readiness', container.readinessProbe],
  ['liveness', container.livenessProbe],
];

function probed(pod: Pod): readonly Container[] {
  const { initContainers = [], containers } = specOf(pod);
  return [...containers, ...initContainers.filter(isSidecar)];
}

/** What the API knew of the same container before this agent began. */
function knownBefore(pod: Pod, containerId: string): ApiContainerStatus | undefined {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return statuses.find(({ containerID }) => containerID?.endsWith(containerId) === true);
}

export const createProber = (options: ProberOptions): Prober => new PodProber(options);

class PodProber implements Prober {
  readonly #options: ProberOptions;
  readonly #results;
  readonly #probings = new Map<string, Probing>();
  #pod: Pod | undefined;
  #podIp = '';
  #seen: ReadonlyMap<string, ProbedContainer> = new Map();
  /** Results of containers that ran before this agent, by id. */
  #adopted: ReadonlyMap<string, ProbeFinding> | undefined;
  #hasStopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#results = createProbeResults(options.onChange);
  }

  follow(pod: Pod, observed: ObservedPod): void {
    const sandbox = observed.sandboxes[0];
    if (this.#hasStopped || sandbox === undefined) return;
    if (isTerminalPhase(pod.status?.phase)) return this.stop();
    this.#pod = pod;
    this.#podIp = (isHostNetwork(pod) ? this.#options.hostIps[0] : sandbox.ips[0]) ?? '';
    this.#adopted ??= adoptedOf(pod, observed);
    this.#see(pod, observed);
    for (const container of probed(pod)) this.#start(container, sandbox);
    if (isTerminating(pod) && this.#endQuietly()) this.#see(pod, observed);
    this.#askUnready();
  }

  findings(): ProbeFindings {
    const found = this.#results.findings();
    const adopted = [...(this.#adopted ?? [])].map(([id, before]) => [id, { ...before, ...found[id] }] as const);
    return { ...found, ...Object.fromEntries(adopted) };
  }

  stop(): void {
    this.#hasStopped = true;
    this.#stopWhere(() => true);
  }

  #stopWhere(matches: (probing: Probing) => boolean): void {
    for (const probing of this.#probings.values()) if (matches(probing)) probing.stop.abort();
  }

  /** A pod that ends is not restarted, and what has not started yet counts as started. Source: StopLivenessAndStartup, isContainerStarted */
  #endQuietly(): boolean {
    let hasEnded = false;
    for (const { container, type, stop } of this.#probings.values()) {
      if (type === 'readiness' || stop.signal.aborted) continue;
      stop.abort();
      hasEnded = true;
      const containerId = this.#seen.get(container.name)?.containerId;
      if (containerId === undefined) continue;
      if (type === 'startup') this.#results.settle(containerId, type, 'success');
      else this.#results.remove(containerId, type);
    }
    return hasEnded;
  }

  #see(pod: Pod, observed: ObservedPod): void {
    const findings = this.findings();
    const seen = probed(pod).flatMap((container): [string, ProbedContainer][] => {
      const status = observed.containers.find(({ name }) => name === container.name);
      if (status === undefined) return [];
      const isRunning = status.state === 'running';
      const isStarted = isRunning && (container.startupProbe === undefined || findings[status.id]?.started === true);
      const isAdopted = this.#adopted?.has(status.id) === true;
      return [[container.name, { containerId: status.id, startedAtMs: isRunning ? status.startedAtMs : undefined, isStarted, isAdopted }]];
    });
    this.#seen = new Map(seen);
  }

  /** Source: UpdatePodStatus (manualTriggerCh) */
  #askUnready(): void {
    const findings = this.findings();
    for (const { container, type, worker } of this.#probings.values()) {
      const seen = this.#seen.get(container.name);
      if (type !== 'readiness' || seen?.isStarted !== true) continue;
      if (findings[seen.containerId]?.ready !== true) worker.trigger();
    }
  }

  #start(container: Container, sandbox: SandboxStatus): void {
    for (const [type, probe] of probesOf(container)) {
      const key = `${container.name}/${type}`;
      if (probe === undefined || this.#probings.has(key)) continue;
      const stop = new AbortController();
      const worker = createProbeWorker({
        clock: this.#options.clock,
        type,
        probe,
        results: this.#results,
        firstTickMs: this.#firstTickMs(probe, sandbox),
        seen: () => this.#seen.get(container.name),
        ask: (containerId) => this.#ask(container, { type, probe, containerId }),
      });
      this.#probings.set(key, { container, type, worker, stop });
      worker.run(stop.signal).catch((error: unknown) => {
        this.#options.log.error('a probe ended', { container: container.name, error });
      });
    }
  }

  /** Counted from the beginning of the pod. After a restart of the agent, probes of all pods would fall together. */
  #firstTickMs(probe: Probe, sandbox: SandboxStatus): number {
    const { clock, random } = this.#options;
    const periodMs = probe.periodSeconds === undefined ? periodMsDefault : probe.periodSeconds * 1000;
    const ageMs = Math.max(0, clock.now() - sandbox.createdAtMs);
    return ageMs < periodMs ? periodMs - ageMs : random.next() * periodMs;
  }

  async #ask(
    container: Container,
    { type, probe, containerId }: { readonly type: ProbeType; readonly probe: Probe; readonly containerId: string },
  ): Promise<'success' | 'failure' | undefined> {
    const { check, onEvent, onResult } = this.#options;
    const timeoutSeconds = probe.timeoutSeconds ?? timeoutSecondsDefault;
    const input = { container, containerId, podIp: this.#podIp, timeoutSeconds };
    let result = await check(probe, input);
    for (let attempt = 1; result.outcome === 'error' && attempt < attemptsMax; attempt += 1) result = await check(probe, input);
    const pod = this.#pod;
    if (pod === undefined) return undefined;
    if (result.outcome === 'error') {
      onEvent(pod, container, ['Unhealthy', `${title[type]} probe errored and resulted in ${result.state} state: ${result.message}`]);
      return undefined;
    }
    if (result.outcome === 'warning') onEvent(pod, container, ['ProbeWarning', `${title[type]} probe warning: ${result.message}`]);
    if (result.outcome === 'failure') onEvent(pod, container, ['Unhealthy', `${title[type]} probe failed: ${result.message}`]);
    const answer = result.outcome === 'failure' ? 'failure' : 'success';
    onResult?.(pod, container, type, answer === 'success');
    return answer;
  }
}

function adoptedOf(pod: Pod, { containers }: ObservedPod): ReadonlyMap<string, ProbeFinding> {
  return new Map(
    containers.flatMap(({ id, state }): [string, ProbeFinding][] => {
      const before = state === 'running' ? knownBefore(pod, id) : undefined;
      return before === undefined ? [] : [[id, { ready: before.ready, ...(before.started === true ? { started: true } : {}) }]];
    }),
  );
}
