/** Updates a CronJob's status from its Jobs, and finds the finished Jobs beyond its history limits. Source: pkg/controller/cronjob/cronjob_controllerv2.go. */
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { apiVersionOf, jobs } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { endOf } from '../shared/finished-jobs.ts';
import { remove } from '../shared/removal.ts';

export const referenceTo = (job: Job): ObjectReference => ({
  apiVersion: apiVersionOf(jobs),
  kind: jobs.kind,
  name: nameOf(job),
  namespace: namespaceOf(job),
  resourceVersion: job.metadata.resourceVersion,
  uid: uidOf(job),
});

export const isActive = (status: CronJobStatus, uid: string): boolean => (status.active ?? []).some((reference) => reference.uid === uid);

export function dropActive(status: CronJobStatus, uid: string | undefined): void {
  const left = (status.active ?? []).filter((reference) => reference.uid !== uid);
  if (left.length > 0) status.active = left;
  else delete status.active;
}

/** Brings the status up to date with what became of the Jobs. */
export function recordJobs(cronJob: CronJob, own: readonly Job[], status: CronJobStatus, { cache, events }: ReconcileContext): void {
  for (const job of own) {
    const ended = endOf(job);
    const isKnown = isActive(status, uidOf(job));
    if (ended === undefined) {
      if (isKnown) continue;
      events.event(cronJob, 'Warning', 'UnexpectedJob', `Saw a job that the controller did not create or forgot: ${nameOf(job)}`);
      continue;
    }
    if (isKnown) {
      dropActive(status, uidOf(job));
      events.event(cronJob, 'Normal', 'SawCompletedJob', `Saw completed job: ${nameOf(job)}, condition: ${ended.type}`);
    }
    if (ended.type === 'Complete') recordSuccess(status, job.status?.completionTime);
  }
  const known = new Set(own.map(uidOf));
  for (const { name = '', namespace = '', uid = '' } of status.active ?? []) {
    if (known.has(uid) || cache.get(jobs, { namespace, name }) !== undefined) continue;
    events.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${name}`);
    dropActive(status, uid);
  }
}

function recordSuccess(status: CronJobStatus, completionTime: string | undefined): void {
  if (completionTime === undefined) return;
  const { lastSuccessfulTime } = status;
  if (lastSuccessfulTime === undefined || parseTime(completionTime) > parseTime(lastSuccessfulTime))
    status.lastSuccessfulTime = completionTime;
}

/** Ended Jobs beyond the limits, those first that started first. */
export function outdatedJobs({ spec }: CronJob, own: readonly Job[]): Job[] {
  const oldest = (type: string, limit: number | undefined): Job[] => {
    const ended = own.filter((job) => endOf(job)?.type === type).sort(byStart);
    return limit === undefined ? [] : ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...oldest('Complete', spec.successfulJobsHistoryLimit), ...oldest('Failed', spec.failedJobsHistoryLimit)];
}

function byStart(a: Job, b: Job): number {
  const startMs = ({ status }: Job): number => (status?.startTime === undefined ? Infinity : parseTime(status.startTime));
  if (startMs(a) !== startMs(b)) return startMs(a) - startMs(b);
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

/** The Job, its pods, and its place among the active ones. */
export async function deleteJob(cronJob: CronJob, job: Job, status: CronJobStatus, context: ReconcileContext): Promise<void> {
  try {
    await remove(jobs, job, context, { propagationPolicy: 'Background' });
  } catch (error) {
    if (error instanceof Error) context.events.event(cronJob, 'Warning', 'FailedDelete', `Deleted job: ${error.message}`);
    throw error;
  }
  dropActive(status, uidOf(job));
  context.events.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${nameOf(job)}`);
}
