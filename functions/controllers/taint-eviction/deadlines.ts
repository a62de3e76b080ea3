/** When a pod has to leave a node because of its taints. Pure. Source: pkg/controller/tainteviction/taint_eviction.go. */
import type { Pod, Taint } from '../../kube/generated/types.ts';
import { parseTime } from '../../kube/time.ts';
import { tolerates } from '../shared/taints.ts';

/** `taints`: those with NoExecute. `seenMs`: since when a taint that bears no time is known. Infinity: it may stay. */
export function evictionMs(pod: Pod, taints: readonly Taint[], seenMs: (taint: Taint) => number): number {
  let earliest = Infinity;
  for (const taint of taints) {
    const tolerations = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    const sinceMs = taint.timeAdded === undefined ? seenMs(taint) : parseTime(taint.timeAdded);
    const seconds = tolerations.map(({ tolerationSeconds }) => tolerationSeconds ?? Infinity);
    const stay = seconds.length === 0 ? 0 : Math.max(0, Math.min(...seconds));
    earliest = Math.min(earliest, sinceMs + stay * 1000);
  }
  return earliest;
}
