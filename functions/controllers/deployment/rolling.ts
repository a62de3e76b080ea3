/**
 * How far a rolling update may go in one step. Pure: it sees counts, not objects, so that every table in
 * rolling.test.ts fits on a line.
 * Source: pkg/controller/deployment/rolling.go; util/deployment_util.go, ResolveFenceposts and NewRSNewReplicas.
 */
import type { DeploymentSpec } from '../../kube/generated/types.ts';
import { scaledIntOrString } from '../../kube/int-or-string.ts';

/** What bounds a rollout: never more than `desired + maxSurge` pods, never fewer than `desired - maxUnavailable` available. */
export interface Bounds {
  readonly desired: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

export interface SetCounts {
  readonly name: string;
  /** Wanted pods: `spec.replicas`. */
  readonly replicas: number;
  readonly available: number;
}

export const isRollingUpdate = (spec: DeploymentSpec): boolean => spec.strategy?.type !== 'Recreate';

export function boundsOf(spec: DeploymentSpec): Bounds {
  const desired = spec.replicas ?? 1;
  if (!isRollingUpdate(spec)) return { desired, maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge: surge = '25%', maxUnavailable: unavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const maxSurge = scaledIntOrString(surge, desired, true);
  const roundedDown = scaledIntOrString(unavailable, desired, false);
  // With neither, nothing could ever move.
  const maxUnavailable = maxSurge === 0 && roundedDown === 0 ? 1 : roundedDown;
  return { desired, maxSurge, maxUnavailable: Math.min(desired, maxUnavailable) };
}

/** How many pods the new ReplicaSet should want, given that all sets together want `total`. */
export function newReplicas(spec: DeploymentSpec, total: number, current: number): number {
  const { desired, maxSurge } = boundsOf(spec);
  if (!isRollingUpdate(spec)) return desired;
  const room = desired + maxSurge - total;
  if (room <= 0) return current;
  return current + Math.min(room, desired - current);
}

/** The new sizes of the old sets that shrink, in the order given: oldest first. */
export function oldSizes(bounds: Bounds, old: readonly SetCounts[], fresh: SetCounts): Map<string, number> {
  const minAvailable = bounds.desired - bounds.maxUnavailable;
  const total = sum([...old, fresh], ({ replicas }) => replicas);
  // Pods that the new set still lacks must not be lacked twice.
  const removable = total - minAvailable - (fresh.replicas - fresh.available);
  if (removable <= 0) return new Map();
  const sizes = new Map(old.map(({ name, replicas }) => [name, replicas]));
  // Unavailable old pods go first and do not count against minAvailable; else a broken rollout could never make room for
  // its own repair.
  shrink(sizes, removable, old, ({ replicas, available }) => replicas - available);
  const available = sum([...old, fresh], (set) => set.available);
  shrink(sizes, available - minAvailable, old, ({ name }) => sizes.get(name) ?? 0);
  return new Map(old.filter(({ name, replicas }) => sizes.get(name) !== replicas).map(({ name }) => [name, sizes.get(name) ?? 0]));
}

/** Takes up to `count` pods away, from each set no more than `most` allows. */
function shrink(sizes: Map<string, number>, count: number, sets: readonly SetCounts[], most: (set: SetCounts) => number): void {
  let left = count;
  for (const set of sets) {
    const size = sizes.get(set.name) ?? 0;
    const taken = Math.max(0, Math.min(left, size, most(set)));
    sizes.set(set.name, size - taken);
    left -= taken;
  }
}

export const sum = <T>(items: readonly T[], count: (item: T) => number): number => items.reduce((total, item) => total + count(item), 0);
