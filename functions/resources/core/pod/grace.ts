import type { Pod } from '../../../kube/generated/types.ts';
import { isPodFinished } from '../../../kube/pod.ts';

/** A pod that runs nowhere needs no time to stop. Source: podStrategy.CheckGracefulDelete. */
export function graceSeconds(pod: Pod, requestedSeconds: number | undefined): number {
  if (!pod.spec.nodeName || isPodFinished(pod)) return 0;
  const seconds = requestedSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
}
