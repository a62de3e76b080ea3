import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingDoorbell } from '../../test/support/recording-doorbell.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import type { ClusterRecord } from '../store/dynamodb/cluster-records.ts';
import type { RunOutcome } from '../workers/run.ts';
import { createClusters } from '../cloud/clusters.ts';
import { createWorkerHandler } from './worker.ts';
import { createWorkerNotes } from './worker-notes.ts';

const event = (...clusters: string[]) => ({ Records: clusters.map((cluster) => ({ messageId: '1', body: JSON.stringify({ cluster }) })) });
const done = { batchItemFailures: [] };

function worker(run: (signal: AbortSignal, cluster: string) => Promise<RunOutcome>, openFails = 0) {
  const world = virtualWorld();
  const doorbell = recordingDoorbell();
  const notes = createWorkerNotes(memoryTable({ clock: world.clock }), world.clock);
  let others: readonly ClusterRecord[] = [{ name: 'blue', id: 'blue.x', createdMs: 0 }];
  const opened: string[] = [];
  const closed: string[] = [];
  let failures = openFails;
  const handler = createWorkerHandler({
    group: 'controllers',
    clusters: createClusters({ defaultName: 'default', list: async () => others, clock: world.clock }),
    doorbells: { of: () => doorbell, flush: () => doorbell.flush() },
    world,
    async open({ id }) {
      opened.push(id);
      if ((failures -= 1) >= 0) throw new Error('no table');
      return { notes, revision: () => 7, run: (signal) => run(signal, id), close: async () => void closed.push(id) };
    },
  });
  const invoke = (remainingMs = 60_000, ...clusters: string[]) =>
    handler(event(...(clusters.length === 0 ? ['default'] : clusters)), { getRemainingTimeInMillis: () => remainingMs });
  const deleteBlue = (): void => void (others = [{ name: 'blue', id: 'blue.x', createdMs: 0, deletedMs: 1 }]);
  return { invoke, doorbell, notes, world, opened, closed, deleteBlue };
}

test('a quiet run rings no worker and leaves a note', async () => {
  const { invoke, doorbell, notes, world, opened } = worker(async () => ({ outcome: 'quiet' }));
  assert.deepEqual(await invoke(), done);
  await invoke();
  assert.deepEqual(opened, ['default']);
  assert.deepEqual(doorbell.rings, []);
  assert.deepEqual((await notes.read()).get('controllers'), { state: 'asleep', revision: 7, atMs: world.clock.now() });
});

test('work that is left is rung for at once, and a deadline once', async () => {
  const outcomes: RunOutcome[] = [
    { outcome: 'more' },
    { outcome: 'quiet', nextDeadlineMs: Date.UTC(2026, 0, 1) + 5_000 },
    { outcome: 'quiet', nextDeadlineMs: Date.UTC(2026, 0, 1) + 5_000 },
  ];
  const { invoke, doorbell } = worker(async () => outcomes.shift()!);
  for (let times = 0; times < 3; times += 1) await invoke();
  assert.deepEqual(doorbell.rings, ['ring controllers again', 'after controllers 5000']);
});

test('a later deadline waits for the message of the earlier one, and a sooner one has its own', async () => {
  const startMs = Date.UTC(2026, 0, 1);
  const deadlines = [5_000, 9_000, 3_000, 9_000].map((ms) => startMs + ms);
  const { invoke, doorbell, world } = worker(async () => ({ outcome: 'quiet', nextDeadlineMs: deadlines.shift()! }));
  for (let times = 0; times < 3; times += 1) await invoke();
  assert.deepEqual(doorbell.rings, ['after controllers 5000', 'after controllers 3000']);
  await world.advance(3_000);
  await invoke();
  assert.equal(doorbell.rings.at(-1), 'after controllers 6000');
});

test('a long run notes that it is at work, and then that it is over', async () => {
  let end: (outcome: RunOutcome) => void = () => undefined;
  const { invoke, notes, world } = worker(() => new Promise((resolve) => (end = resolve)));
  const state = async (): Promise<string | undefined> => (await notes.read()).get('controllers')?.state;
  const invoked = invoke();
  await world.advance(1_999);
  assert.equal(await state(), undefined);
  await world.advance(1);
  assert.equal(await state(), 'awake');
  end({ outcome: 'quiet' });
  await invoked;
  assert.equal(await state(), 'asleep');
});

test('a run that fails fails no message: it is rung for again later', async () => {
  const { invoke, doorbell, world } = worker(() => Promise.reject(new Error('boom')));
  assert.deepEqual(await invoke(), done);
  assert.deepEqual(doorbell.rings, ['after controllers 5000']);
  assert.equal(world.lines.at(-1)?.message, 'run failed');
});

test('a cluster that could not be opened is opened again', async () => {
  const { invoke, doorbell, opened } = worker(async () => ({ outcome: 'quiet' }), 1);
  await invoke();
  await invoke();
  assert.equal(opened.length, 2);
  assert.deepEqual(doorbell.rings, ['after controllers 5000']);
});

test('a run is asked to end before the function is ended', async () => {
  const { invoke, world } = worker(
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ outcome: 'more' }))),
  );
  const invoked = invoke(60_000);
  await world.advance(51_999);
  let isOver = false;
  void invoked.then(() => (isOver = true));
  await world.settle();
  assert.equal(isOver, false);
  await world.advance(1);
  assert.deepEqual(await invoked, done);
});

test('a batch that names two clusters holds a run for each, side by side', async () => {
  const under = new Set<string>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { invoke, opened } = worker(async (_signal, cluster) => {
    under.add(cluster);
    if (under.size === 2) resolve();
    await promise;
    return { outcome: 'quiet' };
  });
  await invoke(60_000, 'default', 'blue.x', 'default');
  assert.deepEqual(opened, ['default', 'blue.x']);
});

test('one cluster that fails keeps another from nothing', async () => {
  const held: string[] = [];
  const { invoke, doorbell } = worker(async (_signal, cluster) => {
    if (cluster === 'blue.x') throw new Error('boom');
    held.push(cluster);
    return { outcome: 'quiet' };
  });
  assert.deepEqual(await invoke(60_000, 'blue.x', 'default'), done);
  assert.deepEqual([held, doorbell.rings], [['default'], ['after controllers 5000']]);
});

test('nothing is opened for a cluster that is no more, and what was open is closed', async () => {
  const { invoke, world, opened, closed, deleteBlue } = worker(async () => ({ outcome: 'quiet' }));
  await invoke(60_000, 'blue.x', 'gone.y');
  deleteBlue();
  await world.advance(5_000);
  assert.deepEqual(await invoke(60_000, 'blue.x'), done);
  assert.deepEqual([opened, closed], [['blue.x'], ['blue.x']]);
});

test('a run whose cluster is deleted meanwhile is asked to end, and writes nothing more', async () => {
  const { invoke, world, notes, deleteBlue, doorbell } = worker(
    (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ outcome: 'more' }))),
  );
  const invoked = invoke(60_000, 'blue.x');
  await world.settle();
  deleteBlue();
  await world.advance(10_000);
  await invoked;
  assert.deepEqual(doorbell.rings, []);
  assert.equal((await notes.read()).get('controllers')?.state, 'awake');
});
