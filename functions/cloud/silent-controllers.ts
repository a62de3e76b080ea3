/** The controllers of each group, only to know what they watch: none of them runs here. */
import { createControllers } from '../controllers/all.ts';
import { quotaRules } from '../resources/core/resourcequota/quota-rules.ts';
import { watchesOfAnyOwner } from '../controllers/garbage-collector/controller.ts';
import type { WorkerGroupName } from '../manifest.ts';
import { schedulerWatches } from '../scheduler/watches.ts';
import type { Watcher } from '../workers/wake.ts';

/** Which resources there are is not known here, so that the garbage collector watches more of them than it would. */
export const silentControllers = (): readonly { readonly name: WorkerGroupName; readonly controllers: readonly Watcher[] }[] => [
  {
    name: 'controllers',
    controllers: [
      ...createControllers({
        resourceTypes: () => [],
        quotaRules,
        certificateAuthorityPem: '',
        listeningSinceMs: 0,
        secretToken: async () => '',
        typeWarnings: async () => [],
      }),
      { watches: watchesOfAnyOwner },
    ],
  },
  { name: 'scheduler', controllers: [{ watches: schedulerWatches() }] },
];
