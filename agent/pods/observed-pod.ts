/** What the runtime has of one pod, and what the worker remembers about it: the two inputs of the plan besides the pod. */
import type { ResourceRequirements } from '../../functions/kube/generated/types.ts';
import type { ContainerStatus, SandboxStatus } from '../runtime/runtime.ts';
import type { BackOff } from './back-off.ts';
import type { NodeEnding } from './node-ending.ts';

export interface ObservedPod {
  /** Newest first. */
  readonly sandboxes: readonly SandboxStatus[];
  /** Newest first, of all sandboxes. */
  readonly containers: readonly ContainerStatus[];
}

export const nothingObserved: ObservedPod = { sandboxes: [], containers: [] };

/** Why a container is not there although it should be. */
export interface StartFailure {
  /** `ErrImagePull`, `CreateContainerConfigError`, `RunContainerError`, … */
  readonly reason: string;
  readonly message: string;
  readonly failedAtMs: number;
  readonly retryAtMs: number;
}

export interface Retry {
  readonly message: string;
  readonly retryAtMs: number;
  readonly backOff?: BackOff;
}

export interface PodMemory {
  /** By container name: how long to wait before the next restart. */
  readonly restarts: Readonly<Record<string, BackOff>>;
  /** By container name. Cleared by a successful start. */
  readonly failures: Readonly<Record<string, StartFailure>>;
  /** By image: how long to wait before the next pull. */
  readonly pulls: Readonly<Record<string, BackOff>>;
  /** By container id: what it was given, where this process gave it. */
  readonly resources: Readonly<Record<string, ResourceRequirements>>;
  /** By container id: when the runtime may be asked again to remove it, which it refused. */
  readonly removals: Readonly<Record<string, number>>;
  /** Why the last resize failed. */
  readonly resizeFailure?: string;
  readonly sandboxFailure?: Retry;
  readonly sandboxBackOff?: BackOff;
  /** The node is to end the pod. */
  readonly ending?: NodeEnding;
  readonly volumes: 'unknown' | 'ready' | 'released' | Retry;
}

export const emptyMemory: PodMemory = { restarts: {}, failures: {}, pulls: {}, resources: {}, removals: {}, volumes: 'unknown' };

/** What probes found, by container id. Left out: no probe has spoken (or there is none). */
export interface ProbeFinding {
  readonly started?: boolean;
  readonly ready?: boolean;
  readonly failed?: 'liveness' | 'startup';
}
export type ProbeFindings = Readonly<Record<string, ProbeFinding>>;
