/**
 * Counts pods that ended, each exactly once, whenever the process dies:
 *
 *   uid into uncountedTerminatedPods ─▶ finalizer off the pod ─▶ uid out, counter up ─▶ condition, once none is left
 *
 * A listed uid whose pod has no finalizer any more only has to be added to the counter.
 * Source: pkg/controller/job/job_controller.go, trackJobStatusAndRemoveFinalizers.
 */
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Job, JobCondition, JobStatus, Pod } from '../../kube/generated/types.ts';
import { isTerminating, uidOf } from '../../kube/object.ts';
import { jobs } from '../../kube/resource-type.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { allOf } from '../shared/slow-start.ts';
import { completionIndexOf, hasIndex, indexCount, indexesText, intervalsOf, merged } from './completion-indexes.ts';
import { jobCondition, setCondition } from './conditions.ts';
import { hasValidIndex, isIndexed, isTracked } from './job-state.ts';
import type { JobState } from './job-state.ts';
import { isPodFailed, matchFailurePolicy } from './pod-failure.ts';
import { removeFinalizer } from './tracking-finalizer.ts';

/** Uids in a status at once; each has 36 characters. */
const uncountedMax = 500;

export interface Accounting {
  readonly state: JobState;
  /** The status to write, with what the reconcile found out before. */
  readonly status: JobStatus;
  /** Why the Job ends, where it does. */
  readonly ending: JobCondition | undefined;
}

/** Returns the condition with which the Job ended, if it did now. */
export async function account(accounting: Accounting, context: ReconcileContext): Promise<JobCondition | undefined> {
  const { state, status } = accounting;
  const nowMs = context.clock.now();
  const tracked = new Set(state.pods.filter(isTracked).map(uidOf));
  countReleased(status, tracked);
  const { release, isAll } = collectEnded(accounting);
  const final = announceEnding(accounting, nowMs);

  let job = await save(state.job, status, context);
  const error = await allOf(release, async (pod) => {
    await removeFinalizer(pod, context);
    tracked.delete(uidOf(pod));
  });
  const next = copy(job.status ?? {});
  countReleased(next, tracked);
  const isEnded = error === undefined && isAll && final !== undefined && mayEnd(next);
  if (isEnded) {
    setCondition(next, final);
    if (final.type === 'Complete') next.completionTime = final.lastTransitionTime;
  }
  job = await save(job, next, context);
  if (error !== undefined) throw error;
  return isEnded ? final : undefined;
}

/** Adds to the counters what has lost its finalizer. */
function countReleased(status: JobStatus, tracked: ReadonlySet<string>): void {
  const uncounted = status.uncountedTerminatedPods ?? {};
  for (const list of ['succeeded', 'failed'] as const) {
    const uids = uncounted[list] ?? [];
    const left = uids.filter((uid) => tracked.has(uid));
    if (left.length === uids.length) continue;
    status[list] = (status[list] ?? 0) + uids.length - left.length;
    if (left.length > 0) uncounted[list] = left;
    else delete uncounted[list];
  }
  status.uncountedTerminatedPods = uncounted;
}

/** Lists pods that ended as uncounted, and the indexes that are done; the pods may lose their finalizers then. */
function collectEnded({ state, status, ending }: Accounting): { readonly release: readonly Pod[]; readonly isAll: boolean } {
  const { job, indexes } = state;
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const newSucceeded: string[] = [...succeeded];
  const newFailed: string[] = [...failed];
  const newIndexes: number[] = [];
  const release: Pod[] = [];
  let isAll = true;
  for (const pod of inOrderOfIndexes(state)) {
    if (!isTracked(pod) || !mayRelease(pod, { state, ending })) continue;
    release.push(pod);
    const uid = uidOf(pod);
    const index = completionIndexOf(pod);
    if (pod.status?.phase === 'Succeeded' && !failed.includes(uid)) {
      const isNewIndex = index !== undefined && hasValidIndex(pod, job) && !hasIndex(indexes?.before ?? [], index);
      if (isIndexed(job) && isNewIndex) newIndexes.push(index);
      if (!isIndexed(job) && !succeeded.includes(uid)) newSucceeded.push(uid);
    } else if (countsAsFailed(pod, job, ending) && !failed.includes(uid)) newFailed.push(uid);
    if (newSucceeded.length + newFailed.length + newIndexes.length < uncountedMax) continue;
    isAll = false;
    break;
  }
  status.uncountedTerminatedPods = {
    ...(newSucceeded.length > 0 && { succeeded: newSucceeded }),
    ...(newFailed.length > 0 && { failed: newFailed }),
  };
  if (indexes !== undefined) {
    const done = merged(indexes.succeeded, intervalsOf(newIndexes));
    setCount(status, 'succeeded', indexCount(done));
    if (done.length > 0) status.completedIndexes = indexesText(done);
    else delete status.completedIndexes;
    if (indexes.failed !== undefined) status.failedIndexes = indexesText(indexes.failed);
    else delete status.failedIndexes;
  }
  return { release, isAll };
}

function inOrderOfIndexes({ job, pods }: JobState): readonly Pod[] {
  if (!isIndexed(job)) return pods;
  return [...pods].sort((a, b) => (completionIndexOf(a) ?? -1) - (completionIndexOf(b) ?? -1));
}

/** A failed pod of an index stays until the pod that replaces it knows how often the index failed. */
function mayRelease(pod: Pod, { state, ending }: Pick<Accounting, 'state' | 'ending'>): boolean {
  const { job, indexes } = state;
  if (isTerminating(job) || ending !== undefined || pod.status?.phase === 'Succeeded') return true;
  if (!isPodFailed(pod, job)) return false;
  const index = completionIndexOf(pod);
  const awaited = index === undefined ? undefined : indexes?.awaitingReplacement.get(index);
  return awaited === undefined || uidOf(awaited) !== uidOf(pod);
}

/** With a Job that fails, or has failed, pods count as failed that did not end by themselves. */
function countsAsFailed(pod: Pod, job: Job, ending: JobCondition | undefined): boolean {
  const isFailing = ending !== undefined && ending.type !== 'SuccessCriteriaMet';
  if (!isPodFailed(pod, job) && !isFailing) return false;
  return (!isIndexed(job) || hasValidIndex(pod, job)) && matchFailurePolicy(job, pod).isCounted;
}

/** Writes down that the Job ends, and returns the condition with which it will have ended. */
function announceEnding({ status, ending }: Accounting, nowMs: number): JobCondition | undefined {
  if (ending === undefined || ending.type === 'Failed') return ending;
  setCondition(status, ending);
  return jobCondition(ending.type === 'FailureTarget' ? 'Failed' : 'Complete', ending, nowMs);
}

/** Nothing is left to be counted, and no pod runs on. */
function mayEnd({ uncountedTerminatedPods: uncounted, terminating = 0 }: JobStatus): boolean {
  return (uncounted?.succeeded ?? []).length + (uncounted?.failed ?? []).length === 0 && terminating === 0;
}

export function setCount(status: JobStatus, field: 'active' | 'succeeded' | 'failed', count: number): void {
  if (count > 0) status[field] = count;
  else delete status[field];
}

async function save(job: Job, status: JobStatus, { client }: ReconcileContext): Promise<Job> {
  return deepEqual(status, job.status) ? job : client.update(jobs, { ...copy(job), status: copy(status) }, 'status');
}
