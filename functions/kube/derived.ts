/** State that follows from stored objects alone, and is computed again only when one of them has changed. */
import type { StoreView } from './view.ts';

/**
 * Remembers the newest result. `compute` must be pure and read nothing but the objects of `resources`; then two
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
