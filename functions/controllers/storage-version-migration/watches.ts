/** What wakes the controller of StorageVersionMigrations. */
import type { StorageVersionMigration } from '../../kube/generated/types.ts';
import { storageVersionMigrations } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const storageVersionMigrationWatches: readonly Watch[] = [
  watch<StorageVersionMigration>(storageVersionMigrations, ({ type, key }, cache) =>
    // The next migration of the resource may begin.
    type === 'deleted' ? namesOf(cache.list(storageVersionMigrations)) : [key],
  ),
];
