/** Root: the sweep of each minute, and the end of a wait for a deadline. */
import { startFunction } from './lambda/start-function.ts';
import { allDone, type BatchAnswer, type QueueEvent } from './lambda/event-sources.ts';
import { silentControllers } from './cloud/silent-controllers.ts';
import { createSweeps } from './lambda/sweeps.ts';
import { createTimer } from './lambda/timer.ts';
import { createWorkerNotes } from './lambda/worker-notes.ts';
import type { Ring } from './workers/doorbell/sqs-doorbell.ts';

const { settings, world, clusters, doorbells, openTable } = await startFunction();
const groups = silentControllers();

const sweep = createSweeps({
  clusters,
  world,
  open(cluster) {
    const table = openTable(cluster);
    const notes = createWorkerNotes(table, world.clock);
    const own = { ...world, log: world.log.with({ cluster: cluster.name }) };
    const measured = { table: settings.table, cluster: cluster.name };
    const timer = createTimer({ table, notes, doorbell: doorbells.of(cluster.id), groups, world: own, measured });
    return { sweep: timer, close: () => table.close() };
  },
});

/** A scheduled event has no records. */
export async function handler(event: Partial<QueueEvent>): Promise<BatchAnswer> {
  if (event.Records === undefined) {
    await sweep();
    return allDone;
  }
  for (const { body } of event.Records) {
    const { cluster, group, mark } = JSON.parse(body) as Ring;
    doorbells.of(cluster).ring(group, mark);
  }
  await doorbells.flush();
  return allDone;
}
