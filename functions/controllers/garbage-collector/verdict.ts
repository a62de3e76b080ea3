/**
 * What becomes of an object, given how its owners are. Pure.
 * Source: pkg/controller/garbagecollector/garbagecollector.go, attemptToDeleteItem.
 */
import type { DeleteOptions } from '../../client/client.ts';
import type { OwnerReference } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { foregroundFinalizer, hasFinalizer, orphanFinalizer } from './graph.ts';

/** `solid` owners keep it alive; `absent` ones are gone; `waiting` ones are gone as soon as it is; `unknown` cannot be read. */
export type OwnerState = 'solid' | 'absent' | 'waiting' | 'unknown';

export interface JudgedOwner {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

export type Verdict =
  | { readonly verdict: 'keep' }
  /** Some owners are gone, others are not: only the references go. */
  | { readonly verdict: 'forget'; readonly ownerReferences: readonly OwnerReference[] }
  | { readonly verdict: 'delete'; readonly propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>; readonly unblock: boolean };

/** A dependent that waits for its own dependents might be waiting, round a circle, for this object. */
export function verdictOn(
  object: KubeObject,
  owners: readonly JudgedOwner[],
  dependents: { readonly any: boolean; readonly waiting: boolean },
): Verdict {
  if (owners.length === 0) return { verdict: 'keep' };
  const isKept = ({ state }: JudgedOwner): boolean => state === 'solid' || state === 'unknown';
  const kept = owners.filter(isKept);
  if (kept.length === owners.length) return { verdict: 'keep' };
  if (kept.length > 0) return { verdict: 'forget', ownerReferences: kept.map(({ reference }) => reference) };
  if (owners.some(({ state }) => state === 'waiting') && dependents.any)
    return { verdict: 'delete', propagationPolicy: 'Foreground', unblock: dependents.waiting };
  return { verdict: 'delete', propagationPolicy: ownPolicy(object), unblock: false };
}

/** A propagation policy that a client asked for before stays. */
function ownPolicy(object: KubeObject): NonNullable<DeleteOptions['propagationPolicy']> {
  if (hasFinalizer(object, orphanFinalizer)) return 'Orphan';
  return hasFinalizer(object, foregroundFinalizer) ? 'Foreground' : 'Background';
}
