/** The ways from the old ReplicaSets to the new one, one step at a time. Source: pkg/controller/deployment/{rolling,recreate,sync}.go. */
import type { ReplicaSet } from '../../kube/generated/types.ts';
import { isTerminating, nameOf, uidOf } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { pods, replicaSets } from '../../kube/resource-type.ts';
import { remove } from '../shared/removal.ts';
import { proportionalSizes } from './proportions.ts';
import { active, byAge, createdMs, replicasOf } from './replica-sets.ts';
import { desiredReplicasOf, maxReplicasOf, revisionOf } from './revisions.ts';
import type { SetCounts } from './rolling.ts';
import { boundsOf, isRollingUpdate, newReplicas, oldSizes, sum } from './rolling.ts';
import type { Rollout } from './rollout.ts';
import { hasHistoryLimit, isComplete } from './status.ts';

/** Either grows the new set or shrinks the old ones. */
export async function rollingUpdate(rollout: Rollout): Promise<void> {
  await rollout.createCurrent();
  if (await growCurrent(rollout)) return;
  if (await shrinkOld(rollout)) return;
  if (isComplete(rollout.deployment, rollout.deployment.status ?? {})) await deleteHistory(rollout);
}

async function growCurrent(rollout: Rollout): Promise<boolean> {
  const { current, deployment } = rollout;
  if (current === undefined) return false;
  const { desired } = boundsOf(deployment.spec);
  const size = replicasOf(current);
  if (size === desired) return false;
  if (size > desired) return rollout.resize(current, desired);
  const total = sum(rollout.all, replicasOf);
  const next = newReplicas(deployment.spec, total, size);
  return next !== size && rollout.resize(current, next);
}

const countsOf = (set: ReplicaSet): SetCounts => ({
  name: nameOf(set),
  replicas: replicasOf(set),
  available: set.status?.availableReplicas ?? 0,
});

async function shrinkOld(rollout: Rollout): Promise<boolean> {
  const { current, activeOld, deployment } = rollout;
  if (current === undefined || activeOld.length === 0) return false;
  const sizes = oldSizes(boundsOf(deployment.spec), activeOld.map(countsOf), countsOf(current));
  let changed = false;
  for (const set of activeOld) {
    const size = sizes.get(nameOf(set));
    if (size !== undefined && (await rollout.resize(set, size))) changed = true;
  }
  return changed;
}

/** All old pods go, and have gone, before the first new one starts. */
export async function recreate(rollout: Rollout): Promise<void> {
  const before = rollout.activeOld;
  for (const set of before) await rollout.resize(set, 0);
  if (before.length > 0 || isAnyOldPodRunning(rollout)) return;
  await rollout.createCurrent();
  const { current, deployment } = rollout;
  if (current !== undefined) await rollout.resize(current, boundsOf(deployment.spec).desired);
  if (isComplete(deployment, deployment.status ?? {})) await deleteHistory(rollout);
}

function isAnyOldPodRunning({ old, context }: Rollout): boolean {
  return old.some(
    (set) => (set.status?.replicas ?? 0) > 0 || context.cache.controlledBy(pods, uidOf(set)).some((pod) => !isPodFinished(pod)),
  );
}

/** The Deployment's size changed since its sets were last scaled. */
export function isScaling({ deployment, all }: Rollout): boolean {
  const { desired } = boundsOf(deployment.spec);
  return active(all).some((set) => (desiredReplicasOf(set) ?? desired) !== desired);
}

/** Brings the sets to the Deployment's size without moving the rollout on. */
export async function scaleSets(rollout: Rollout): Promise<void> {
  const { deployment, current, activeOld } = rollout;
  const { desired } = boundsOf(deployment.spec);
  const only = activeOrLatest(rollout);
  if (only !== undefined) {
    // The annotations of a set that keeps its size must be renewed too; else it would count as scaling for ever.
    await rollout.resize(only, desired);
  } else if (current !== undefined && isSaturated(current, desired)) {
    for (const set of activeOld) await rollout.resize(set, 0);
  } else if (isRollingUpdate(deployment.spec)) {
    await scaleProportionally(rollout);
  }
}

function activeOrLatest({ current, old, activeOld }: Rollout): ReplicaSet | undefined {
  const candidates = [...activeOld, ...(current !== undefined && replicasOf(current) > 0 ? [current] : [])];
  if (candidates.length > 1) return undefined;
  return candidates[0] ?? current ?? [...old].sort(byAge).at(-1);
}

const isSaturated = (set: ReplicaSet, desired: number): boolean =>
  replicasOf(set) === desired && desiredReplicasOf(set) === desired && (set.status?.availableReplicas ?? 0) === desired;

async function scaleProportionally(rollout: Rollout): Promise<void> {
  const { deployment } = rollout;
  const sets = active(rollout.all);
  const sized = sets.map((set) => ({
    name: nameOf(set),
    createdMs: createdMs(set),
    replicas: replicasOf(set),
    maxReplicasBefore: maxReplicasOf(set),
  }));
  const sizes = proportionalSizes(boundsOf(deployment.spec), sized, deployment.status?.replicas ?? 0);
  for (const set of sets) await rollout.resize(set, sizes.get(nameOf(set)) ?? replicasOf(set));
}

/** Forgets the oldest revisions beyond the limit. */
export async function deleteHistory({ deployment, old, context }: Rollout): Promise<void> {
  if (!hasHistoryLimit(deployment)) return;
  const history = old.filter((set) => !isTerminating(set)).sort((a, b) => Number(revisionOf(a) - revisionOf(b)) || byAge(a, b));
  const surplus = history.length - (deployment.spec.revisionHistoryLimit ?? 0);
  for (const set of history.slice(0, Math.max(0, surplus))) if (isUnused(set)) await remove(replicaSets, set, context);
}

function isUnused(set: ReplicaSet): boolean {
  const isObserved = (set.metadata.generation ?? 0) <= (set.status?.observedGeneration ?? 0);
  return (set.status?.replicas ?? 0) === 0 && replicasOf(set) === 0 && isObserved;
}
