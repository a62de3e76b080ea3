/**
 * What a Job and its pods amount to: counts, indexes, the back-off so far, and whether the Job has to end. Pure.
 * Source: pkg/controller/job/job_controller.go, syncJob.
 */
import { conditionOf } from '../../kube/conditions.ts';
import type { ContainerStatus, Job, JobCondition, Pod } from '../../kube/generated/types.ts';
import { isTerminating, uidOf } from '../../kube/object.ts';
import { isPodActive, isPodFinished } from '../../kube/pod.ts';
import { parseTime } from '../../kube/time.ts';
import { finishedMs, withEndedPods } from './back-off.ts';
import type { BackoffRecord } from './back-off.ts';
import type { Indexes } from './completion-indexes.ts';
import { completionIndexesOf, completionIndexOf, countOfBoth, hasIndex, indexCount, merged, parseIndexes } from './completion-indexes.ts';
import { isConditionTrue, jobCondition } from './conditions.ts';
import { absoluteFailuresOf, failuresOf } from './index-failures.ts';
import { isPodFailed, matchFailurePolicy } from './pod-failure.ts';

/** A pod that has it was not counted yet. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(trackingFinalizer) === true;
export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed';
export const isSuspended = ({ spec }: Job): boolean => spec.suspend === true;
export const isEnding = (pod: Pod): boolean => isTerminating(pod) && !isPodFinished(pod);

export interface IndexState {
  /** The indexes that succeeded, as the status has them. */
  readonly before: Indexes;
  /** The indexes that succeeded, with those since the last status. */
  readonly succeeded: Indexes;
  /** Only with a limit for each index. */
  readonly failed?: Indexes;
  /** Failed pods that stay until their replacement has taken over their count of failures. */
  readonly awaitingReplacement: ReadonlyMap<number, Pod>;
}

export interface JobState {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  readonly backoff: BackoffRecord;
  readonly indexes?: IndexState;
}

export function jobState(job: Job, pods: readonly Pod[], record: BackoffRecord): JobState {
  const uncounted = job.status?.uncountedTerminatedPods ?? {};
  const isNew = (pod: Pod, list: readonly string[] | undefined): boolean =>
    isTracked(pod) && list?.includes(uidOf(pod)) !== true && (!isIndexed(job) || hasValidIndex(pod, job));
  const newSucceeded = pods.filter((pod) => pod.status?.phase === 'Succeeded' && isNew(pod, uncounted.succeeded));
  const newFailed = pods.filter((pod) => isPodFailed(pod, job) && isNew(pod, uncounted.failed));
  const indexes = isIndexed(job) ? indexState(job, pods) : undefined;
  const counted = newFailed.filter((pod) => matchFailurePolicy(job, pod).isCounted).length;
  const succeeded = (job.status?.succeeded ?? 0) + newSucceeded.length + (uncounted.succeeded?.length ?? 0);
  return {
    job,
    pods,
    active: pods.filter(isPodActive),
    succeeded: indexes === undefined ? succeeded : indexCount(indexes.succeeded),
    failed: (job.status?.failed ?? 0) + counted + (uncounted.failed?.length ?? 0),
    backoff: withEndedPods(record, newSucceeded, newFailed),
    ...(indexes !== undefined && { indexes }),
  };
}

export function hasValidIndex(pod: Pod, { spec }: Job): boolean {
  const index = completionIndexOf(pod);
  return index !== undefined && index < (spec.completions ?? 0);
}

function indexState(job: Job, pods: readonly Pod[]): IndexState {
  const { completions = 0, backoffLimitPerIndex } = job.spec;
  const uncounted = pods.filter((pod) => isTracked(pod) && hasValidIndex(pod, job));
  const before = parseIndexes(job.status?.completedIndexes ?? '', completions);
  const succeeded = merged(before, completionIndexesOf(uncounted.filter(({ status }) => status?.phase === 'Succeeded')));
  if (backoffLimitPerIndex === undefined) return { before, succeeded, awaitingReplacement: new Map() };
  const failedBefore = parseIndexes(job.status?.failedIndexes ?? '', completions);
  const failed = merged(failedBefore, completionIndexesOf(uncounted.filter((pod) => hasIndexFailed(pod, job, backoffLimitPerIndex))));
  const settledIndexes = merged(merged(succeeded, failed), completionIndexesOf(pods.filter(isPodActive)));
  return { before, succeeded, failed, awaitingReplacement: podsAwaitingReplacement(uncounted, job, settledIndexes) };
}

function hasIndexFailed(pod: Pod, job: Job, limit: number): boolean {
  if (!isPodFailed(pod, job)) return false;
  const { action, isCounted } = matchFailurePolicy(job, pod);
  return action === 'FailIndex' || (isCounted && failuresOf(pod) >= limit);
}

/** The last failed pod of each index that has no other pod. */
function podsAwaitingReplacement(pods: readonly Pod[], job: Job, settledIndexes: Indexes): Map<number, Pod> {
  const last = new Map<number, Pod>();
  for (const pod of pods) {
    const index = completionIndexOf(pod);
    if (index === undefined || !isPodFailed(pod, job) || hasIndex(settledIndexes, index)) continue;
    const other = last.get(index);
    const isLater = other === undefined || (absoluteFailuresOf(other) <= absoluteFailuresOf(pod) && finishedMs(other) <= finishedMs(pod));
    if (isLater) last.set(index, pod);
  }
  return last;
}

/**
 * Why the Job has to end: a condition SuccessCriteriaMet, FailureTarget, or Failed where FailureTarget is in its status
 * already. What an earlier reconcile decided stays decided.
 */
export function verdict(state: JobState, nowMs: number): JobCondition | undefined {
  const { job, pods } = state;
  const criteria = conditionOf(job.status?.conditions, 'SuccessCriteriaMet');
  if (criteria?.status === 'True') return criteria;
  if (isConditionTrue(job, 'FailureTarget'))
    return jobCondition('Failed', conditionOf(job.status?.conditions, 'FailureTarget') ?? {}, nowMs);
  const failure = failureOf(state, nowMs);
  if (failure !== undefined) return jobCondition('FailureTarget', failure, nowMs);
  const rule = isIndexed(job) ? matchedSuccessRule(state) : undefined;
  if (rule === undefined) return undefined;
  return jobCondition('SuccessCriteriaMet', { reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` }, nowMs);

  function failureOf({ failed, indexes }: JobState, atMs: number): { reason: string; message: string } | undefined {
    const policyFailure = pods.map((pod) => (isPodFailed(pod, job) ? matchFailurePolicy(job, pod).jobFailure : undefined)).find(Boolean);
    if (policyFailure !== undefined) return { reason: 'PodFailurePolicy', message: policyFailure };
    if (failed > (job.spec.backoffLimit ?? 0) || restartsExceedLimit(job, pods)) {
      return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
    }
    if (deadlineLeftMs(job, atMs) <= 0) return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
    if (indexes?.failed === undefined) return undefined;
    const failedCount = indexCount(indexes.failed);
    if (failedCount > (job.spec.maxFailedIndexes ?? Infinity)) {
      return { reason: 'MaxFailedIndexesExceeded', message: 'Job has exceeded the specified maximal number of failed indexes' };
    }
    const isEveryIndexDone = failedCount + indexCount(indexes.succeeded) >= (job.spec.completions ?? 0);
    return failedCount > 0 && isEveryIndexDone ? { reason: 'FailedIndexes', message: 'Job has failed indexes' } : undefined;
  }
}

/** Containers that the kubelet restarts count as failed pods do. */
function restartsExceedLimit({ spec }: Job, pods: readonly Pod[]): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }): ContainerStatus[] => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  const limit = spec.backoffLimit ?? 0;
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

/** Infinity: the Job has no deadline, or is not under way. */
export function deadlineLeftMs({ spec, status }: Job, nowMs: number): number {
  if (spec.activeDeadlineSeconds === undefined || status?.startTime === undefined || spec.suspend === true) return Infinity;
  return parseTime(status.startTime) + spec.activeDeadlineSeconds * 1000 - nowMs;
}

/** Source: pkg/controller/job/success_policy.go. */
function matchedSuccessRule({ job, indexes }: JobState): number | undefined {
  const succeeded = indexes?.succeeded ?? [];
  if (succeeded.length === 0) return undefined;
  const found = (job.spec.successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return indexCount(succeeded) >= (succeededCount ?? Infinity);
    const wanted = parseIndexes(succeededIndexes, job.spec.completions ?? 0);
    const met = countOfBoth(wanted, succeeded);
    return wanted.length > 0 && (met === indexCount(wanted) || met >= (succeededCount ?? Infinity));
  });
  return found === -1 ? undefined : found;
}

/** The pods that were counted already: the back-off starts from them when no reconcile left a record. */
export function backoffOfCounted(job: Job, pods: readonly Pod[]): { succeeded: readonly Pod[]; failed: readonly Pod[] } {
  const counted = pods.filter((pod) => !isTracked(pod));
  return {
    succeeded: counted.filter(({ status }) => status?.phase === 'Succeeded'),
    failed: counted.filter((pod) => isPodFailed(pod, job)),
  };
}
