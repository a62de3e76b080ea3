import type { WorkerGroupName } from '../manifest.ts';
import { openControlPlane } from './control-plane.ts';
import { startFunction } from './start-function.ts';
import { createWorkerHandler, type QueueHandler } from './worker.ts';
import { createWorkerNotes } from './worker-notes.ts';

/** The handler of a function that runs the sessions of one group of controllers. */
export function controllersHandler(group: WorkerGroupName): QueueHandler {
  const { settings, world, clusters, doorbells, openTable } = startFunction();
  return createWorkerHandler({
    group,
    clusters,
    doorbells,
    world,
    async open(cluster) {
      const table = openTable(cluster);
      const doorbell = doorbells.of(cluster.id);
      const { store, groups, close } = await openControlPlane({ settings, cluster, table, doorbell, world, ownGroup: group });
      const own = groups.find(({ name }) => name === group);
      if (own === undefined) throw new Error(`there are no controllers of the group ${group}`);
      return {
        notes: createWorkerNotes(table, world.clock),
        revision: () => store.view().revision,
        async session(signal) {
          const outcome = await own.session(signal);
          await own.flush();
          return outcome;
        },
        close,
      };
    },
  });
}
