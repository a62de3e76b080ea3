/** What becomes of a large object's former bodies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, pod, podKey, remove, update } from '../../test/contract/cluster.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { supersededBlobs } from './blobs.ts';
import { createStore } from './create-store.ts';
import { memoryTable } from './memory/memory-table.ts';
import type { Table } from './table.ts';

const minute = 60_000;

async function given() {
  const world = virtualWorld();
  const memory = memoryTable({ clock: world.clock });
  const put: string[] = [];
  const expiring: { readonly hash: string; readonly inMs: number }[] = [];
  const table: Table = Object.assign(Object.create(memory) as Table, {
    putBlob: (hash: string, bytes: Uint8Array) => {
      put.push(hash);
      return memory.putBlob(hash, bytes);
    },
    expireBlobs: (hashes: readonly string[], expiresMs: number) => {
      expiring.push(...hashes.map((hash) => ({ hash, inMs: expiresMs - world.clock.now() })));
      return memory.expireBlobs(hashes, expiresMs);
    },
  });
  bound(table, memory);
  const store = await createStore({ table, world, limits: { inlineBytesMax: 10 } });
  const housekeep = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      await world.advance(5 * minute);
      await store.housekeep();
    }
  };
  return { world, memory, table, store, put, expiring, housekeep };
}

/** The memory table's methods know only itself. */
function bound(table: Table, memory: Table): void {
  for (const method of [
    'appendEntry',
    'readEntries',
    'readMeta',
    'advanceMeta',
    'putObjects',
    'readObjects',
    'readBlob',
    'prune',
    'close',
  ] as const)
    Object.assign(table, { [method]: memory[method].bind(memory) });
}

test('a body that is replaced expires two and a half hours after the watermark has passed the change; the newest stays', async () => {
  const { memory, store, put, expiring, housekeep } = await given();
  await store.commit(create(pod('a', { note: 'first' })));
  await store.commit(update(pod('a', { note: 'second' })));
  await housekeep(4);
  assert.equal(put.length, 2);
  assert.deepEqual(expiring, [{ hash: put[0], inMs: 150 * minute }]);
  assert.equal((await memory.readMeta()).superseded, undefined);
  await housekeep(80);
  assert.equal(await memory.readBlob(put[0] ?? ''), undefined);
  assert.notEqual(await memory.readBlob(put[1] ?? ''), undefined);
});

test('an object that is deleted leaves no body, not even the one of the deletion', async () => {
  const { store, put, expiring, housekeep } = await given();
  await store.commit(create(pod('a')));
  await store.commit(remove(podKey('a')));
  await housekeep(4);
  assert.deepEqual(
    expiring.map(({ hash }) => hash),
    put,
  );
});

test('an equal object that comes back has a body of its own', async () => {
  const { world, store, put, expiring, memory, housekeep } = await given();
  for (const operation of [create(pod('a')), remove(podKey('a')), create(pod('a'))]) await store.commit(operation);
  await housekeep(4);
  assert.equal(new Set(put).size, 3);
  assert.deepEqual(
    expiring.map(({ hash }) => hash),
    put.slice(0, 2),
  );
  await housekeep(80);
  const cold = await createStore({ table: memory, world });
  assert.equal(cold.view().get(podKey('a'))?.object.metadata.name, 'a');
});

test('what was written for a log entry that another writer took expires at once', async () => {
  const { memory, store, put, expiring } = await given();
  const other = await createStore({ table: memory, world: virtualWorld(2), limits: { inlineBytesMax: 10 } });
  await other.commit(create(pod('b')));
  await store.commit(create(pod('a')));
  assert.equal(put.length, 2);
  assert.deepEqual(
    expiring.map(({ hash }) => hash),
    put.slice(0, 1),
  );
  const { entries } = await memory.readEntries(0);
  assert.deepEqual(entries.flatMap(supersededBlobs), []);
});

test('while the watermark cannot be moved, what it would pass keeps its bodies', async () => {
  const { table, store, put, expiring, housekeep } = await given();
  const { advanceMeta } = table;
  table.advanceMeta = () => Promise.resolve('unknown');
  await store.commit(create(pod('a')));
  await store.commit(remove(podKey('a')));
  await housekeep(4);
  assert.deepEqual(expiring, []);
  table.advanceMeta = advanceMeta;
  await housekeep(1);
  assert.equal(expiring.length, put.length);
});

test('a damaged body in a blob expires once its object is deleted', async () => {
  const { world, memory, table, store, put, expiring } = await given();
  await store.commit(create(pod('a', { note: 'lost' })));
  // Bytes of a dictionary that no version has.
  const rotten = Object.assign(Object.create(table) as Table, { readBlob: async () => Uint8Array.of(200, 1) });
  const reader = await createStore({ table: rotten, world, limits: { inlineBytesMax: 10 } });
  const key = podKey('a');
  await reader.commit({ keys: [key], decide: () => ({ outcome: 'write', writes: [{ type: 'delete', key }], answer: () => undefined }) });
  for (let round = 0; round < 4; round += 1) {
    await world.advance(5 * minute);
    await reader.housekeep();
  }
  assert.equal((await memory.readObjects()).filter(({ body }) => body !== undefined).length, 0);
  assert.deepEqual(
    expiring.map(({ hash }) => hash),
    put,
  );
});
