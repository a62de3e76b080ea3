import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingDoorbell } from '../../test/support/recording-doorbell.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { createClusters } from '../cloud/clusters.ts';
import { silentControllers } from '../cloud/silent-controllers.ts';
import { createSweeps } from './sweeps.ts';
import { createTimer } from './timer.ts';
import { createWorkerNotes } from './worker-notes.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

async function sweeping(fails: (id: string) => boolean = () => false) {
  const world = virtualWorld();
  const calls: string[] = [];
  const doorbell = recordingDoorbell();
  const list = async () => {
    calls.push('list');
    return names.map((name) => ({ name, id: `${name}.x`, createdMs: 0 }));
  };
  const tables = new Map<string, ReturnType<typeof memoryTable>>();
  for (const id of ['default', ...names.map((name) => `${name}.x`)]) {
    const table = memoryTable({ clock: world.clock, fault: (method) => void calls.push(`${id} ${method}`) });
    tables.set(id, table);
    await createStore({ table, world });
    const notes = createWorkerNotes(table, world.clock);
    await notes.write('timer', { state: 'asleep', revision: 0, logIndex: 0 });
    for (const group of ['controllers', 'scheduler', 'materializer'] as const) await notes.write(group, { state: 'asleep', revision: 0 });
  }
  const sweep = createSweeps({
    clusters: createClusters({ defaultName: 'default', list, clock: world.clock }),
    world,
    open({ id }) {
      const table = tables.get(id)!;
      const notes = createWorkerNotes(table, world.clock);
      const timer = createTimer({ table, notes, doorbell, groups: silentControllers(), world, measured: { table: 't', cluster: id } });
      return { sweep: async () => (fails(id) ? Promise.reject(new Error('throttled')) : timer()), close: async () => undefined };
    },
  });
  calls.length = 0;
  return { sweep, calls, doorbell, world };
}

test('where nothing is due a minute costs one read of the list, two of each cluster, and no ring', async () => {
  const { sweep, calls, doorbell } = await sweeping();
  await sweep();
  assert.deepEqual(calls[0], 'list');
  assert.equal(calls.length, 1 + 2 * (names.length + 1));
  const read = new Set(calls.slice(1).map((call) => call.split(' ')[1] ?? ''));
  assert.deepEqual(read, new Set(['readNotes', 'readEntries']));
  assert.deepEqual(doorbell.rings, []);
});

test('a cluster that cannot be swept keeps no other from being swept, and its error is thrown', async () => {
  const { sweep, calls, world } = await sweeping((id) => id === 'b.x' || id === 'default');
  await assert.rejects(sweep(), { name: 'AggregateError', message: '2 clusters could not be swept' });
  assert.equal(calls.filter((call) => call.endsWith('readEntries')).length, names.length - 1);
  assert.equal(world.lines.filter(({ message }) => message === 'a cluster could not be swept').length, 2);
});
