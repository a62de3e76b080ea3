/** A log entry that was sent, and not answered, was sent again although its place had been taken and freed. Found by simulation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { StoreError } from '../../functions/store/store.ts';
import { create, pod } from '../contract/cluster.ts';
import { virtualWorld } from '../support/virtual-world.ts';

test('an undecided log entry whose place was removed is not written again, though others have just seen the head', async () => {
  const world = virtualWorld();
  let isAnswerLost = false;
  const table = memoryTable({
    clock: world.clock,
    fault: (method) => (isAnswerLost && method === 'appendEntry' ? 'answer-lost' : undefined),
  });
  const store = await createStore({ table, world });
  const other = await createStore({ table, world: virtualWorld(2) });
  isAnswerLost = true;
  const undecided = assert.rejects(
    store.commit(create(pod('a'))),
    new StoreError('unknown-outcome', 'it is not known whether it was written'),
  );
  await world.settle();
  isAnswerLost = false;
  await other.fresh();
  await other.commit(create(pod('b')));
  await store.fresh();
  await table.prune({ logIndex: 1, revision: 1, beforeMs: Number.POSITIVE_INFINITY });
  await world.advance(1000);
  await undecided;
  assert.deepEqual(
    (await table.readEntries(0)).entries.map(({ logIndex }) => logIndex),
    [2],
  );
});
