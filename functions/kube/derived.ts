/**
 * State that follows from stored objects alone: a function of a view. It is brought up to date when it is read, so it is
 * always that of the view. No order of subscriptions matters.
 */
import { damageOf } from './unreadable-object.ts';
import type { Key, StoreView, ViewDifference } from './view.ts';

/**
 * Computed again when an object of the resources has changed: for what is small or asked rarely. `compute` must be pure
 * and read nothing but the objects of `resources`; then two
 * processes that see the same revision hold the same result.
 */
export function derived<T>(resources: readonly string[], compute: (view: StoreView) => T): (view: StoreView) => T {
  let known: { readonly identities: readonly object[]; readonly result: T } | undefined;
  return (view) => {
    const identities = resources.map((resource) => view.identity(resource));
    if (known?.identities.every((identity, index) => identity === identities[index]) !== true) {
      known = { identities, result: compute(view) };
    }
    return known.result;
  };
}

/**
 * Brought from view to view by what differs between them: for what is large. `change` gets each difference, and at first each
 * object; it must change the index alone, and read nothing but its arguments. An object that cannot be read changes nothing:
 * the index keeps what it has of the object, until it can be read again or is gone. `lost` gets its key.
 */
export function indexed<I>(
  resource: string,
  index: I,
  change: (index: I, difference: ViewDifference) => void,
  lost: (index: I, key: Key) => void = () => undefined,
): (view: StoreView) => I {
  let known: object | undefined;
  return (view) => {
    const identity = view.identity(resource);
    if (identity === known) return index;
    for (const { before, after } of view.since(resource, known)) {
      if (after === undefined || damageOf(after) === undefined) change(index, { before, after });
      else lost(index, after.key);
    }
    known = identity;
    return index;
  };
}
