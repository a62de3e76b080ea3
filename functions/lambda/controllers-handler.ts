import type { ControllerGroupName } from '../worker-groups.ts';
import { openControlPlane } from '../cloud/control-plane.ts';
import { oneMeasured, setAsideMetric } from './metrics.ts';
import { startFunction } from './start-function.ts';
import { createWorkerHandler, type QueueHandler } from './worker.ts';
import { createWorkerNotes } from './worker-notes.ts';

/** The handler of a function that works for one group of controllers: a run for each ring. */
export async function controllersHandler(group: ControllerGroupName): Promise<QueueHandler> {
  const { settings, world, clusters, doorbells, openTable } = await startFunction();
  const ownGroup = { name: group, load: async () => (await import('../worker-groups.ts')).loadWorkerGroup(group) };
  return createWorkerHandler({
    group,
    clusters,
    doorbells,
    world,
    async open(cluster) {
      const table = openTable(cluster);
      const doorbell = doorbells.of(cluster.id);
      const measured = { table: settings.table, cluster: cluster.name };
      const countSetAside = (controller: string): void =>
        world.log.warn('something is set aside', { controller, ...oneMeasured(setAsideMetric, { ...measured, nowMs: world.clock.now() }) });
      const { store, own, settled, close } = await openControlPlane({ settings, cluster, table, doorbell, world, ownGroup, countSetAside });
      if (own === undefined) throw new Error(`there are no controllers of the group ${group}`);
      return {
        notes: createWorkerNotes(table, world.clock),
        revision: () => store.view().revision,
        async run(signal) {
          const outcome = await own.run(signal);
          await own.flush();
          await settled();
          return outcome;
        },
        close,
      };
    },
  });
}
