/** The columns of `kubectl get jobs`. */
import { conditionOf } from '../../../kube/conditions.ts';
import { humanDuration } from '../../../kube/duration.ts';
import type { Job } from '../../../kube/generated/types.ts';
import { isTerminating } from '../../../kube/object.ts';
import { parseTime } from '../../../kube/time.ts';
import { ageColumn, nameColumn, templateColumns, textColumn } from '../../columns.ts';
import type { Column } from '../../definition.ts';

const isTrue = ({ status }: Job, type: string): boolean => conditionOf(status?.conditions, type)?.status === 'True';

function statusText(job: Job): string {
  if (isTrue(job, 'Complete')) return 'Complete';
  if (isTrue(job, 'Failed')) return 'Failed';
  if (isTerminating(job)) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find((type) => isTrue(job, type)) ?? 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return '';
  const endMs = status.completionTime ? parseTime(status.completionTime) : nowMs;
  return humanDuration(endMs - parseTime(status.startTime));
}

export const columns: readonly Column<Job>[] = [
  nameColumn,
  textColumn('Status', 'What became of the job.', statusText),
  textColumn('Completions', 'Pods that succeeded, of those that have to.', completionsText),
  textColumn('Duration', 'How long it ran, or has been running.', durationText),
  ageColumn,
  ...templateColumns<Job>(
    ({ spec }) => spec.template,
    ({ spec }) => spec.selector,
  ),
];
