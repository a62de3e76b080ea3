/** Conditions of Jobs. Source: pkg/controller/job/job_controller.go, newCondition and ensureJobConditionStatus. */
import { conditionOf } from '../../kube/conditions.ts';
import type { Job, JobCondition, JobStatus } from '../../kube/generated/types.ts';
import { timestamp } from '../../kube/time.ts';

export function jobCondition(type: string, { reason, message }: Pick<JobCondition, 'reason' | 'message'>, nowMs: number): JobCondition {
  const now = timestamp(nowMs);
  return { type, status: 'True', lastProbeTime: now, lastTransitionTime: now, reason, message };
}

export const isConditionTrue = (job: Job, type: string): boolean => conditionOf(job.status?.conditions, type)?.status === 'True';

export const isJobFinished = (job: Job): boolean => isConditionTrue(job, 'Complete') || isConditionTrue(job, 'Failed');

/** False when the condition is there already. A condition that never was is not added to be False. */
export function setCondition(status: JobStatus, condition: JobCondition): boolean {
  const conditions = status.conditions ?? [];
  const current = conditionOf(conditions, condition.type);
  if (current === undefined && condition.status === 'False') return false;
  const { status: value, reason, message } = condition;
  if (current?.status === value && current.reason === reason && current.message === message) return false;
  status.conditions =
    current === undefined ? [...conditions, condition] : conditions.map((other) => (other === current ? condition : other));
  return true;
}
