import { conditionOf } from '../../../kube/conditions.ts';
import type { Job } from '../../../kube/generated/types.ts';

/** Whether the job is suspended and nothing of it runs. Source: pkg/registry/batch/job/strategy.go, shouldAllowMutablePodTemplate. */
export function mayChangeTemplate({ spec, status }: Job): boolean {
  const hasNotStarted = !status?.startTime;
  const isSuspended = conditionOf(status?.conditions, 'Suspended')?.status === 'True';
  return spec.suspend === true && (hasNotStarted || isSuspended) && (status?.active ?? 0) === 0;
}
