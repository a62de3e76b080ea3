import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, pod, podKey } from '../../test/contract/cluster.ts';
import { virtualWorld, type VirtualWorld } from '../../test/support/virtual-world.ts';
import { createStore } from './create-store.ts';
import type { StoreLimits } from './limits.ts';
import { memoryTable } from './memory/memory-table.ts';
import type { Store } from './store.ts';
import { StoreError } from './store.ts';
import type { Table } from './table.ts';
import { whileTimePasses } from '../virtual-clock.ts';

const minuteMs = 60_000;

interface Given {
  readonly world: VirtualWorld;
  readonly table: Table;
  readonly store: Store;
  /** While true, no object item can be written. */
  readonly trouble: { isOn: boolean };
}

async function given(limits: Partial<StoreLimits> = {}, entriesExpire = true): Promise<Given> {
  const world = virtualWorld();
  const trouble = { isOn: false };
  const fault = (method: string) => (trouble.isOn && method === 'putObjects' ? 'lost' : undefined);
  const table: Table = Object.assign(memoryTable({ clock: world.clock, fault }), { entriesExpire });
  return { world, table, trouble, store: await createStore({ table, world, limits }) };
}

const behind = new StoreError('unavailable', 'the log is not being checkpointed: writes wait until it is');

test('the store refuses writes while changes of an hour ago cannot be checkpointed', async () => {
  const { world, store, table, trouble } = await given();
  trouble.isOn = true;
  await store.commit(create(pod('a')));
  await world.advance(59 * minuteMs);
  await store.commit(create(pod('b')));
  await world.advance(2 * minuteMs);
  await assert.rejects(store.commit(create(pod('c'))), behind);
  trouble.isOn = false;
  await store.commit(create(pod('c')));
  assert.ok((await table.readMeta()).logIndex >= 1);
  assert.equal(store.view().list('pods').length, 3);
});

test('takes the first write after a long sleep, since it catches up before', async () => {
  const { world, store, table } = await given();
  await store.commit(create(pod('a')));
  await store.housekeep();
  await store.commit(create(pod('b')));
  await world.advance(5 * 60 * minuteMs);
  const woken = await createStore({ table, world });
  assert.equal((await woken.commit(create(pod('c')))).key.name, 'c');
  assert.ok((await table.readMeta()).revision >= 3);
});

test('asks nothing of a cluster that was idle for days: all its changes are checkpointed', async () => {
  const { world, store, trouble } = await given();
  await store.commit(create(pod('a')));
  for (let tick = 0; tick < 4; tick += 1) {
    await store.housekeep();
    await world.advance(5 * minuteMs);
  }
  trouble.isOn = true;
  await world.advance(2 * 24 * 60 * minuteMs);
  assert.equal((await store.commit(create(pod('b')))).key.name, 'b');
});

test('lets a table that keeps its log entries fall behind', async () => {
  const { world, store, trouble } = await given({}, false);
  trouble.isOn = true;
  await store.commit(create(pod('a')));
  await world.advance(24 * 60 * minuteMs);
  assert.equal((await store.commit(create(pod('b')))).revision, 2);
});

test('writers help to write checkpoints when the watermark is far behind', async () => {
  const { world, store, table } = await given({ helpEntries: 4 });
  for (let number = 0; number < 12; number += 1) {
    await store.commit(create(pod(`web-${number}`)));
    await world.advance(2 * minuteMs);
  }
  const { logIndex } = await table.readMeta();
  assert.ok(logIndex >= 4, `the watermark is at ${logIndex}`);
});

test('writers that could not help do not try again for each write', async () => {
  const { world, store, table } = await given({ helpEntries: 4 });
  let looks = 0;
  const readMeta = table.readMeta.bind(table);
  table.readMeta = () => {
    looks += 1;
    return readMeta();
  };
  for (let number = 0; number < 90; number += 1) {
    await store.commit(create(pod(`web-${number}`)));
    await world.advance(100);
  }
  // One round of housekeeping reads twice.
  assert.equal(looks, 2);
});

test('keeps an object of nearly three megabytes, and refuses a larger one', async () => {
  const { world, store, table } = await given();
  const noteOf = (length: number): string => Buffer.from(world.random.bytes(length)).toString('base64');
  const large = pod('large', { note: noteOf(2_200_000) });
  await whileTimePasses(world, store.commit(create(large)));
  const again = await createStore({ table, world });
  assert.deepEqual(again.view().get(podKey('large'))?.object['spec'], large['spec']);
  await assert.rejects(store.commit(create(pod('larger', { note: noteOf(2_400_000) }))), { code: 'too-large-object' });
});
