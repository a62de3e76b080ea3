/**
 * What is written on ReplicaSets for `kubectl rollout`: revision, history, and the sizes at the last scaling. Pure.
 * Source: pkg/controller/deployment/util/deployment_util.go, SetNewReplicaSetAnnotations.
 */
import type { Deployment, ReplicaSet } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { annotationsOf } from '../../kube/object.ts';
import { boundsOf } from './rolling.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';

/** These describe the Deployment or one ReplicaSet, and are not copied from the one to the other. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
]);

const historyCharsMax = 2000;

type Annotations = Readonly<Record<string, string>>;

/** A bigint, since a user may set a revision that a JavaScript number cannot hold exactly. */
export const revisionOf = (object: KubeObject): bigint => wholeRevision(annotationsOf(object)[revisionAnnotation]) ?? 0n;
export const desiredReplicasOf = (set: ReplicaSet): number | undefined => wholeNumber(annotationsOf(set)[desiredAnnotation]);
export const maxReplicasOf = (set: ReplicaSet): number | undefined => wholeNumber(annotationsOf(set)[maxAnnotation]);

const wholeNumber = (text: string | undefined): number | undefined => (text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined);

const wholeRevision = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^\d+$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : undefined;

/** The annotations of a set at its scaling, to be compared with at the next one. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const { desired, maxSurge } = boundsOf(deployment.spec);
  return { [desiredAnnotation]: String(desired), [maxAnnotation]: String(desired + maxSurge) };
}

/** The annotations of the Deployment's current ReplicaSet, which has `own` now. */
export function annotationsOfNewSet(deployment: Deployment, own: Annotations, revision: bigint): Annotations {
  const copied = Object.entries(annotationsOf(deployment)).filter(([key]) => !notCopied.has(key));
  const next: Record<string, string> = { ...own, ...Object.fromEntries(copied) };
  const before = own[revisionAnnotation];
  const revisionBefore = before === undefined ? 0n : wholeRevision(before);
  if (revisionBefore === undefined || revisionBefore >= revision) return next;
  next[revisionAnnotation] = String(revision);
  // A set that becomes current again, by a rollback, remembers the numbers it had.
  if (before !== undefined) next[historyAnnotation] = withRevision(own[historyAnnotation] ?? '', before);
  return next;
}

/** Old numbers are dropped from the front when the list grows too long. */
function withRevision(history: string, revision: string): string {
  const revisions = history === '' ? [revision] : [...history.split(','), revision];
  while (revisions.length > 1 && revisions.join(',').length > historyCharsMax) revisions.shift();
  return revisions.join(',');
}
