/** A damaged entry is read over only where later entries prove all that it did; a process that stops at one reads little. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, pod, update } from '../../test/contract/cluster.ts';
import { damagedTable, noDamage } from '../../test/support/damaged-table.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { blobBody, encodeBody } from './body.ts';
import { createStore } from './create-store.ts';
import { encodeFrames } from './entry-codec.ts';
import { firstState } from './format.ts';
import { BodyReader } from './log-entry.ts';
import { memoryTable } from './memory/memory-table.ts';
import { OverReader, readOver } from './read-over.ts';
import { Replica } from './replica.ts';
import { DamagedEntry } from './store.ts';
import type { EntryItem, EntryPage } from './table.ts';

const key = { resource: 'pods', namespace: 'default', name: 'a' };
const nothing = { logIndex: 0, revision: 0, format: firstState, objects: [] };

const damaged: EntryItem = { logIndex: 1, firstRevision: 1, count: 1, nonce: 'n', writtenMs: 0, frames: new Uint8Array() };
const replacing = (firstRevision: number, previousRevision: number, body = encodeBody('{"metadata":{}}')): EntryItem => ({
  ...damaged,
  logIndex: 2,
  firstRevision,
  frames: encodeFrames([{ type: 'modified', key, uid: 'u', previousRevision, body }]),
});

const tableOf = (...entries: EntryItem[]) => ({
  readEntries: async (after: number): Promise<EntryPage> => ({ entries: entries.filter(({ logIndex }) => logIndex > after), more: false }),
  readBlob: async () => undefined,
});

const readingOf = (table: ReturnType<typeof tableOf>) => ({ bodies: new BodyReader(table), fields: () => ({}), isLate: () => true });

async function endOf(...entries: EntryItem[]) {
  const table = tableOf(...entries);
  const { end, state } = await readOver(table, readingOf(table), nothing);
  return { end, revision: state?.revision };
}

test('the state is known once a later entry replaces what the damaged one wrote', async () => {
  assert.deepEqual(await endOf(damaged, replacing(2, 1)), { end: 2, revision: 2 });
});

test('an entry behind a damaged one never takes the revision back', async () => {
  for (const firstRevision of [0, 1]) await assert.rejects(endOf(damaged, replacing(firstRevision, 0)), /log entry 2 does not follow/);
});

test('an entry whose revision is beyond all that could be lost leaves the state unknown', async () => {
  assert.deepEqual(await endOf(damaged, replacing(Number.MAX_SAFE_INTEGER, 0)), { end: 1, revision: undefined });
});

test('a reader that comes too late for a blob behind a damaged entry begins again', async () => {
  const { clock } = virtualWorld();
  const item = replacing(2, 1, blobBody(encodeBody('{}'), 'n').reference);
  const table = tableOf(damaged, item);
  const parts = { table, replica: new Replica(10), bodies: new BodyReader(table), fields: () => ({}), clock, replicaLifeMs: 60_000 };
  const read = (agoMs: number) =>
    new OverReader(parts).read(new DamagedEntry(1, 'x'), { nowMs: clock.now() - agoMs, monotonicMs: clock.monotonicMs() - agoMs });
  assert.equal(await read(60_001), undefined);
  assert.equal((await read(0))?.revision, 2, 'for one in time, the object alone is damaged');
});

test('a process that stops at a damaged entry reads the rest of the log again only when it has grown', async () => {
  const world = virtualWorld();
  const memory = memoryTable({ clock: world.clock });
  const damage = noDamage();
  let entriesRead = 0;
  const table = damagedTable(memory, damage);
  const counted = new Proxy(table, {
    get(target, property) {
      if (property !== 'readEntries') return Reflect.get(target, property);
      return async (after: number, limit?: number) => {
        const page = await table.readEntries(after, limit);
        entriesRead += page.entries.length;
        return page;
      };
    },
  });
  const store = await createStore({ table: memory, world });
  const follower = await createStore({ table: counted, world });
  damage.entries.add(1);
  for (const name of ['a', 'b', 'c']) await store.commit(create(pod(name)));
  const read = async (): Promise<number> => {
    entriesRead = 0;
    await assert.rejects(follower.fresh(), DamagedEntry);
    return entriesRead;
  };
  assert.deepEqual([await read(), await read(), await read()], [6, 3, 3]);
  await store.commit(create(pod('d')));
  assert.deepEqual([await read(), await read()], [9, 4]);
  await store.commit(update(pod('a', { note: 'known' })));
  assert.equal((await follower.fresh()).revision, 5);
});
