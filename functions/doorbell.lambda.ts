/** Root: rings for every log entry that the table's stream shows, in the name of the cluster whose it is. */
import { startRinging } from './lambda/start-function.ts';
import { allDone, type BatchAnswer, type StreamEvent } from './lambda/event-sources.ts';
import { silentControllers } from './cloud/silent-controllers.ts';
import { createStreamDoorbell } from './lambda/stream-doorbell.ts';
import { entriesIn } from './lambda/stream-entries.ts';

const { world, doorbells } = startRinging();
const groups = silentControllers();

export async function handler(event: StreamEvent): Promise<BatchAnswer> {
  for (const [cluster, entries] of entriesIn(event, world.log)) {
    const doorbell = doorbells.of(cluster);
    await createStreamDoorbell({ groups, doorbell, log: world.log })(entries);
  }
  await doorbells.flush();
  return allDone;
}
