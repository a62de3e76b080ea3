/** How commits meet a table that does not answer. The virtual clock decides when anyone gives up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { Key, Stored } from '../kube/view.ts';
import { createStore } from './create-store.ts';
import { memoryTable, type Fault, type TableMethod } from './memory/memory-table.ts';
import { StoreError, type Operation, type Store } from './store.ts';
import type { Table } from './table.ts';

const keyOf = (name: string): Key => ({ resource: 'pods', namespace: 'default', name });

const create = (name: string): Operation<Stored | undefined> => ({
  keys: [keyOf(name)],
  decide: () => ({
    outcome: 'write',
    writes: [{ type: 'create', key: keyOf(name), object: { metadata: { name } } }],
    answer: ([stored]) => stored,
  }),
});

async function given() {
  const world = virtualWorld();
  const calls: TableMethod[] = [];
  const faults = new Map<TableMethod, Fault>();
  const fault = (method: TableMethod): Fault | undefined => {
    calls.push(method);
    return faults.get(method);
  };
  const table: Table = memoryTable({ clock: world.clock, fault });
  const store: Store = await createStore({ table, world });
  calls.length = 0;
  return { world, calls, faults, table, store };
}

test('operations that wait share a log entry', async () => {
  const { store, calls } = await given();
  await Promise.all(['a', 'b', 'c', 'd'].map((name) => store.commit(create(name))));
  assert.deepEqual(calls, ['appendEntry']);
});

test('a lost answer is asked for again, and the write is there once', async () => {
  const { store, faults, world } = await given();
  faults.set('appendEntry', 'answer-lost');
  const committed = store.commit(create('a'));
  await world.settle();
  faults.clear();
  await world.advance(1000);
  assert.equal((await committed)?.revision, 1);
  assert.deepEqual((await store.changesAfter(0, 10)).length, 1);
  assert.deepEqual(
    world.lines.map(({ message }) => message),
    ['a log entry was sent, and it is not known whether it was written'],
  );
});

test('a log entry is not sent on knowledge older than five seconds', async () => {
  const { store, calls, world } = await given();
  await store.commit(create('a'));
  await world.advance(4000);
  await store.commit(create('b'));
  assert.deepEqual(calls, ['appendEntry', 'appendEntry']);
  await world.advance(5001);
  await store.commit(create('c'));
  assert.deepEqual(calls, ['appendEntry', 'appendEntry', 'readEntries', 'appendEntry']);
});

test('while a log entry is undecided nothing else is sent, and a request that waits too long learns that', async () => {
  const { store, faults, world } = await given();
  faults.set('appendEntry', 'lost');
  const undecided = assert.rejects(
    store.commit(create('a')),
    new StoreError('unknown-outcome', 'the table does not report whether it was written'),
  );
  await world.advance(1000);
  const neverSent = assert.rejects(store.commit(create('b')), new StoreError('unavailable', 'the table does not answer'));
  await world.advance(40_000);
  await undecided;
  await neverSent;
  faults.clear();
  await world.advance(2000);
  // The undecided entry was sent until it was in; its place came first.
  assert.equal((await store.commit(create('c')))?.revision, 2);
  assert.equal(store.view().get(keyOf('a'))?.revision, 1);
  assert.equal(store.view().get(keyOf('b')), undefined);
});

test('a put that lands late finds its place taken by itself', async () => {
  const { store, faults, world } = await given();
  faults.set('appendEntry', { lateMs: 3000 });
  const committed = store.commit(create('a'));
  await world.settle();
  faults.clear();
  await world.advance(10_000);
  assert.equal((await committed)?.revision, 1);
  assert.equal((await store.fresh()).revision, 1);
});

test('a writer that won a race for a log entry lets other writers commit first', async () => {
  const { store, table, world } = await given();
  const other = await createStore({ table, world });
  await other.commit(create('theirs'));
  assert.equal((await store.commit(create('mine')))?.revision, 2);
  const next = store.commit(create('next'));
  await world.advance(2);
  assert.equal((await other.commit(create('between')))?.revision, 3);
  await world.advance(20);
  assert.equal((await next)?.revision, 4);
});

test('a decision that throws concerns its caller alone', async () => {
  const { store } = await given();
  const throwing: Operation<never> = {
    keys: [],
    decide() {
      throw new TypeError('a mistake');
    },
  };
  const results = await Promise.allSettled([store.commit(create('a')), store.commit(throwing), store.commit(create('b'))]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('readers who arrive while a query runs share the next one', async () => {
  const { store, calls, faults, world } = await given();
  faults.set('readEntries', { delayMs: 100 });
  const reads = Promise.all(Array.from({ length: 50 }, () => store.fresh()));
  await world.advance(250);
  await reads;
  assert.deepEqual(calls, ['readEntries', 'readEntries']);
});

test('what was read since a request came is fresh enough for it, and nothing older is', async () => {
  const { store, calls, world } = await given();
  const beforeMs = world.clock.monotonicMs();
  await world.advance(1);
  await store.fresh();
  calls.length = 0;
  await store.fresh(beforeMs);
  assert.deepEqual(calls, []);
  // A request that came in the moment of the last reading may have learned of something that it missed.
  await store.fresh(world.clock.monotonicMs());
  assert.deepEqual(calls, ['readEntries']);
});

test('a closed store refuses, and answers every request that waits', async () => {
  const { store, faults } = await given();
  faults.set('appendEntry', { delayMs: 1000 });
  void store.commit(create('sent')).catch(() => undefined);
  await Promise.resolve();
  await Promise.resolve();
  const waiting = store.commit(create('waiting'));
  await store.close();
  const closed = new StoreError('unavailable', 'the store is closed');
  await assert.rejects(waiting, closed);
  await assert.rejects(store.commit(create('late')), closed);
  await assert.rejects(store.fresh(), closed);
});
