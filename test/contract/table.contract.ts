/** The promises of the port, for every implementation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MailItem, ObjectItem, EntryItem, Table } from '../../functions/store/table.ts';
import { append } from './append.ts';
import type { TablePlace } from './table-place.ts';

const hourMs = 3_600_000;

/** Items as written at a moment; those that expire do so an hour later. */
function itemsAt(nowMs: number) {
  const entry = (number: number, fields: Partial<EntryItem> = {}): EntryItem => ({
    logIndex: number,
    firstRevision: number,
    count: 1,
    nonce: `nonce-${number}`,
    writtenMs: nowMs,
    frames: Buffer.from(`frames of ${number}`),
    ...fields,
  });
  const object = (name: string, revision: number, fields: Partial<ObjectItem> = {}): ObjectItem => ({
    resource: 'pods',
    namespace: 'default',
    name,
    revision,
    writtenMs: nowMs,
    body: Buffer.from(`${name}@${revision}`),
    ...fields,
  });
  const mail = (number: number, fields: Partial<MailItem> = {}): MailItem => ({
    mailbox: 'node-1/letters',
    number,
    expiresMs: nowMs + hourMs,
    body: Buffer.from(`mail ${number}`),
    ...fields,
  });
  return { nowMs, entry, object, mail };
}

interface Given extends ReturnType<typeof itemsAt> {
  readonly table: Table;
  reopen(): Promise<Table>;
}

const bodies = async (table: Table): Promise<string[]> =>
  (await table.readObjects())
    .map(({ name, revision, body }) => (body === undefined ? `${name}@${revision} deleted` : Buffer.from(body).toString()))
    .toSorted();

const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : Buffer.from(bytes).toString());

/** `different`: facts that do not hold for this table, by title, and why. */
export function tableContract(name: string, place: () => TablePlace, different: Readonly<Record<string, string>> = {}): void {
  const fact = (title: string, body: (given: Given) => Promise<void>): void => {
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
        await body({ ...itemsAt(tables.startMs), table, reopen });
      } finally {
        await table.close();
        await tables.remove();
      }
    });
  };

  describe(`${name}: the port`, () => {
    fact('writes a log entry once, and shows who was first', async ({ table, reopen, nowMs, entry }) => {
      assert.deepEqual(await table.appendEntry(entry(1), nowMs), { outcome: 'written' });
      for (const opened of [async () => table, reopen]) {
        const second = await (await opened()).appendEntry(entry(1, { nonce: 'other' }), nowMs);
        assert.equal(second.outcome === 'taken' ? second.by.nonce : second.outcome, 'nonce-1');
      }
    });

    fact('writes a log entry once when many try at the same moment', async ({ table, nowMs, entry }) => {
      const tries = await Promise.all(Array.from({ length: 20 }, (_, index) => table.appendEntry(entry(1, { nonce: `${index}` }), nowMs)));
      assert.equal(tries.filter(({ outcome }) => outcome === 'written').length, 1);
      const winner = `${tries.findIndex(({ outcome }) => outcome === 'written')}`;
      assert.ok(tries.every((one) => one.outcome !== 'taken' || one.by.nonce === winner));
    });

    fact('reads log entries after a place, in order, in pages', async ({ table, nowMs, entry }) => {
      for (let number = 1; number <= 12; number += 1) await append(table, entry(number), nowMs);
      const first = await table.readEntries(0, 5);
      assert.deepEqual([first.entries.map((item) => item.logIndex), first.more], [[1, 2, 3, 4, 5], true]);
      const rest = await table.readEntries(10);
      assert.deepEqual([rest.entries.map((item) => item.logIndex), rest.more], [[11, 12], false]);
      assert.deepEqual({ ...rest.entries[1], frames: text(rest.entries[1]?.frames) }, { ...entry(12), frames: 'frames of 12' });
      assert.deepEqual(await table.readEntries(12), { entries: [], more: false });
    });

    fact('advances the watermark only from where it is', async ({ table, reopen, nowMs }) => {
      const first = await table.readMeta();
      assert.deepEqual([first.logIndex, first.revision], [0, 0]);
      const to = {
        logIndex: 5,
        revision: 9,
        writtenMs: nowMs - 1000,
        superseded: ['hash', 'other'],
        passed: { logIndex: 4, revision: 7, atMs: nowMs },
      };
      assert.equal(await table.advanceMeta(0, to, nowMs), 'written');
      assert.equal(await table.advanceMeta(0, { ...to, logIndex: 6 }, nowMs), 'taken');
      assert.deepEqual(await (await reopen()).readMeta(), to);
    });

    fact('puts an object only over an older one, deleted or not', async ({ table, reopen, nowMs, object }) => {
      await table.putObjects([object('a', 3), object('b', 4)], nowMs);
      const deleted = object('b', 5);
      await table.putObjects([object('a', 2), { ...deleted, body: undefined }], nowMs);
      await table.putObjects([object('a', 3, { body: Buffer.from('again') }), object('b', 4)], nowMs);
      for (const opened of [async () => table, reopen]) assert.deepEqual(await bodies(await opened()), ['a@3', 'b@5 deleted']);
    });

    fact('keeps resources, namespaces and names apart', async ({ table, nowMs, object }) => {
      const objects = [
        object('a', 1),
        object('a', 2, { resource: 'podsecrets' }),
        object('a', 3, { namespace: '' }),
        object('system:a', 4),
      ];
      await table.putObjects(objects, nowMs);
      const read = (await table.readObjects()).toSorted((a, b) => a.revision - b.revision);
      assert.deepEqual(
        read.map((item) => ({ ...item, body: text(item.body) })),
        objects.map((item) => ({ ...item, body: text(item.body) })),
      );
    });

    fact('reads all objects, however many and large', async ({ table, nowMs, object }) => {
      const noise = Array.from({ length: 20_000 }, (_, index) => (index * 7919 ** 2) % 251);
      const body = Buffer.from(noise);
      const objects = Array.from({ length: 300 }, (_, index) => object(`object-${index}`, index + 1, { body }));
      await table.putObjects(objects, nowMs);
      const read = await table.readObjects();
      assert.deepEqual(read.map(({ name }) => name).toSorted(), objects.map(({ name }) => name).toSorted());
      assert.ok(read.every((item) => body.equals(item.body ?? Buffer.alloc(0))));
    });

    fact('keeps the newest note', async ({ table }) => {
      const note = (revision: number) => ({ shard: 1, name: 'node-1', revision, body: Buffer.from(`${revision}`) });
      assert.equal(await table.putNote(note(5)), 'written');
      assert.equal(await table.putNote(note(4)), 'taken');
      assert.equal(await table.putNote(note(6)), 'written');
      assert.deepEqual(
        (await table.readNotes(1)).map(({ name, body }) => `${name} ${text(body)}`),
        ['node-1 6'],
      );
      assert.deepEqual(await table.readNotes(0), []);
    });

    fact('keeps mail as it was first written, and reads it in order after a place', async ({ table, reopen, mail }) => {
      for (const number of [10, 1, 2, 9]) assert.equal(await table.putMail(mail(number)), 'written');
      assert.equal(await table.putMail(mail(2, { body: Buffer.from('other') })), 'taken');
      await table.putMail(mail(3, { mailbox: 'node-1/letters/other' }));
      for (const opened of [async () => table, reopen]) {
        const found = await (await opened()).readMail('node-1/letters', 1);
        assert.deepEqual(
          found.map(({ number, body }) => [number, text(body)]),
          [2, 9, 10].map((number) => [number, `mail ${number}`]),
        );
      }
    });

    fact('reads large mail in pages, and the newest by itself', async ({ table, mail }) => {
      const body = Buffer.alloc(300_000, 7);
      for (let number = 1; number <= 9; number += 1) await table.putMail(mail(number, { body }));
      const read: number[] = [];
      for (let page = 0; page < 9 && read.length < 9; page += 1) {
        const found = await table.readMail('node-1/letters', read.at(-1) ?? 0);
        assert.ok(found.every((item) => body.equals(item.body)));
        read.push(...found.map(({ number }) => number));
      }
      assert.deepEqual(read, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
      assert.deepEqual(await table.readMail('node-1/letters', 9), []);
      assert.equal((await table.readNewestMail('node-1/letters'))?.number, 9);
      assert.equal(await table.readNewestMail('node-1'), undefined);
    });

    fact('keeps blobs', async ({ table }) => {
      const bytes = Buffer.alloc(900_000, 7);
      assert.equal(await table.putBlob('hash', bytes), 'written');
      assert.equal(await table.putBlob('hash', bytes), 'written');
      assert.ok(bytes.equals((await table.readBlob('hash')) ?? Buffer.alloc(0)));
      assert.equal(await table.readBlob('none'), undefined);
    });

    fact('prunes blobs whose time is over, and no others', async ({ table, reopen, nowMs }) => {
      for (const hash of ['old', 'young', 'alive']) await table.putBlob(hash, Buffer.of(1));
      await table.expireBlobs(['old', 'none'], nowMs - 1);
      await table.expireBlobs(['young'], nowMs + 1);
      const pruned = await reopen();
      await pruned.prune({ logIndex: 0, revision: 0, beforeMs: nowMs });
      const blobs = await Promise.all(['old', 'young', 'alive'].map((hash) => pruned.readBlob(hash)));
      assert.deepEqual(
        blobs.map((bytes) => bytes !== undefined),
        [false, true, true],
      );
    });

    fact('prunes old log entries and tombstones up to a place, and nothing else', async ({ table, nowMs, entry, object, mail }) => {
      const old = { writtenMs: nowMs - 1000 };
      for (const one of [entry(1, old), entry(2, old), entry(3), entry(4, old)]) await append(table, one, nowMs);
      await table.putObjects(
        [object('kept', 1, old), { ...object('gone', 2, old), body: undefined }, { ...object('new', 3), body: undefined }],
        nowMs,
      );
      await table.putObjects([{ ...object('ahead', 7, old), body: undefined }], nowMs);
      await table.putObjects([{ ...object('back', 4, old), body: undefined }], nowMs);
      await table.putObjects([object('back', 5, old)], nowMs);
      for (const number of [1, 2]) await table.putMail(mail(number, { expiresMs: nowMs - 2000 + number * 1000 }));
      await table.prune({ logIndex: 3, revision: 6, beforeMs: nowMs });
      assert.deepEqual(
        (await table.readEntries(0)).entries.map((item) => item.logIndex),
        [3, 4],
      );
      assert.deepEqual(await bodies(table), ['ahead@7 deleted', 'back@5', 'kept@1', 'new@3 deleted']);
      assert.deepEqual(
        (await table.readMail('node-1/letters', 0)).map(({ number }) => number),
        [2],
      );
    });
  });
}
