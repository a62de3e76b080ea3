import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { createFollower } from './follower.ts';

const key = { resource: 'configmaps', namespace: '', name: 'a' };
const object = { metadata: { name: 'a' } };

async function processes() {
  const world = virtualWorld();
  let reads = 0;
  const table = memoryTable({ clock: world.clock, fault: (method) => void (reads += method === 'readEntries' ? 1 : 0) });
  const [own, other] = [await createStore({ table, world }), await createStore({ table, world })];
  const write = () =>
    other.commit({ keys: [key], decide: () => ({ outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => undefined }) });
  const readsIn = async (ms: number): Promise<number> => {
    const before = reads;
    await world.advance(ms);
    return reads - before;
  };
  return { own, write, readsIn, follower: createFollower(own, world) };
}

test('changes of another process are read while a client waits for them', async () => {
  const { own, write, readsIn, follower } = await processes();
  const release = follower.hold();
  await write();
  await readsIn(200);
  assert.ok(own.view().get(key));
  release();
});

test('the log is read less often while nothing happens, and not at all while no reader waits', async () => {
  const { readsIn, follower } = await processes();
  assert.equal(await readsIn(60_000), 0);
  const release = follower.hold();
  await readsIn(60_000);
  assert.equal(await readsIn(60_000), 60);
  release();
  release();
  await readsIn(1_000);
  assert.equal(await readsIn(60_000), 0);
});
