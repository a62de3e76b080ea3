/** Which of a Deployment's ReplicaSets is the current one, and which are history. Pure. Source: util/deployment_util.go. */
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../kube/generated/types.ts';
import { podTemplateHash } from '../../kube/hash.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerReference } from '../../kube/owners.ts';
import { deployments } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';

const hashLabel = 'pod-template-hash';

export const replicasOf = (set: ReplicaSet): number => set.spec.replicas ?? 1;

export const createdMs = (set: ReplicaSet): number =>
  set.metadata.creationTimestamp === undefined ? 0 : parseTime(set.metadata.creationTimestamp);

/** Oldest first. */
export const byAge = (a: ReplicaSet, b: ReplicaSet): number => createdMs(a) - createdMs(b) || (nameOf(a) < nameOf(b) ? -1 : 1);

/** Sets that want pods. */
export const active = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.filter((set) => replicasOf(set) > 0);

/** The oldest with the Deployment's template: there may be several after the way to compute hashes changed. */
export const currentSet = (deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byAge).find((set) => isSameTemplate(set.spec.template, deployment.spec.template));

export const setsBut = (sets: readonly ReplicaSet[], current: ReplicaSet | undefined): ReplicaSet[] =>
  sets.filter((set) => current === undefined || uidOf(set) !== uidOf(current));

/** Equal but for the hash that the controller added. */
export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec): boolean {
  return deepEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabel]: _hash, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

/** The ReplicaSet of the Deployment's template, without annotations and with no pods yet. */
export function newSet(deployment: Deployment): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec;
  const hash = podTemplateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return copy({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      namespace: namespaceOf(deployment),
      name: `${nameOf(deployment).slice(0, namePrefixLengthMax)}-${hash}`,
      labels,
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  });
}

/** Names are at most 253 characters; the hash takes ten and its dash one. */
const namePrefixLengthMax = 242;
