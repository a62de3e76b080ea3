/** What wakes the controllers of each group: none of them runs here, so that none of their code is read. */
import { controllerWatches } from '../controllers/watches.ts';
import { countedResource } from '../resources/core/resourcequota/usage.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import { schedulerWatches } from '../scheduler/watches.ts';
import type { ControllerGroupName } from '../worker-groups.ts';
import type { Watcher } from '../workers/wake.ts';

interface SilentGroup {
  readonly name: ControllerGroupName;
  readonly controllers: readonly Watcher[];
}

/** `resourceTypes`: every resource that the API stores, where that is known. Without it there are more rings. */
export const silentControllers = (resourceTypes?: () => readonly ResourceType[]): readonly SilentGroup[] => [
  {
    name: 'controllers',
    controllers: [{ watches: controllerWatches({ countedResource, ...(resourceTypes !== undefined && { resourceTypes }) }) }],
  },
  { name: 'scheduler', controllers: [{ watches: schedulerWatches() }] },
];
