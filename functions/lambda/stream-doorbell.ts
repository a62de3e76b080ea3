/**
 * Rings for what the table's stream shows, a little later and for certain: its writer may have been cut off before
 * ringing. A log entry that was rung for already has the same mark, so that the queue swallows this ring.
 */
import type { Doorbell } from '../workers/doorbell/doorbell.ts';
import { mayConcern } from '../workers/doorbell/rings-of-changes.ts';
import type { Watcher } from '../workers/wake.ts';
import { type EntryItem } from '../store/table.ts';
import { StoreError } from '../store/store.ts';
import type { Log } from '../world.ts';
import { changesOf, lastRevisionOf } from './entry-changes.ts';

export interface StreamDoorbellOptions {
  readonly groups: readonly { readonly name: string; readonly controllers: readonly Watcher[] }[];
  readonly doorbell: Doorbell;
  readonly log: Log;
}

/** The function behind the stream may not read the table. */
const noBlobs = {
  readBlob: async (hash: string): Promise<never> => {
    throw new StoreError('unavailable', `blob ${hash} cannot be read here`);
  },
};

/** Never throws: one log entry that cannot be read must not keep the later ones back. */
export function createStreamDoorbell({ groups, doorbell, log }: StreamDoorbellOptions): (entries: readonly EntryItem[]) => Promise<void> {
  const watchers = groups.map(({ name, controllers }) => ({ name, concerns: mayConcern(controllers) }));
  return async (entries) => {
    for (const entry of entries) {
      const changes = await changesOf(entry, noBlobs);
      if (changes === undefined) log.warn('a log entry of the stream could not be read', { logIndex: entry.logIndex });
      for (const { name, concerns } of watchers) {
        if (changes === undefined || concerns(changes)) doorbell.ring(name, String(lastRevisionOf(entry)));
      }
    }
  };
}
