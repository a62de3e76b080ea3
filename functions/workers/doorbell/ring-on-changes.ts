/** Where worker and writer share a process, the store itself decides when to ring: only for changes that concern a controller. */
import type { Cache } from '../controller.ts';
import type { Store } from '../../store/store.ts';
import { concernOf, type Watcher } from '../wake.ts';
import type { Doorbell } from './doorbell.ts';

export interface RingOnChangesOptions {
  readonly store: Store;
  readonly cache: Cache;
  readonly doorbell: Doorbell;
  readonly group: string;
  readonly controllers: readonly Watcher[];
}

/** Returns how to stop it. */
export function ringOnChanges({ store, cache, doorbell, group, controllers }: RingOnChangesOptions): () => void {
  const concerns = concernOf(controllers);
  return store.onApplied((revision, changes) => {
    if (changes.some((change) => concerns(change, cache))) doorbell.ring(group, String(revision));
  });
}
