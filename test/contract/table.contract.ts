/** The promises of the port, for every implementation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ObjectItem, SlotItem, Table } from '../../functions/store/table.ts';
import { append } from './append.ts';
import type { TablePlace } from './store.contract.ts';

const nowMs = Date.UTC(2026, 0, 1);

const slot = (number: number, fields: Partial<SlotItem> = {}): SlotItem => ({
  slot: number,
  firstRevision: number,
  count: 1,
  nonce: `nonce-${number}`,
  writtenMs: nowMs,
  frames: Buffer.from(`frames of ${number}`),
  ...fields,
});

const object = (name: string, revision: number, fields: Partial<ObjectItem> = {}): ObjectItem => ({
  resource: 'pods',
  shard: 0,
  namespace: 'default',
  name,
  revision,
  writtenMs: nowMs,
  body: Buffer.from(`${name}@${revision}`),
  ...fields,
});

const bodies = async (table: Table, resource = 'pods', shard = 0): Promise<string[]> =>
  (await table.readObjects(resource, shard))
    .map(({ name, revision, body }) => (body === undefined ? `${name}@${revision} deleted` : Buffer.from(body).toString()))
    .toSorted();

const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

/** `different`: facts that do not hold for this table, by title, and why. */
export function tableContract(name: string, place: () => TablePlace, different: Readonly<Record<string, string>> = {}): void {
  const fact = (title: string, body: (table: Table, reopen: () => Promise<Table>) => Promise<void>): void => {
    const skip = different[title];
    test(title, skip === undefined ? {} : { skip }, async () => {
      const tables = place();
      let table = tables.open();
      const reopen = async (): Promise<Table> => {
        await table.close();
        table = tables.open();
        return table;
      };
      try {
        await body(table, reopen);
      } finally {
        await table.close();
        await tables.remove();
      }
    });
  };

  describe(`${name}: the port`, () => {
    fact('writes a slot once, and shows who was first', async (table, reopen) => {
      assert.deepEqual(await table.appendSlot(slot(1), nowMs), { outcome: 'written' });
      for (const opened of [async () => table, reopen]) {
        const second = await (await opened()).appendSlot(slot(1, { nonce: 'other' }), nowMs);
        assert.equal(second.outcome === 'taken' ? second.by.nonce : second.outcome, 'nonce-1');
      }
    });

    fact('writes a slot once when many try at the same moment', async (table) => {
      const tries = await Promise.all(Array.from({ length: 20 }, (_, index) => table.appendSlot(slot(1, { nonce: `${index}` }), nowMs)));
      assert.equal(tries.filter(({ outcome }) => outcome === 'written').length, 1);
      const winner = `${tries.findIndex(({ outcome }) => outcome === 'written')}`;
      assert.ok(tries.every((one) => one.outcome !== 'taken' || one.by.nonce === winner));
    });

    fact('reads slots after a place, in order, in pages', async (table) => {
      for (let number = 1; number <= 12; number += 1) await append(table, slot(number), nowMs);
      const first = await table.readSlots(0, 5);
      assert.deepEqual([first.slots.map((item) => item.slot), first.more], [[1, 2, 3, 4, 5], true]);
      const rest = await table.readSlots(10);
      assert.deepEqual([rest.slots.map((item) => item.slot), rest.more], [[11, 12], false]);
      assert.deepEqual({ ...rest.slots[1], frames: text(rest.slots[1]?.frames) }, { ...slot(12), frames: 'frames of 12' });
      assert.deepEqual(await table.readSlots(12), { slots: [], more: false });
    });

    fact('advances the watermark only from where it is', async (table, reopen) => {
      assert.deepEqual(await table.readMeta(), { slot: 0, revision: 0, resources: [] });
      const to = { slot: 5, revision: 9, resources: ['pods'], passed: { slot: 4, revision: 7, atMs: nowMs } };
      assert.equal(await table.advanceMeta(0, to), 'written');
      assert.equal(await table.advanceMeta(0, { ...to, slot: 6 }), 'taken');
      assert.deepEqual(await (await reopen()).readMeta(), to);
    });

    fact('puts an object only over an older one, deleted or not', async (table, reopen) => {
      await table.putObjects([object('a', 3), object('b', 4)], nowMs);
      const deleted = object('b', 5);
      await table.putObjects([object('a', 2), { ...deleted, body: undefined }], nowMs);
      await table.putObjects([object('a', 3, { body: Buffer.from('again') }), object('b', 4)], nowMs);
      for (const opened of [async () => table, reopen]) assert.deepEqual(await bodies(await opened()), ['a@3', 'b@5 deleted']);
    });

    fact('keeps resources and shards apart', async (table) => {
      await table.putObjects([object('a', 1), object('b', 2, { shard: 1 }), object('c', 3, { resource: 'podsecrets' })], nowMs);
      assert.deepEqual(await bodies(table), ['a@1']);
      assert.deepEqual(await bodies(table, 'pods', 1), ['b@2']);
      assert.deepEqual(await bodies(table, 'podsecrets'), ['c@3']);
    });

    fact('keeps the newest lease', async (table) => {
      const lease = (revision: number) => ({ shard: 1, name: 'node-1', revision, body: Buffer.from(`${revision}`) });
      assert.equal(await table.putLease(lease(5)), 'written');
      assert.equal(await table.putLease(lease(4)), 'taken');
      assert.equal(await table.putLease(lease(6)), 'written');
      assert.deepEqual(
        (await table.readLeases(1)).map(({ name, body }) => `${name} ${text(body)}`),
        ['node-1 6'],
      );
      assert.deepEqual(await table.readLeases(0), []);
    });

    fact('keeps blobs', async (table) => {
      const bytes = Buffer.alloc(900_000, 7);
      assert.equal(await table.putBlob('hash', bytes), 'written');
      assert.equal(await table.putBlob('hash', bytes), 'written');
      assert.ok(bytes.equals((await table.readBlob('hash')) ?? Buffer.alloc(0)));
      assert.equal(await table.readBlob('none'), undefined);
    });

    fact('prunes old slots and tombstones up to a place, and named blobs, and nothing else', async (table) => {
      const old = { writtenMs: nowMs - 1000 };
      for (const one of [slot(1, old), slot(2, old), slot(3), slot(4, old)]) await append(table, one, nowMs);
      await table.putObjects(
        [object('kept', 1, old), { ...object('gone', 2, old), body: undefined }, { ...object('new', 3), body: undefined }],
        nowMs,
      );
      await table.putObjects([{ ...object('ahead', 7, old), body: undefined }], nowMs);
      await table.putObjects([{ ...object('back', 4, old), body: undefined }], nowMs);
      await table.putObjects([object('back', 5, old)], nowMs);
      await table.putBlob('old', Buffer.of(1));
      await table.prune({ slot: 3, revision: 6, beforeMs: nowMs, blobs: ['old'] });
      assert.deepEqual(
        (await table.readSlots(0)).slots.map((item) => item.slot),
        [3, 4],
      );
      assert.deepEqual(await bodies(table), ['ahead@7 deleted', 'back@5', 'kept@1', 'new@3 deleted']);
      assert.equal(await table.readBlob('old'), undefined);
    });
  });
}
