/** Conditions of a status. Source: apimachinery, pkg/api/meta/conditions.go. */

interface AnyCondition {
  readonly type: string;
  readonly status?: string;
  readonly lastTransitionTime?: string;
}

export const conditionOf = <T extends { readonly type: string }>(conditions: readonly T[] | undefined, type: string): T | undefined =>
  conditions?.find((condition) => condition.type === type);

/**
 * The conditions with this one in its place, or at the end. `lastTransitionTime` becomes `now` (a timestamp) only when
 * the status changes; a condition whose status stays keeps its time.
 */
export function withCondition<T extends AnyCondition>(conditions: readonly T[] | undefined, condition: T, now: string): T[] {
  const current = conditionOf(conditions, condition.type);
  const since = current !== undefined && current.status === condition.status ? current.lastTransitionTime : undefined;
  const next = { ...condition, lastTransitionTime: since ?? now };
  if (current === undefined) return [...(conditions ?? []), next];
  return (conditions ?? []).map((other) => (other === current ? next : other));
}
