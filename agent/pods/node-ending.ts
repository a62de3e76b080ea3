/** Why and how the node ends a pod for good, whatever its containers do. */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { specOf } from './pod-facts.ts';

export interface NodeEnding {
  readonly reason: 'Evicted' | 'Terminated';
  readonly message: string;
  /** The longest time for the end, hooks included. */
  readonly graceSeconds: number;
}

/** An eviction that cannot wait. Source: pkg/kubelet/eviction/eviction_manager.go (immediateEvictionGracePeriodSeconds) */
export const hardEvictionSeconds = 1;

/** No longer than the pod asks for. */
export const graceWithin = (pod: Pod, secondsMax: number): number =>
  Math.min(secondsMax, specOf(pod).terminationGracePeriodSeconds ?? secondsMax);
