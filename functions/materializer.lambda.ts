/** Root: the store's housekeeping, so that cold processes begin near the present and the log does not grow for ever. */
import { clusterFormats } from './cloud/cluster-formats.ts';
import { startFunction } from './lambda/start-function.ts';
import { createWorkerHandler } from './lambda/worker.ts';
import { createWorkerNotes } from './lambda/worker-notes.ts';
import { createStore } from './store/create-store.ts';

const { settings, world, clusters, doorbells, openTable } = await startFunction();

export const handler = createWorkerHandler({
  group: 'materializer',
  clusters,
  doorbells,
  world,
  async open(cluster) {
    const table = openTable(cluster);
    const store = await createStore({ table, world, formats: clusterFormats(settings) });
    return {
      notes: createWorkerNotes(table, world.clock),
      revision: () => store.view().revision,
      async run() {
        await store.housekeep();
        return { outcome: 'quiet' };
      },
      close: () => store.close(),
    };
  },
});
