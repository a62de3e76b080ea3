/** What wakes the controllers of each group: none of them runs here, so that none of their code is read. */
import { controllerWatches } from '../controllers/watches.ts';
import { countedResource } from '../resources/core/resourcequota/usage.ts';
import type { WorkerGroupName } from '../manifest.ts';
import { schedulerWatches } from '../scheduler/watches.ts';
import type { Watcher } from '../workers/wake.ts';

export const silentControllers = (): readonly { readonly name: WorkerGroupName; readonly controllers: readonly Watcher[] }[] => [
  { name: 'controllers', controllers: [{ watches: controllerWatches(countedResource) }] },
  { name: 'scheduler', controllers: [{ watches: schedulerWatches() }] },
];
