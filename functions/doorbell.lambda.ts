/** Root: rings for every slot that the table's stream shows. */
import { startFunction } from './cloud/start-function.ts';
import { allDone, type BatchAnswer, type StreamEvent } from './cloud/event-sources.ts';
import { silentControllers } from './cloud/silent-controllers.ts';
import { createStreamDoorbell } from './cloud/stream-doorbell.ts';
import { slotsIn } from './cloud/stream-slots.ts';

const { settings, world, doorbell } = startFunction();
const ringFor = createStreamDoorbell({ groups: silentControllers(), doorbell, log: world.log });

export async function handler(event: StreamEvent): Promise<BatchAnswer> {
  await ringFor(slotsIn(event, settings.cluster, world.log));
  await doorbell.flush();
  return allDone;
}
