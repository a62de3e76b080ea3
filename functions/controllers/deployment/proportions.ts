/**
 * Scaling in the middle of a rollout: every ReplicaSet grows or shrinks by its share, so that the rollout neither
 * starts over nor jumps ahead. Pure. Source: pkg/controller/deployment/sync.go, scale; util, GetReplicaSetProportion.
 */
import type { Bounds } from './rolling.ts';
import { sum } from './rolling.ts';

export interface SizedSet {
  readonly name: string;
  readonly createdMs: number;
  readonly replicas: number;
  /** Most pods that all sets together were allowed when this set was last scaled; undefined when it was not noted. */
  readonly maxReplicasBefore: number | undefined;
}

/** The new size of each set. `statusReplicas` stands in for a missing annotation of the replicas allowed before. */
export function proportionalSizes(bounds: Bounds, sets: readonly SizedSet[], statusReplicas: number): Map<string, number> {
  const allowed = bounds.desired > 0 ? bounds.desired + bounds.maxSurge : 0;
  const toAdd = allowed - sum(sets, ({ replicas }) => replicas);
  // When growing, the newer of equals gets the rest; when shrinking, the older gives it.
  const ordered = [...sets].sort((a, b) => b.replicas - a.replicas || (toAdd > 0 ? b.createdMs - a.createdMs : a.createdMs - b.createdMs));
  const sizes = new Map<string, number>();
  let added = 0;
  for (const set of ordered) {
    const share = set.replicas === 0 ? 0 : clampedShare(shareOf(set, bounds, statusReplicas), toAdd - added);
    sizes.set(set.name, set.replicas + share);
    added += share;
  }
  const [largest] = ordered;
  if (largest !== undefined) sizes.set(largest.name, Math.max(0, (sizes.get(largest.name) ?? 0) + toAdd - added));
  return sizes;
}

/** Not beyond what is left to give (or to take). */
const clampedShare = (share: number, left: number): number => {
  if (left === 0) return 0;
  return left > 0 ? Math.min(share, left) : Math.max(share, left);
};

function shareOf({ replicas, maxReplicasBefore }: SizedSet, { desired, maxSurge }: Bounds, statusReplicas: number): number {
  if (desired === 0) return -replicas;
  const before = maxReplicasBefore === undefined || maxReplicasBefore === 0 ? statusReplicas : maxReplicasBefore;
  return before === 0 ? 0 : Math.round((replicas * (desired + maxSurge)) / before) - replicas;
}
