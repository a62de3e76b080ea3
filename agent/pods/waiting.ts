/** The words of a container that waits to be started again. */
import type { Pod } from '../../functions/kube/generated/types.ts';
import { goSeconds } from './back-off.ts';
import { podText } from './pod-facts.ts';

/** How long a failure itself is shown before the waiting for the next try is. */
export const failureMsShown = 5000;

export const crashLoopMessage = (pod: Pod, containerName: string, delayMs: number): string =>
  `back-off ${goSeconds(delayMs)} restarting failed container=${containerName} pod=${podText(pod)}`;
