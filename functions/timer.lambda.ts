/** Root: the sweep of each minute, and the end of a wait for a deadline. */
import { openTable } from './cloud/open-table.ts';
import { startFunction } from './cloud/start-function.ts';
import { allDone, type BatchAnswer, type QueueEvent } from './cloud/event-sources.ts';
import { silentControllers } from './cloud/silent-controllers.ts';
import { createTimer } from './cloud/timer.ts';
import { createWorkerNotes } from './cloud/worker-notes.ts';
import type { Ring } from './workers/doorbell/sqs-doorbell.ts';

const { settings, world, doorbell } = startFunction();
const table = openTable(settings, world);
const notes = createWorkerNotes(table, world.clock);
const sweep = createTimer({ table, notes, doorbell, groups: silentControllers(), world, cluster: settings.cluster });

/** A scheduled event has no records. */
export async function handler(event: Partial<QueueEvent>): Promise<BatchAnswer> {
  if (event.Records === undefined) {
    await sweep();
    return allDone;
  }
  for (const { body } of event.Records) doorbell.ring((JSON.parse(body) as Ring).group);
  await doorbell.flush();
  return allDone;
}
