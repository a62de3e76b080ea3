/**
 * Makes and removes pods of a Job until as many run as the Job wants. Source: pkg/controller/job/job_controller.go, manageJob.
 */
import type { Container, Job, Pod } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { isPodReady } from '../../kube/pod.ts';
import { jobs } from '../../kube/resource-type.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { podsToDelete } from '../shared/deletion-ranking.ts';
import { createPod, deletePod, isNamespaceTerminating, podFromTemplate } from '../shared/pod-control.ts';
import { allOf, slowStart } from '../shared/slow-start.ts';
import { backoffLeftMs } from './back-off.ts';
import { completionIndexesOf, completionIndexOf, firstFreeIndexes, indexAnnotation, merged } from './completion-indexes.ts';
import { absoluteFailuresOf, failureAnnotations } from './index-failures.ts';
import { finishedMs } from './back-off.ts';
import { isEnding, isIndexed, isSuspended, trackingFinalizer } from './job-state.ts';
import type { JobState } from './job-state.ts';
import { replacesOnlyFailed } from './pod-failure.ts';
import { removeFinalizer } from './tracking-finalizer.ts';

/** Pods created or deleted by one reconcile. */
const podsPerReconcileMax = 500;
const generatedNamePrefixMax = 58;

export interface PodChanges {
  readonly created: number;
  readonly deleted: readonly Pod[];
  readonly error?: Error;
  /** When pods that have to wait may be made. */
  readonly waitMs?: number;
}

/** The number of pods that should run. */
export function wantedActive({ job, active, succeeded }: JobState): number {
  const { completions, parallelism = 1 } = job.spec;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

export async function managePods(state: JobState, context: ReconcileContext): Promise<PodChanges> {
  const { job, active } = state;
  const nowMs = context.clock.now();
  if (isSuspended(job)) return deletePods(job, superfluous(state, active.length, nowMs), context);
  const wanted = wantedActive(state);
  const doomed = superfluous(state, Math.max(0, active.length - wanted), nowMs).slice(0, podsPerReconcileMax);
  if (doomed.length > 0) return deletePods(job, doomed, context);
  const ending = replacesOnlyFailed(job) ? state.pods.filter(isEnding).length : 0;
  const missing = Math.min(podsPerReconcileMax, wanted - ending - active.length);
  return missing > 0 ? createPods(state, missing, context) : { created: 0, deleted: [] };
}

/** At least `count` active pods; of an indexed Job also those without a place of their own. */
function superfluous({ job, active }: JobState, count: number, nowMs: number): readonly Pod[] {
  if (!isIndexed(job)) return count === 0 ? [] : podsToDelete(active, count, [], nowMs);
  const byIndex = Map.groupBy(active, completionIndexOf);
  const doomed: Pod[] = [];
  const kept: Pod[] = [];
  for (const [index, pods] of byIndex) {
    const misplaced = index === undefined || index >= (job.spec.completions ?? 0);
    const extra = misplaced ? pods : podsToDelete(pods, pods.length - 1, [], nowMs);
    doomed.push(...extra);
    kept.push(...pods.filter((pod) => !extra.includes(pod)));
  }
  return doomed.length >= count ? doomed : [...doomed, ...podsToDelete(kept, count - doomed.length, [], nowMs)];
}

/** Pods that are not to count: their finalizer goes first. */
async function deletePods(job: Job, pods: readonly Pod[], context: ReconcileContext): Promise<PodChanges> {
  const deleted: Pod[] = [];
  const error = await allOf(pods, async (pod) => {
    await removeFinalizer(pod, context);
    await deletePod(job, pod, context);
    deleted.push(pod);
  });
  return { created: 0, deleted, ...(error !== undefined && { error }) };
}

/** Pods of a Job that ends: their finalizers stay until they are counted. */
export async function deleteActivePods({ job, active }: JobState, context: ReconcileContext): Promise<PodChanges> {
  const deleted: Pod[] = [];
  const error = await allOf(active, async (pod) => {
    await deletePod(job, pod, context);
    deleted.push(pod);
  });
  return { created: 0, deleted, ...(error !== undefined && { error }) };
}

export const readyCount = (pods: readonly Pod[]): number => pods.filter(isPodReady).length;

async function createPods(state: JobState, missing: number, context: ReconcileContext): Promise<PodChanges> {
  const { job } = state;
  const nowMs = context.clock.now();
  const isLimitedPerIndex = job.spec.backoffLimitPerIndex !== undefined;
  const waitMs = isLimitedPerIndex ? 0 : backoffLeftMs(state.backoff, nowMs);
  if (waitMs > 0) return { created: 0, deleted: [], waitMs };
  const places: (number | undefined)[] = isIndexed(job) ? freeIndexes(state, missing) : Array.from({ length: missing }, () => undefined);
  const delays = places.map((index) => replacementDelayMs(state, index, nowMs));
  const ready = places.filter((_, position) => delays[position] === 0);
  if (ready.length === 0) return { created: 0, deleted: [], ...(delays.length > 0 && { waitMs: Math.min(...delays) }) };
  const waiting = [...ready];
  const { succeeded, error } = await slowStart(ready.length, () => createPod(job, podAt(state, waiting.shift()), context));
  if (error === undefined || isNamespaceTerminating(error)) return { created: succeeded, deleted: [] };
  return { created: succeeded, deleted: [], error };
}

function freeIndexes({ job, active, pods, indexes }: JobState, count: number): number[] {
  const ending = replacesOnlyFailed(job) ? pods.filter(isEnding) : [];
  const running = completionIndexesOf([...active, ...ending]);
  const taken = merged(merged(indexes?.succeeded ?? [], indexes?.failed ?? []), running);
  return firstFreeIndexes(taken, count, job.spec.completions ?? 0);
}

/** With a limit for each index, each index waits for itself. */
function replacementDelayMs({ job, indexes }: JobState, index: number | undefined, nowMs: number): number {
  const replaced = index === undefined || job.spec.backoffLimitPerIndex === undefined ? undefined : indexes?.awaitingReplacement.get(index);
  if (replaced === undefined) return 0;
  return backoffLeftMs({ failuresAfterLastSuccess: absoluteFailuresOf(replaced) + 1, lastFailureMs: finishedMs(replaced) }, nowMs);
}

function podAt({ job, indexes }: JobState, index: number | undefined): Pod {
  const pod = podFromTemplate(job, jobs, job.spec.template);
  pod.metadata.finalizers = [...new Set([...(pod.metadata.finalizers ?? []), trackingFinalizer])];
  if (index === undefined || pod.spec === undefined) return pod;
  const { spec, metadata } = pod;
  const suffix = `-${index}-`;
  const prefix = `${nameOf(job)}${suffix}`;
  metadata.generateName =
    prefix.length > generatedNamePrefixMax ? `${prefix.slice(0, generatedNamePrefixMax - suffix.length)}${suffix}` : prefix;
  metadata.annotations = {
    ...metadata.annotations,
    [indexAnnotation]: String(index),
    ...(job.spec.backoffLimitPerIndex !== undefined && failureAnnotations(job, indexes?.awaitingReplacement.get(index))),
  };
  metadata.labels = { ...metadata.labels, [indexAnnotation]: String(index) };
  spec.hostname = `${nameOf(job)}-${index}`;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) addIndexVariable(container);
  return pod;
}

const indexVariable = 'JOB_COMPLETION_INDEX';

function addIndexVariable(container: Container): void {
  if (container.env?.some(({ name }) => name === indexVariable) === true) return;
  const fieldPath = `metadata.labels['${indexAnnotation}']`;
  container.env = [...(container.env ?? []), { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }];
}
