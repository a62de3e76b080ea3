import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { create, follow, pod, podKey, remove, type Followed } from '../../test/contract/cluster.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createStore } from './create-store.ts';
import { memoryTable } from './memory/memory-table.ts';

async function crowdOf(watchers: number) {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const crowd = Array.from({ length: watchers }, () => follow(store, 0));
  await world.advance(0);
  let made = 0;
  const change = async (): Promise<void> => {
    made += 1;
    await store.commit(create(pod(`pod-${made}`)));
    await world.advance(0);
  };
  return { world, store, crowd, change };
}

const sizes = ({ batches }: Followed): number[] => batches.map(({ changes }) => changes.length);

test('few watches hear of each change at once', async () => {
  const { crowd, change } = await crowdOf(49);
  for (let count = 0; count < 3; count += 1) await change();
  for (const watch of crowd) assert.deepEqual(sizes(watch), [1, 1, 1]);
});

test('many hear of the first change at once, and at the next beat of all that came meanwhile', async () => {
  const { world, crowd, change } = await crowdOf(200);
  await change();
  for (const watch of crowd) assert.deepEqual(sizes(watch), [1]);
  for (let count = 0; count < 5; count += 1) await change();
  for (const watch of crowd) assert.deepEqual(sizes(watch), [1]);
  await world.advance(10);
  for (const watch of crowd) assert.deepEqual(sizes(watch), [1, 5]);
  // After a pause, nothing is kept back.
  await world.advance(10);
  await change();
  for (const watch of crowd) assert.deepEqual(sizes(watch), [1, 5, 1]);
});

test('no beat is longer than fifty milliseconds', async () => {
  const { world, crowd, change } = await crowdOf(2000);
  await change();
  await change();
  await world.advance(49);
  assert.deepEqual(sizes(crowd[7]!), [1]);
  await world.advance(1);
  assert.deepEqual(sizes(crowd[7]!), [1, 1]);
});

test('a thousand watches are woken twenty times a second, however much changes', async () => {
  const { world, crowd, change } = await crowdOf(1000);
  for (let count = 0; count < 100; count += 1) {
    await change();
    await world.advance(10);
  }
  await world.advance(50);
  for (const watch of crowd) {
    assert.equal(watch.changes().length, 100);
    assert.ok(watch.batches.length <= 22, `${watch.batches.length} batches`);
  }
});

test('those that hear the same are given the same', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const crowd = Array.from({ length: 3 }, () => follow(store, 0, { namespace: 'default' }));
  await world.advance(0);
  await store.commit(create(pod('a')));
  await world.advance(0);
  const [first, ...others] = crowd.map(({ batches }) => batches[0]?.changes);
  for (const changes of others) assert.equal(changes, first);
});

test('a watch that comes late into a crowd gets at once what it missed', async () => {
  const { world, store, change } = await crowdOf(100);
  await change();
  await change();
  const late = follow(store, 0);
  await world.advance(0);
  assert.deepEqual(late.changes(), ['1 added default/pod-1', '2 added default/pod-2']);
});

test('a crowd that has left wakes no watch, and closing ends one that waits for its beat', async () => {
  const { world, store, crowd, change } = await crowdOf(100);
  await change();
  await change();
  for (const watch of crowd.slice(50)) watch.stop();
  await store.close();
  for (const { ended } of crowd) await ended;
  await world.advance(100);
  for (const watch of crowd) assert.deepEqual(sizes(watch), [1]);
});

test('in a crowd, too, each hears of every change once, in order', async () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('change' as const), name: fc.nat(5) }),
    fc.record({ type: fc.constant('wait' as const), ms: fc.nat(30) }),
    fc.record({ type: fc.constant('join' as const), after: fc.nat(100) }),
    fc.record({ type: fc.constant('leave' as const), who: fc.nat(100) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { world, store, crowd } = await crowdOf(60);
      const watches = crowd.map((watch) => ({ watch, after: 0, isOver: false }));
      for (const one of steps) {
        if (one.type === 'wait') await world.advance(one.ms);
        else if (one.type === 'join') {
          const after = Math.min(one.after, store.view().revision);
          watches.push({ watch: follow(store, after), after, isOver: false });
        } else if (one.type === 'leave') {
          const leaving = watches[one.who % watches.length]!;
          leaving.watch.stop();
          leaving.isOver = true;
        } else {
          const name = `pod-${one.name}`;
          await store.commit(store.view().get(podKey(name)) === undefined ? create(pod(name)) : remove(podKey(name)));
        }
      }
      await world.advance(100);
      const log = await store.changesAfter(0, 1000);
      for (const { watch, after, isOver } of watches) {
        const heard = watch.batches.flatMap(({ changes }) => changes.map(({ revision }) => revision));
        const all = log.map(({ revision }) => revision).filter((revision) => revision > after);
        assert.deepEqual(heard, isOver ? all.slice(0, heard.length) : all);
      }
      await store.close();
    }),
    { numRuns: 40 },
  );
});
