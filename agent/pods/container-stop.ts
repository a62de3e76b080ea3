/** Ends containers: preStop, SIGTERM, the grace, SIGKILL. Source: pkg/kubelet/kuberuntime/kuberuntime_container.go (killContainer) */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import type { ContainerStop } from './actions.ts';
import { HookError, runHook } from './hooks.ts';
import type { NodeContext } from './node-context.ts';
import { recordContainerEvent } from './pod-events.ts';

/** What is left for SIGTERM when the hook used the whole grace. */
const graceSecondsAfterHook = 2;
const shortenedGraceSeconds = 1;

export interface StopInput {
  readonly pod: Pod;
  readonly podIp: string;
  /** Aborts when the pod has to end sooner than was asked at first. */
  readonly shortenGrace: AbortSignal;
}

async function preStop(context: NodeContext, stop: ContainerStop, input: StopInput): Promise<number> {
  const handler = stop.container?.lifecycle?.preStop;
  if (handler === undefined || stop.container === undefined || !stop.runPreStop || stop.graceSeconds === 0) return stop.graceSeconds;
  const startedMs = context.clock.monotonicMs();
  const { containerId, container, graceSeconds } = stop;
  try {
    await raceAbort(
      runHook(context.runtime, context.clock, { handler, container, containerId, podIp: input.podIp, timeoutSeconds: graceSeconds }),
      input.shortenGrace,
    );
  } catch (error) {
    if (!(error instanceof HookError || error instanceof RuntimeError)) throw error;
    recordContainerEvent(context, input.pod, stop.container, ['Warning', 'FailedPreStopHook', 'PreStopHook failed']);
  }
  const usedSeconds = (context.clock.monotonicMs() - startedMs) / 1000;
  return Math.max(graceSecondsAfterHook, Math.ceil(graceSeconds - usedSeconds));
}

/** An abort ends the waiting for the work, not the work. */
function raceAbort(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.race([work, Promise.resolve()]);
  return Promise.race([work, new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))]);
}

async function stopOne(context: NodeContext, stop: ContainerStop, input: StopInput): Promise<void> {
  recordContainerEvent(context, input.pod, stop, ['Normal', 'Killing', stop.message]);
  const graceSeconds = await preStop(context, stop, input);
  const shortened = new Promise<void>((resolve, reject) => {
    const shortenGrace = (): void => {
      context.runtime.stopContainer(stop.containerId, shortenedGraceSeconds).then(resolve, reject);
    };
    if (input.shortenGrace.aborted) shortenGrace();
    else input.shortenGrace.addEventListener('abort', shortenGrace, { once: true });
  });
  await Promise.race([context.runtime.stopContainer(stop.containerId, graceSeconds), shortened]);
}

export async function stopContainers(context: NodeContext, stops: readonly ContainerStop[], input: StopInput): Promise<void> {
  await Promise.all(stops.map((stop) => stopOne(context, stop, input)));
}
