/**
 * One probe of one container's name, for as long as its pod lives: when it runs, and what becomes of its results. Ticks count
 * from the pod's beginning, not from the container's. Results are counted over a restart, as a kubelet does.
 * Source: pkg/kubelet/prober/worker.go
 */
import type { Probe } from '../../functions/kube/generated/types.ts';
import type { Clock } from '../../functions/world.ts';
import type { ProbeResults, ProbeType } from './probe-results.ts';
import { WakeableSleep } from '../wakeable-sleep.ts';

/** What was last seen of the container. */
export interface ProbedContainer {
  readonly containerId: string;
  /** Undefined: it does not run now. */
  readonly startedAtMs: number | undefined;
  /** Past its startup probe, if there is one. */
  readonly isStarted: boolean;
  /** It ran before this agent did: what the API knows of it stays until a probe finds otherwise. */
  readonly isAdopted: boolean;
}

export interface ProbeWorkerOptions {
  readonly clock: Clock;
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly results: ProbeResults;
  /** The first tick is so far away, the others follow by the period. */
  readonly firstTickMs: number;
  readonly seen: () => ProbedContainer | undefined;
  /** Undefined: no answer was had, which counts for nothing. */
  readonly ask: (containerId: string) => Promise<'success' | 'failure' | undefined>;
}

export interface ProbeWorker {
  /** Asks now, and counts the period from now on. */
  trigger(): void;
  run(signal: AbortSignal): Promise<void>;
}

const periodSecondsDefault = 10;
const failureThresholdDefault = 3;

/** What a new container counts as before the first answer. */
const initialResult = { readiness: 'failure', liveness: 'success', startup: 'unknown' } as const;

export const createProbeWorker = (options: ProbeWorkerOptions): ProbeWorker => new Worker(options);

class Worker implements ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  readonly #periodMs: number;
  #nextTickMs: number;
  #containerId = '';
  /** Asks no more until there is a new container. */
  #isOnHold = false;
  #last: 'success' | 'failure' | undefined;
  #count = 0;
  #isTriggered = false;
  readonly #sleeping = new WakeableSleep();

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
    this.#periodMs = (options.probe.periodSeconds ?? periodSecondsDefault) * 1000;
    this.#nextTickMs = options.clock.monotonicMs() + options.firstTickMs;
  }

  trigger(): void {
    this.#isTriggered = true;
    this.#sleeping.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#round(signal);
      if (!signal.aborted) await this.#wait(signal);
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const delayMs = this.#nextTickMs - clock.monotonicMs();
    if (!this.#isTriggered && delayMs > 0) await this.#sleeping.sleep(clock, delayMs, signal);
    const nowMs = clock.monotonicMs();
    if (this.#isTriggered) this.#nextTickMs = nowMs + this.#periodMs;
    else this.#nextTickMs += Math.max(1, Math.ceil((nowMs + 1 - this.#nextTickMs) / this.#periodMs)) * this.#periodMs;
    this.#isTriggered = false;
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { type, probe, seen, ask } = this.#options;
    const container = seen();
    if (container === undefined) return;
    if (container.containerId !== this.#containerId) this.#begin(container);
    if (this.#isOnHold || container.startedAtMs === undefined) return;
    const ageSeconds = Math.floor((this.#options.clock.now() - container.startedAtMs) / 1000);
    if (ageSeconds < (probe.initialDelaySeconds ?? 0)) return;
    // A startup probe that passed is over; the others wait for it.
    if (container.isStarted === (type === 'startup')) return;
    const answer = await ask(container.containerId);
    if (answer !== undefined && !signal.aborted) this.#judge(answer);
  }

  #begin({ containerId, isAdopted, isStarted }: ProbedContainer): void {
    const { results, type } = this.#options;
    if (this.#containerId !== '') results.remove(this.#containerId, type);
    this.#containerId = containerId;
    this.#isOnHold = false;
    if (!isAdopted) results.set(containerId, type, initialResult[type]);
    else if (type === 'startup' && isStarted) results.set(containerId, type, 'success');
  }

  #judge(answer: 'success' | 'failure'): void {
    const { probe, type, results } = this.#options;
    this.#count = this.#last === answer ? this.#count + 1 : 1;
    this.#last = answer;
    const threshold = answer === 'failure' ? (probe.failureThreshold ?? failureThresholdDefault) : (probe.successThreshold ?? 1);
    if (this.#count < threshold) return;
    results.set(this.#containerId, type, answer);
    if (type === 'readiness' || (type === 'liveness' && answer === 'success')) return;
    this.#isOnHold = true;
    this.#count = 0;
  }
}
