/** What a plan can ask for. Done in order; one that fails does not keep the next from being tried. */
import type { Container } from '../../functions/kube/generated/types.ts';

export interface ContainerStop {
  readonly containerId: string;
  /** Undefined: the pod's spec no longer has this container. */
  readonly container: Container | undefined;
  readonly name: string;
  /** The message of the Killing event. */
  readonly message: string;
  readonly graceSeconds: number;
  readonly runPreStop: boolean;
}

export type Action =
  | { readonly kind: 'setUpVolumes' }
  | { readonly kind: 'createSandbox'; readonly attempt: number }
  | { readonly kind: 'stopSandbox'; readonly sandboxId: string; readonly changed: boolean }
  | { readonly kind: 'removeSandbox'; readonly sandboxId: string }
  /** Pulls the image if need be, creates, starts, runs postStart. */
  | {
      readonly kind: 'startContainer';
      readonly container: Container;
      readonly attempt: number;
      readonly sandboxId: string;
      /** A restart counts against the back-off; the first start does not. */
      readonly isRestart: boolean;
      /** The container is there already: it is only started. */
      readonly createdId?: string | undefined;
    }
  /** At the same time, until all have stopped. */
  | { readonly kind: 'stopContainers'; readonly stops: readonly ContainerStop[] }
  /** Other limits for one that goes on running. */
  | { readonly kind: 'resizeContainer'; readonly containerId: string; readonly container: Container }
  /** `mayWait`: where the runtime refuses, the pod goes on, and the removal is tried again later. */
  | { readonly kind: 'removeContainer'; readonly containerId: string; readonly mayWait?: boolean; readonly keepsLogs?: boolean }
  | { readonly kind: 'tearDownVolumes' };

/** Something worth an Event when it is new: the worker records each key once. */
export interface Notice {
  readonly key: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly containerName?: string;
}
