/** Runs pods of a Job to their end, and counts them. Source: pkg/controller/job/job_controller.go, syncJob. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import type { Job, JobCondition, JobStatus } from '../../kube/generated/types.ts';
import { isTerminating, uidOf } from '../../kube/object.ts';
import { jobs, pods } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { claimObjects } from '../shared/claim.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { account, setCount } from './accounting.ts';
import { noFailures, withEndedPods } from './back-off.ts';
import type { BackoffRecord } from './back-off.ts';
import { isJobFinished, jobCondition, setCondition } from './conditions.ts';
import { deleteActivePods, managePods, readyCount } from './job-pods.ts';
import type { PodChanges } from './job-pods.ts';
import { backoffOfCounted, deadlineLeftMs, isEnding, isSuspended, jobState, trackingFinalizer, verdict } from './job-state.ts';
import type { JobState } from './job-state.ts';
import { jobWatches, selectorOfJob } from './watches.ts';
import { jobRole } from './role.ts';

const controllerName = 'kubernetes.io/job-controller';
/** While a Job fails, its count of failures is kept for the next reconcile at least this long. */
const recordSeconds = 3_600;

const isOurs = ({ spec }: Job): boolean => (spec.managedBy ?? controllerName) === controllerName;

export const jobController: Controller = {
  name: 'job',
  actsAs: userNameOf(jobRole),
  watches: jobWatches,
  all: (cache) => namesOf(cache.list(jobs).filter((job) => !isJobFinished(job))),
  async reconcile(request, context, note) {
    const job = context.cache.get(jobs, request);
    return job === undefined || !isOurs(job) || isJobFinished(job) ? settled : reconcileJob(job, context, note);
  },
};

async function reconcileJob(job: Job, context: ReconcileContext, note: Note | undefined): Promise<ReconcileResult> {
  const claimant = { object: job, type: jobs, selector: selectorOfJob(job), finalizers: [trackingFinalizer] };
  const claimed = await claimObjects(claimant, pods, context);
  const { state, status } = begin(job, jobState(job, claimed, recordOf(job, claimed, note)), context.clock.now());
  const { changes, ending } = await act(state, status, context);
  const active = state.active.length + changes.created - changes.deleted.length;
  setCount(status, 'active', active);
  status.ready = readyCount(state.active) - readyCount(changes.deleted);
  status.terminating = claimed.filter(isEnding).length + changes.deleted.length;

  const ended = await account({ state, status, ending: ending ?? completion(state, active, changes, context) }, context);
  if (ended !== undefined) {
    reportEnd(state, ended, context);
    return settled;
  }
  if (changes.error !== undefined) throw changes.error;
  // A Job that ends waits for its pods alone.
  return ending === undefined ? nextReconcile(state, changes, context.clock.now()) : settled;
}

/** A Job starts when it is reconciled for the first time and not suspended. */
function begin(job: Job, found: JobState, nowMs: number): { readonly state: JobState; readonly status: JobStatus } {
  const status = copy(job.status ?? {});
  status.uncountedTerminatedPods ??= {};
  if (status.startTime === undefined && !isSuspended(job)) status.startTime = timestamp(nowMs);
  return { state: { ...found, job: { ...job, status: { ...job.status, startTime: status.startTime } } }, status };
}

/** Ends the Job's pods where it has to end; otherwise makes and removes pods. */
async function act(
  state: JobState,
  status: JobStatus,
  context: ReconcileContext,
): Promise<{ readonly changes: PodChanges; readonly ending?: JobCondition | undefined }> {
  const ending = verdict(state, context.clock.now());
  if (ending !== undefined) {
    const changes = await deleteActivePods(state, context);
    // Pods that could not be deleted may still be running: the Job ends with them.
    return { changes, ending: changes.error === undefined ? ending : undefined };
  }
  if (isTerminating(state.job)) return { changes: { created: 0, deleted: [] } };
  const changes = await managePods(state, context);
  const active = state.active.length + changes.created - changes.deleted.length;
  if (!isComplete(state, active)) reportSuspension(state, status, context);
  return { changes };
}

function isComplete({ job, succeeded }: JobState, active: number): boolean {
  const { completions } = job.spec;
  return active === 0 && (completions === undefined ? succeeded > 0 : succeeded >= completions);
}

function completion(state: JobState, active: number, changes: PodChanges, { clock }: ReconcileContext): JobCondition | undefined {
  if (changes.error !== undefined || !isComplete(state, active) || verdict(state, clock.now()) !== undefined) return undefined;
  const reason = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  return jobCondition('SuccessCriteriaMet', reason, clock.now());
}

/** A Job that goes on starts anew: its deadline counts from then. */
function reportSuspension({ job }: JobState, status: JobStatus, { clock, events }: ReconcileContext): void {
  const nowMs = clock.now();
  if (isSuspended(job)) {
    if (!setCondition(status, jobCondition('Suspended', { reason: 'JobSuspended', message: 'Job suspended' }, nowMs))) return;
    events.event(job, 'Normal', 'Suspended', 'Job suspended');
    delete status.startTime;
    return;
  }
  const resumed = { ...jobCondition('Suspended', { reason: 'JobResumed', message: 'Job resumed' }, nowMs), status: 'False' };
  if (!setCondition(status, resumed)) return;
  events.event(job, 'Normal', 'Resumed', 'Job resumed');
  status.startTime = timestamp(nowMs);
}

function reportEnd({ job, succeeded }: JobState, ended: JobCondition, { events }: ReconcileContext): void {
  if (ended.type === 'Failed') {
    events.event(job, 'Warning', ended.reason ?? '', ended.message ?? '');
    return;
  }
  if (job.spec.completions !== undefined && succeeded > job.spec.completions)
    events.event(job, 'Warning', 'TooManySucceededPods', 'Too many succeeded pods running after completion count reached');
  events.event(job, 'Normal', 'Completed', 'Job completed');
}

/** The note of the reconcile before, or what the pods that are still there show. */
function recordOf(job: Job, claimed: JobState['pods'], note: Note | undefined): BackoffRecord {
  const failures = note?.[`${uidOf(job)} failures`];
  if (failures !== undefined) return { failuresAfterLastSuccess: failures, lastFailureMs: note?.[`${uidOf(job)} lastFailureMs`] ?? 0 };
  const { succeeded, failed } = backoffOfCounted(job, claimed);
  return withEndedPods(noFailures, succeeded, failed);
}

function nextReconcile({ job, backoff }: JobState, { waitMs = Infinity }: PodChanges, nowMs: number): ReconcileResult {
  const nextMs = Math.min(waitMs, Math.max(1, deadlineLeftMs(job, nowMs)));
  if (backoff.failuresAfterLastSuccess === 0) return nextMs === Infinity ? settled : again(nextMs / 1000);
  const uid = uidOf(job);
  const note = { [`${uid} failures`]: backoff.failuresAfterLastSuccess, [`${uid} lastFailureMs`]: backoff.lastFailureMs };
  return again(Math.min(nextMs / 1000, recordSeconds), note);
}
