/** The Job of one time of a schedule. Source: pkg/controller/cronjob/utils.go, getJobFromTemplate2. */
import { copy } from '../../kube/copy.ts';
import type { CronJob, CronJobStatus, Job } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerReference, isControlledBy } from '../../kube/owners.ts';
import { cronJobs, jobs } from '../../kube/resource-type.ts';
import { isAlreadyExists } from '../../kube/status-error.ts';
import { timestamp } from '../../kube/time.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { isActive, referenceTo } from './active-jobs.ts';
import { timeInZone } from './time-zone.ts';

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** The same for each attempt at the same time, so that no time gets two Jobs. */
export const jobName = (cronJob: CronJob, dueMs: number): string => `${nameOf(cronJob)}-${Math.floor(dueMs / 60_000)}`;

export async function startJob(
  cronJob: CronJob,
  { dueMs, status }: { readonly dueMs: number; readonly status: CronJobStatus },
  context: ReconcileContext,
): Promise<void> {
  const job = await createJob(cronJob, dueMs, context);
  if (job === undefined || isActive(status, uidOf(job))) return;
  status.active = [...(status.active ?? []), referenceTo(job)];
  status.lastScheduleTime = timestamp(dueMs);
}

/** undefined: another object has the name. */
async function createJob(cronJob: CronJob, dueMs: number, { client, events }: ReconcileContext): Promise<Job | undefined> {
  const wanted = jobAt(cronJob, dueMs);
  try {
    const job = await client.create(jobs, wanted);
    events.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${nameOf(job)}`);
    return job;
  } catch (error) {
    if (isAlreadyExists(error)) {
      const job = await client.get(jobs, { namespace: namespaceOf(cronJob), name: nameOf(wanted) });
      return isControlledBy(job, cronJob) ? job : undefined;
    }
    if (error instanceof Error && !isNamespaceTerminating(error))
      events.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${error.message}`);
    throw error;
  }
}

function jobAt(cronJob: CronJob, dueMs: number): Job {
  const { jobTemplate, timeZone = 'UTC' } = cronJob.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return copy({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace: namespaceOf(cronJob),
      name: jobName(cronJob, dueMs),
      labels,
      annotations: { ...annotations, [scheduledAnnotation]: timeInZone(timeZone, dueMs) },
      ownerReferences: [controllerReference(cronJobs, cronJob)],
    },
    spec: jobTemplate.spec,
  });
}
