/** Makes Jobs at the times of a schedule. Source: pkg/controller/cronjob/cronjob_controllerv2.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { CronJob, CronJobStatus } from '../../kube/generated/types.ts';
import { isTerminating, uidOf } from '../../kube/object.ts';
import { cronJobs, jobs } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { deleteJob, outdatedJobs, recordJobs } from './active-jobs.ts';
import { missedTimes, nextTimeInMs } from './missed-times.ts';
import { scheduleOf } from './schedule.ts';
import type { Schedule } from './schedule.ts';
import { jobName, startJob } from './start.ts';
import { cronJobWatches } from './watches.ts';
import { cronJobRole } from './role.ts';

export const cronJobController: Controller = {
  name: 'cron-job',
  actsAs: userNameOf(cronJobRole),
  component: 'cronjob-controller',
  watches: cronJobWatches,
  all: (cache) => namesOf(cache.list(cronJobs)),
  async reconcile(request, context, note) {
    const cronJob = context.cache.get(cronJobs, request);
    if (cronJob === undefined) return settled;
    const status = copy(cronJob.status ?? {});
    const own = context.cache.controlledBy(jobs, uidOf(cronJob));
    try {
      for (const job of outdatedJobs(cronJob, own)) await deleteJob(cronJob, job, status, context);
      recordJobs(cronJob, own, status, context);
      return isTerminating(cronJob) || cronJob.spec.suspend === true ? settled : await followSchedule(cronJob, status, context, note);
    } finally {
      // What was done is written down even if something else failed.
      if (!deepEqual(status, cronJob.status ?? {})) await context.client.update(cronJobs, { ...copy(cronJob), status }, 'status');
    }
  },
};

async function followSchedule(
  cronJob: CronJob,
  status: CronJobStatus,
  context: ReconcileContext,
  note: Note | undefined,
): Promise<ReconcileResult> {
  const schedule = parsedSchedule(cronJob, context);
  if (schedule === undefined) return settled;
  const version = scheduleVersion(cronJob);
  // A new schedule holds from its next time on, and for none that has passed.
  const isNew = note !== undefined && note['schedule'] !== version;
  if (!isNew && !(await serve({ ...cronJob, status }, { schedule, status }, context))) return settled;
  const waitMs = nextTimeInMs({ ...cronJob, status }, schedule, context.clock.now());
  return waitMs === undefined ? settled : again(waitMs / 1000, { schedule: version });
}

function parsedSchedule(cronJob: CronJob, { events }: ReconcileContext): Schedule | undefined {
  const { schedule, timeZone } = cronJob.spec;
  const quoted = JSON.stringify(schedule);
  if (schedule.includes('TZ')) {
    const place = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/';
    const message = `CRON_TZ or TZ used in schedule ${quoted} is not officially supported, see ${place} for more details`;
    events.event(cronJob, 'Warning', 'UnsupportedSchedule', message);
  }
  try {
    const parsed = scheduleOf(schedule, timeZone);
    parsed.nextMs(0);
    return parsed;
  } catch (error) {
    if (error instanceof RangeError) {
      const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
      events.event(cronJob, 'Warning', 'UnknownTimeZone', message);
      return undefined;
    }
    if (!(error instanceof Error)) throw error;
    events.event(cronJob, 'Warning', 'UnparseableSchedule', `unparseable schedule: ${quoted} : ${error.message}`);
    return undefined;
  }
}

/** Starts the Job of the last time that passed, unless the policies keep it from starting. False: the schedule has no times. */
async function serve(
  cronJob: CronJob,
  { schedule, status }: { readonly schedule: Schedule; readonly status: CronJobStatus },
  context: ReconcileContext,
): Promise<boolean> {
  const { clock, events } = context;
  const { spec } = cronJob;
  const nowMs = clock.now();
  const { dueMs, missed, error } = missedTimes(cronJob, schedule, nowMs);
  if (error !== undefined) {
    events.event(cronJob, 'Warning', 'InvalidSchedule', `invalid schedule: ${spec.schedule} : ${error}`);
    return false;
  }
  if (dueMs === undefined) return true;
  if (missed === 'many') {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    events.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
  }
  if (dueMs + (spec.startingDeadlineSeconds ?? Infinity) * 1000 < nowMs) {
    const time = new Date(dueMs).toUTCString().replace('GMT', '+0000');
    events.event(cronJob, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${time}`);
    return true;
  }
  const isServed = status.lastScheduleTime !== undefined && parseTime(status.lastScheduleTime) === dueMs;
  if (isServed || (status.active ?? []).some(({ name }) => name === jobName(cronJob, dueMs))) return true;
  const isBusy = (status.active ?? []).length > 0;
  if (isBusy && spec.concurrencyPolicy === 'Forbid') {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.event(cronJob, 'Normal', 'JobAlreadyActive', message);
    return true;
  }
  if (isBusy && spec.concurrencyPolicy === 'Replace') await deleteActive(cronJob, status, context);
  await startJob(cronJob, { dueMs, status }, context);
  return true;
}

async function deleteActive(cronJob: CronJob, status: CronJobStatus, context: ReconcileContext): Promise<void> {
  for (const { namespace = '', name = '' } of status.active ?? []) {
    const job = context.cache.get(jobs, { namespace, name });
    if (job !== undefined) await deleteJob(cronJob, job, status, context);
  }
}

/** Another number for another schedule. */
function scheduleVersion({ spec }: CronJob): number {
  let version = 0;
  for (const letter of `${spec.schedule} ${spec.timeZone ?? ''}`) version = (Math.imul(version, 31) + (letter.codePointAt(0) ?? 0)) | 0;
  return version;
}
