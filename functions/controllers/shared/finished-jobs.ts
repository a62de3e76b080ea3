/** How a Job ended. Source: pkg/controller/job/util/utils.go. */
import type { Job, JobCondition } from '../../kube/generated/types.ts';

/** The condition Complete or Failed; undefined as long as the Job is under way. */
export const endOf = ({ status }: Job): JobCondition | undefined =>
  status?.conditions?.find((condition) => (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True');
