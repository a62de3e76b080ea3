import type { WorkerGroupName } from '../manifest.ts';
import { openControlPlane } from './control-plane.ts';
import { openTable } from './open-table.ts';
import { startFunction } from './start-function.ts';
import { createWorkerHandler, type QueueHandler } from './worker.ts';
import { createWorkerNotes } from './worker-notes.ts';

/** The handler of a function that runs the sessions of one group of controllers. */
export function controllersHandler(group: WorkerGroupName): QueueHandler {
  const { settings, world, doorbell } = startFunction();
  const table = openTable(settings, world);
  return createWorkerHandler({
    group,
    doorbell,
    notes: createWorkerNotes(table, world.clock),
    world,
    async open() {
      const { store, groups } = await openControlPlane({ settings, table, doorbell, world, ownGroup: group });
      const own = groups.find(({ name }) => name === group);
      if (own === undefined) throw new Error(`there are no controllers of the group ${group}`);
      return {
        revision: () => store.view().revision,
        async session(signal) {
          const outcome = await own.session(signal);
          await own.flush();
          return outcome;
        },
      };
    },
  });
}
