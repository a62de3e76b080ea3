import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createOpenedClusters, TooManyOpen } from './opened-clusters.ts';

const cluster = (id: string) => ({ name: id, id });

function opened(openMax: number, fails: (id: string) => boolean = () => false) {
  const world = virtualWorld();
  const events: string[] = [];
  const clusters = createOpenedClusters({
    openMax,
    log: world.log,
    async open({ id }) {
      events.push(`open ${id}`);
      if (fails(id)) throw new Error('no table');
      return { id, close: async () => void events.push(`close ${id}`) };
    },
  });
  const touch = async (id: string): Promise<void> => (await clusters.hold(cluster(id))).release();
  return { ...clusters, events, touch, world };
}

test('what is open is not opened again', async () => {
  const { hold, events } = opened(2);
  const [one, two] = await Promise.all([hold(cluster('a')), hold(cluster('a'))]);
  assert.equal(one.opened, two.opened);
  assert.deepEqual(events, ['open a']);
});

test('the one that was not used for longest makes room', async () => {
  const { touch, events, world } = opened(2);
  for (const id of ['a', 'b', 'a', 'c', 'a']) await touch(id);
  await world.settle();
  assert.deepEqual(events, ['open a', 'open b', 'open c', 'close b']);
});

test('one that is being used is not closed, and where all are there is no room', async () => {
  const { hold, touch, events, world } = opened(2);
  const a = await hold(cluster('a'));
  const b = await hold(cluster('b'));
  await assert.rejects(hold(cluster('c')), new TooManyOpen('2 clusters are being used here already'));
  b.release();
  b.release();
  await touch('c');
  await world.settle();
  assert.deepEqual(events, ['open a', 'open b', 'open c', 'close b']);
  a.release();
});

test('what could not be opened is opened anew', async () => {
  let failures = 1;
  const { hold, events } = opened(2, () => (failures -= 1) >= 0);
  await assert.rejects(hold(cluster('a')), new Error('no table'));
  await hold(cluster('a'));
  assert.deepEqual(events, ['open a', 'open a']);
});

test('deleted clusters are closed, used or not', async () => {
  const { hold, touch, keepOnly, events, world } = opened(5);
  await hold(cluster('a'));
  await touch('b');
  await touch('c');
  keepOnly([cluster('c')]);
  await world.settle();
  assert.deepEqual(events, ['open a', 'open b', 'open c', 'close a', 'close b']);
  await hold(cluster('a'));
  assert.equal(events.at(-1), 'open a');
});
