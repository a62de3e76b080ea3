import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { Key } from '../kube/view.ts';
import { createStore } from './create-store.ts';
import { EpochOver, inEpoch, runEpoch, takeEpoch } from './epoch.ts';
import { memoryTable } from './memory/memory-table.ts';
import type { Operation } from './store.ts';

const key: Key = { resource: 'pods', namespace: 'default', name: 'a' };
const write: Operation<number> = {
  keys: [key],
  decide: () => ({
    outcome: 'write',
    writes: [{ type: 'create', key, object: { metadata: { name: 'a' } } }],
    answer: (stored) => stored.length,
  }),
};

test('a worker that was replaced writes nothing', async () => {
  const table = memoryTable();
  const world = virtualWorld();
  const [paused, successor] = [await createStore({ table, world }), await createStore({ table, world })];
  const old = await takeEpoch(paused, 'controllers', 'one');
  const current = await takeEpoch(successor, 'controllers', 'two');
  await assert.rejects(paused.commit(inEpoch(write, old)), new EpochOver('another worker has taken over as controllers'));
  await world.advance(20);
  assert.equal(await successor.commit(inEpoch(write, current)), 1);
});

test('a run begins an epoch with its first write, keeps its own, and never begins a second one', async () => {
  const table = memoryTable();
  const world = virtualWorld();
  const [one, two] = [await createStore({ table, world }), await createStore({ table, world })];
  const first = runEpoch(one, 'controllers', 'one')();
  assert.equal(one.view().revision, 0);
  await first();
  await runEpoch(one, 'controllers', 'one')()();
  assert.equal(one.view().revision, 1);
  await two.fresh();
  const other = await runEpoch(two, 'controllers', 'two')()();
  await assert.rejects(one.commit(inEpoch(write, await first())), new EpochOver('another worker has taken over as controllers'));
  await world.advance(20);
  assert.equal(await two.commit(inEpoch(write, other)), 1);
});

test('work that read before its epoch began, and missed a change since, is done anew', async () => {
  const table = memoryTable();
  const world = virtualWorld();
  const [one, two] = [await createStore({ table, world }), await createStore({ table, world })];
  const old = await takeEpoch(one, 'controllers', 'one');
  await two.fresh();
  const begin = runEpoch(two, 'controllers', 'two');
  const early = begin();
  await one.commit(inEpoch(write, old));
  await assert.rejects(early(), new EpochOver('the epoch of controllers began after this was decided'));
  assert.notEqual(await begin()(), undefined);
  await world.advance(20);
});
