/** Root: the store's housekeeping, so that cold processes begin near the present and the log does not grow for ever. */
import { startFunction } from './cloud/function.ts';
import { createWorkerHandler } from './cloud/worker.ts';
import { createWorkerNotes } from './cloud/worker-notes.ts';
import { createStore } from './store/create-store.ts';

const { world, doorbell, openTable } = startFunction();
const table = openTable();

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
