import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { ClusterRecord } from '../store/dynamodb/cluster-records.ts';
import { clusterNameErrors, createClusters } from './clusters.ts';

function clusters() {
  const world = virtualWorld();
  const records: ClusterRecord[] = [{ name: 'blue', id: 'blue.x', createdMs: 0 }];
  const heard: string[][] = [];
  let reads = 0;
  const known = createClusters({
    defaultName: 'default',
    async list() {
      reads += 1;
      return [...records];
    },
    clock: world.clock,
  });
  known.onRead((all) => heard.push(all.map(({ id }) => id)));
  return { known, world, records, heard, reads: () => reads };
}

test('the default cluster is known without asking', async () => {
  const { known, reads } = clusters();
  assert.deepEqual(await known.named('default'), { name: 'default', id: 'default' });
  assert.deepEqual(await known.withId('default'), known.default);
  assert.equal(reads(), 0);
});

test('others are asked for once in five seconds, however many ask', async () => {
  const { known, world, reads } = clusters();
  const found = await Promise.all([known.named('blue'), known.withId('blue.x'), known.named('blue')]);
  assert.deepEqual(found, Array(3).fill({ name: 'blue', id: 'blue.x' }));
  await world.advance(4_999);
  await known.named('blue');
  assert.equal(reads(), 1);
  await world.advance(1);
  await known.named('blue');
  assert.equal(reads(), 2);
});

test('a new one is found within a second, and strangers cannot make anybody ask more often', async () => {
  const { known, world, records, reads } = clusters();
  await known.named('blue');
  records.push({ name: 'green', id: 'green.y', createdMs: 0 });
  for (let index = 0; index < 100; index += 1) assert.equal(await known.named(`x${index}`), undefined);
  assert.equal(await known.named('green'), undefined);
  assert.equal(reads(), 1);
  await world.advance(1_000);
  assert.equal((await known.named('green'))?.id, 'green.y');
  assert.equal(reads(), 2);
});

test('a deleted one is forgotten within five seconds, and its holders hear of it', async () => {
  const { known, world, records, heard } = clusters();
  await known.all();
  records[0] = { ...records[0]!, deletedMs: 1 };
  await world.advance(5_000);
  assert.equal(await known.withId('blue.x'), undefined);
  assert.deepEqual(await known.all(), [{ name: 'default', id: 'default' }]);
  assert.deepEqual(heard, [['default', 'blue.x'], ['default']]);
});

test('one of the same name is another one', async () => {
  const { known, world, records } = clusters();
  await known.named('blue');
  records[0] = { name: 'blue', id: 'blue.z', createdMs: 2 };
  await world.advance(5_000);
  assert.equal((await known.named('blue'))?.id, 'blue.z');
  assert.equal(await known.withId('blue.x'), undefined);
});

test('a list that cannot be read is an error, and is read again the next time', async () => {
  const { clock } = virtualWorld();
  let failures = 1;
  const known = createClusters({
    defaultName: 'default',
    list: async () => ((failures -= 1) >= 0 ? Promise.reject(new Error('no table')) : []),
    clock,
  });
  await assert.rejects(known.named('blue'), new Error('no table'));
  assert.equal(await known.named('blue'), undefined);
});

test('a name is a DNS label', () => {
  for (const name of ['a', '1', 'a-b', 'x'.repeat(63)]) assert.deepEqual(clusterNameErrors(name), [], name);
  for (const name of ['', 'a.b', 'A', '-a', 'a#b', 'x'.repeat(64)]) assert.equal(clusterNameErrors(name).length, 1, name);
});
