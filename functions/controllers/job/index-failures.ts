/** How often pods of one index failed before: each pod carries the number. Source: pkg/controller/job/indexed_job_utils.go. */
import type { Job, Pod } from '../../kube/generated/types.ts';
import { annotationsOf } from '../../kube/object.ts';
import { matchFailurePolicy } from './pod-failure.ts';

const countedAnnotation = 'batch.kubernetes.io/job-index-failure-count';
const ignoredAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';
const countMax = 2 ** 31 - 1;

function countIn(pod: Pod, annotation: string): number {
  const text = annotationsOf(pod)[annotation] ?? '';
  return /^\+?\d+$/.test(text) && Number(text) <= countMax ? Number(text) : 0;
}

/** Those that count towards the limit of the index. */
export const failuresOf = (pod: Pod): number => countIn(pod, countedAnnotation);

/** All of them, for the back-off. */
export const absoluteFailuresOf = (pod: Pod): number => failuresOf(pod) + countIn(pod, ignoredAnnotation);

/** What the pod that replaces `pod` carries; the first of its index replaces none. */
export function failureAnnotations(job: Job, pod: Pod | undefined): Record<string, string> {
  if (pod === undefined) return { [countedAnnotation]: '0' };
  const { isCounted } = matchFailurePolicy(job, pod);
  const ignored = countIn(pod, ignoredAnnotation) + (isCounted ? 0 : 1);
  return {
    [countedAnnotation]: String(failuresOf(pod) + (isCounted ? 1 : 0)),
    ...(ignored > 0 && { [ignoredAnnotation]: String(ignored) }),
  };
}
