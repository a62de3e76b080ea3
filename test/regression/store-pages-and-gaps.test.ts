/** The store took the end of a page, of memory or of one read for the end of the log. All found by simulation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Operation, Store, WatchBatch } from '../../functions/store/store.ts';
import type { EntryPage, Table } from '../../functions/store/table.ts';
import { create, pod } from '../contract/cluster.ts';
import { virtualWorld } from '../support/virtual-world.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `pod-${index}`);

async function createEach(store: Store, count: number): Promise<void> {
  for (const name of names(count)) await store.commit(create(pod(name)));
}

/** All in one log entry. */
const createAll = (count: number): Operation<number> => ({
  keys: [],
  decide: () => {
    const writes = names(count).map(
      (name) => ({ type: 'create', key: { resource: 'pods', namespace: '', name }, object: { metadata: { name } } }) as const,
    );
    return { outcome: 'write', writes, answer: (stored) => stored.length };
  },
});

test('changes that fill several pages of the table are all delivered', async () => {
  const store = await createStore({ table: memoryTable({ pageEntries: 2 }), world: virtualWorld(), limits: { historyChangesMax: 2 } });
  await createEach(store, 9);
  const revisions = (await store.changesAfter(0, 100)).map(({ revision }) => revision);
  assert.deepEqual(revisions, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal((await store.changesAfter(1, 5)).at(-1)?.revision, 6);
});

test('a waiting watch gets all of a log entry that holds more than memory keeps', async () => {
  const table = memoryTable();
  const [writer, reader] = [
    await createStore({ table, world: virtualWorld(1) }),
    await createStore({ table, world: virtualWorld(2), limits: { historyChangesMax: 2 } }),
  ];
  const watch = reader.watch({ resource: 'pods', after: 0, signal: new AbortController().signal })[Symbol.asyncIterator]();
  const next = watch.next();
  await reader.fresh();
  await writer.commit(createAll(6));
  await reader.fresh();
  const { value } = (await next) as IteratorResult<WatchBatch, undefined>;
  const revisions = (value?.changes ?? []).map(({ revision }) => revision);
  assert.deepEqual(revisions, [1, 2, 3, 4, 5, 6]);
});

test('a read that found a later log entry but not an earlier one is no damage', async () => {
  const table = memoryTable();
  let toHide = 0;
  const torn: Table = Object.create(table, {
    readEntries: {
      value: async (after: number, limit?: number): Promise<EntryPage> => {
        const page = await table.readEntries(after, limit);
        const hidden = toHide;
        toHide = 0;
        return { ...page, entries: page.entries.filter(({ logIndex }) => logIndex !== hidden) };
      },
    },
  });
  for (const method of ['readMeta', 'readObjects', 'readBlob'] as const) Object.assign(torn, { [method]: table[method].bind(table) });
  const [writer, reader] = [
    await createStore({ table, world: virtualWorld(1) }),
    await createStore({ table: torn, world: virtualWorld(2) }),
  ];
  await createEach(writer, 3);
  toHide = 2;
  assert.equal((await reader.fresh()).revision, 3);
});
