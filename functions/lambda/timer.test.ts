import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingDoorbell } from '../../test/support/recording-doorbell.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { pods } from '../kube/resource-type.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { settled, watch, type Controller } from '../workers/controller.ts';
import { createTimer } from './timer.ts';
import { createWorkerNotes } from './worker-notes.ts';

const podsOnly: Controller = {
  name: 'pods',
  actsAs: 'tester',
  watches: [watch(pods, ({ key }) => [{ namespace: key.namespace, name: key.name }])],
  all: () => [],
  reconcile: async () => settled,
};

async function cluster() {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const store = await createStore({ table, world });
  const notes = createWorkerNotes(table, world.clock);
  const doorbell = recordingDoorbell();
  const groups = [{ name: 'controllers', controllers: [podsOnly] }] as const;
  const sweep = createTimer({ table, notes, doorbell, groups, world, measured: { table: 't', cluster: 'c' } });
  const write = (resource: string, name: string) => {
    const key = { resource, namespace: 'default', name };
    const object = { apiVersion: 'v1', kind: 'X', metadata: { name, namespace: 'default', uid: name } };
    return store.commit({
      keys: [key],
      decide: () => ({ outcome: 'write', writes: [{ type: 'create', key, object }], answer: ([stored]) => stored!.revision }),
    });
  };
  /** What a sweep rings for, a minute after the last one. */
  const rung = async () => {
    await world.advance(60_000);
    doorbell.rings.length = 0;
    await sweep();
    return doorbell.rings.map((ring) => ring.replace(/-?\d{5,}$/, ''));
  };
  await notes.write('materializer', { state: 'asleep', revision: 1_000_000 });
  return { world, store, notes, write, rung };
}

test('a group that has never worked is rung', async () => {
  const { rung } = await cluster();
  assert.deepEqual(await rung(), ['ring controllers first']);
});

test('nothing is rung while nothing concerns a group that sleeps', async () => {
  const { notes, write, rung } = await cluster();
  await notes.write('controllers', { state: 'asleep', revision: 0 });
  await write('configmaps', 'a');
  assert.deepEqual(await rung(), []);
});

test('news that a group has not read ring until it has', async () => {
  const { notes, write, rung } = await cluster();
  await notes.write('controllers', { state: 'asleep', revision: 0 });
  const revision = await write('pods', 'a');
  assert.deepEqual(await rung(), ['ring controllers sweep']);
  assert.deepEqual(await rung(), ['ring controllers sweep']);
  await notes.write('controllers', { state: 'asleep', revision });
  assert.deepEqual(await rung(), []);
});

test('a deadline that has come rings', async () => {
  const { world, notes, rung } = await cluster();
  await notes.write('controllers', { state: 'asleep', revision: 0, deadlineMs: world.clock.now() + 90_000 });
  assert.deepEqual(await rung(), []);
  assert.deepEqual(await rung(), ['ring controllers sweep']);
});

test('a worker that has not been heard of is rung under another name', async () => {
  const { notes, rung } = await cluster();
  await notes.write('controllers', { state: 'awake', revision: 0 });
  assert.deepEqual(await rung(), []);
  assert.deepEqual(await rung(), ['rescue controllers']);
});

test('the timer rings housekeeping five minutes after its last run if something changed, else once a day', async () => {
  const { world, notes, write, rung } = await cluster();
  await notes.write('controllers', { state: 'asleep', revision: 1_000_000 });
  await notes.write('materializer', { state: 'asleep', revision: 0 });
  await write('configmaps', 'a');
  assert.deepEqual(await rung(), []);
  await world.advance(240_000);
  assert.deepEqual(await rung(), ['ring materializer ']);
  await notes.write('materializer', { state: 'asleep', revision: 1 });
  await world.advance(240_000);
  assert.deepEqual(await rung(), []);
  await world.advance(24 * 3_600_000);
  assert.deepEqual(await rung(), ['ring materializer ']);
});

test('a watermark that housekeeping does not move is measured, and one that moves is not', async () => {
  const { world, store, notes, write, rung } = await cluster();
  const late = (): readonly unknown[] => world.lines.filter(({ message }) => message === 'the watermark is late').map(({ keys }) => keys);
  await notes.write('controllers', { state: 'asleep', revision: 1_000_000 });
  await notes.write('materializer', { state: 'asleep', revision: 0 });
  await write('configmaps', 'a');
  await world.advance(13 * 60_000);
  await rung();
  assert.deepEqual(late(), []);
  await rung();
  const Dimensions = [['Table'], ['Table', 'Cluster']];
  const directive = { Namespace: 'Hibernetes', Dimensions, Metrics: [{ Name: 'WatermarkSecondsBehind', Unit: 'Seconds' }] };
  const _aws = { Timestamp: world.clock.now(), CloudWatchMetrics: [directive] };
  assert.deepEqual(late(), [{ entriesBehind: 1, _aws, Table: 't', Cluster: 'c', WatermarkSecondsBehind: 900 }]);
  await store.housekeep();
  await world.advance(5 * 60_000);
  await store.housekeep();
  await rung();
  assert.equal(late().length, 1);
});

test('after a long silence the watermark is late only once housekeeping has had its time', async () => {
  const { world, notes, write, rung } = await cluster();
  const late = (): number => world.lines.filter(({ message }) => message === 'the watermark is late').length;
  await notes.write('controllers', { state: 'asleep', revision: 1_000_000 });
  await write('configmaps', 'a');
  await rung();
  await notes.write('materializer', { state: 'asleep', revision: 1 });
  await world.advance(10 * 3_600_000);
  for (let minute = 0; minute < 14; minute += 1) {
    await write('configmaps', `b-${minute}`);
    await rung();
  }
  assert.equal(late(), 0);
  await rung();
  assert.equal(late(), 1);
});
