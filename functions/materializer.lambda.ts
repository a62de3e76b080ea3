/** Root: the store's housekeeping, so that cold processes begin near the present and the log does not grow for ever. */
import { openTable } from './cloud/open-table.ts';
import { startFunction } from './cloud/start-function.ts';
import { createWorkerHandler } from './cloud/worker.ts';
import { createWorkerNotes } from './cloud/worker-notes.ts';
import { createStore } from './store/create-store.ts';

const { settings, world, doorbell } = startFunction();
const table = openTable(settings, world);

export const handler = createWorkerHandler({
  group: 'materializer',
  doorbell,
  notes: createWorkerNotes(table, world.clock),
  world,
  async open() {
    const store = await createStore({ table, world });
    return {
      revision: () => store.view().revision,
      async session() {
        await store.housekeep();
        return { outcome: 'quiet' };
      },
    };
  },
});
