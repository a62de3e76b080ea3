/**
 * Runs the probes of one pod's containers and remembers what they found. Every container gets its own round for each
 * probe; rounds begin when the container runs and end with it. Source: pkg/kubelet/prober/worker.go
 */
import type { Container, ContainerStatus as ApiContainerStatus, Pod, Probe } from '../../functions/kube/generated/types.ts';
import { deepEqual } from '../../functions/kube/equality.ts';
import type { Clock, Log, Random } from '../../functions/world.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import type { ObservedPod, ProbeFinding, ProbeFindings } from '../pods/observed-pod.ts';
import { isHostNetwork, isSidecar, specOf } from '../pods/pod-facts.ts';
import type { CheckResult } from './checks.ts';

export type ProbeType = 'startup' | 'liveness' | 'readiness';

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
  readonly onChange: () => void;
  /** Left out: results are not counted. */
  readonly onResult?: ((pod: Pod, container: Container, type: ProbeType, isSuccess: boolean) => void) | undefined;
  /** Tells a failure: `Readiness probe failed: …`. */
  readonly onFailure: (pod: Pod, container: Container, message: string) => void;
}

export interface Prober {
  follow(pod: Pod, observed: ObservedPod): void;
  findings(): ProbeFindings;
  stop(): void;
}

interface Rounds {
  readonly stop: AbortController;
  finding: ProbeFinding;
}

const periodSecondsDefault = 10;
const timeoutSecondsDefault = 1;
const failureThresholdDefault = 3;

const title: Readonly<Record<ProbeType, string>> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };

function probed(pod: Pod): readonly Container[] {
  const spec = specOf(pod);
  const containers = [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
  return containers.filter((container) => container.startupProbe ?? container.livenessProbe ?? container.readinessProbe);
}

/** After a restart of the agent, what the API knows of the same container is where it goes on. */
function knownBefore(pod: Pod, containerId: string): ApiContainerStatus | undefined {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return statuses.find(({ containerID }) => containerID?.endsWith(containerId) === true);
}

export function createProber(options: ProberOptions): Prober {
  const rounds = new Map<string, Rounds>();

  const startRounds = (pod: Pod, container: Container, status: ContainerStatus, podIp: string): void => {
    const before = knownBefore(pod, status.id);
    const entry: Rounds = { stop: new AbortController(), finding: { started: before?.started, ready: before?.ready } };
    rounds.set(status.id, entry);
    const set = (finding: ProbeFinding): void => {
      const next = { ...entry.finding, ...finding };
      // Most rounds find what the one before found: nothing to wake anyone for.
      if (deepEqual(next, entry.finding)) return;
      entry.finding = next;
      options.onChange();
    };
    const run = (type: ProbeType, probe: Probe | undefined): void => {
      if (probe === undefined) return;
      const input: RoundInput = { pod, container, status, podIp, type, probe, set, isStarted: () => hasStarted(container, entry.finding) };
      runRounds(options, input, entry.stop.signal).catch((error: unknown) => {
        if (!entry.stop.signal.aborted) options.log.error('a probe ended', { container: container.name, error });
      });
    };
    run('startup', container.startupProbe);
    run('liveness', container.livenessProbe);
    run('readiness', container.readinessProbe);
  };

  return {
    follow(pod, observed) {
      const running = new Set(observed.containers.filter(({ state }) => state === 'running').map(({ id }) => id));
      for (const [id, entry] of rounds) {
        if (running.has(id)) continue;
        entry.stop.abort();
        rounds.delete(id);
      }
      const podIp = isHostNetwork(pod) ? options.hostIps[0] : observed.sandboxes[0]?.ips[0];
      for (const container of probed(pod)) {
        const status = observed.containers.find(({ name, state }) => name === container.name && state === 'running');
        if (status !== undefined && podIp !== undefined && !rounds.has(status.id)) startRounds(pod, container, status, podIp);
      }
    },
    findings: () => Object.fromEntries([...rounds].map(([id, { finding }]) => [id, finding])),
    stop() {
      for (const { stop } of rounds.values()) stop.abort();
      rounds.clear();
    },
  };
}

const hasStarted = (container: Container, finding: ProbeFinding): boolean =>
  container.startupProbe === undefined || finding.started === true;

interface RoundInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly status: ContainerStatus;
  readonly podIp: string;
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly set: (finding: ProbeFinding) => void;
  readonly isStarted: () => boolean;
}

/** Ends by the signal; by itself only when a startup probe has passed or a container is given up. */
async function runRounds(options: ProberOptions, input: RoundInput, signal: AbortSignal): Promise<void> {
  const { clock } = options;
  const { probe, status, type, container } = input;
  const periodMs = (probe.periodSeconds ?? periodSecondsDefault) * 1000;
  const counts = { successes: 0, failures: 0 };
  const initialMs = (probe.initialDelaySeconds ?? 0) * 1000 - (clock.now() - status.startedAtMs);
  if (initialMs > 0) await clock.sleep(initialMs, signal);
  while (!signal.aborted) {
    const isDue = type === 'startup' ? !input.isStarted() : input.isStarted();
    if (type === 'startup' && !isDue) return;
    if (isDue) {
      const result = await runCheck(options, input);
      if (signal.aborted) return;
      options.onResult?.(input.pod, container, type, result.outcome === 'success');
      if (result.outcome === 'failure') options.onFailure(input.pod, container, `${title[type]} probe failed: ${result.message}`);
      if (judge(input, counts, result)) return;
    }
    await clock.sleep(isDue ? periodMs : Math.min(periodMs, startPollMs), signal);
  }
}

/** How often the other probes look whether the startup probe has passed. */
const startPollMs = 1000;

function runCheck(options: ProberOptions, input: RoundInput): Promise<CheckResult> {
  const timeoutSeconds = input.probe.timeoutSeconds ?? timeoutSecondsDefault;
  return options.check(input.probe, { container: input.container, containerId: input.status.id, podIp: input.podIp, timeoutSeconds });
}

/** True: nothing more to find out about this container. */
function judge(input: RoundInput, counts: { successes: number; failures: number }, result: CheckResult): boolean {
  const { probe, type } = input;
  const isSuccess = result.outcome === 'success';
  counts.successes = isSuccess ? counts.successes + 1 : 0;
  counts.failures = isSuccess ? 0 : counts.failures + 1;
  const passes = isSuccess && counts.successes >= (probe.successThreshold ?? 1);
  const fails = !isSuccess && counts.failures >= (probe.failureThreshold ?? failureThresholdDefault);
  if (type === 'readiness') {
    if (passes) input.set({ ready: true });
    if (fails) input.set({ ready: false });
    return false;
  }
  if (type === 'startup' && passes) input.set({ started: true });
  if (fails) input.set({ failed: type });
  return fails || (type === 'startup' && passes);
}
