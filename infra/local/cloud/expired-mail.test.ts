import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTable, type DynamodbEngine, missingEngine, openTable, startEngine } from '../../../test/support/dynamodb-engine.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { currentFormats } from '../../../functions/store/format.ts';
import { removeExpiredMail, startExpiry } from './expired-mail.ts';

const missing = missingEngine('dynoxide');
const tableName = 'mail';
const minuteMs = 60_000;

describe('mail in the table of a cloud on this machine', missing === undefined ? {} : { skip: missing }, () => {
  let engine: DynamodbEngine;
  before(async () => {
    engine = await startEngine('dynoxide');
    await createTable(engine.endpoint, tableName);
  });
  after(() => engine?.stop());

  test('mail of a local cloud is gone soon after it expired, in every cluster, and all else stays', async () => {
    const { clock } = virtualWorld();
    const at = { endpoint: engine.endpoint, tableName };
    const tables = ['one', 'two'].map((cluster) => openTable(engine.endpoint, tableName, cluster, { formats: currentFormats }));
    for (const [index, table] of tables.entries()) {
      const expiresMs = clock.now() + 60 * minuteMs;
      for (let number = 1; number <= 30; number += 1)
        await table.putMail({ mailbox: 'a/api/1/up', number, expiresMs: expiresMs + index * minuteMs, body: Buffer.alloc(10_000) });
    }
    const left = (): Promise<number[]> => Promise.all(tables.map(async (table) => (await table.readMail('a/api/1/up', 0)).length));
    assert.equal(await removeExpiredMail(at, clock.now() + 60 * minuteMs), 0);
    assert.equal(await removeExpiredMail(at, clock.now() + 60 * minuteMs + 1_000), 30);
    assert.deepEqual(await left(), [0, 30]);
    assert.equal(await removeExpiredMail(at, clock.now() + 62 * minuteMs), 30);
    assert.deepEqual(await left(), [0, 0]);
  });

  test('expired mail is searched for and deleted every quarter of an hour', async () => {
    const world = virtualWorld();
    const table = openTable(engine.endpoint, tableName, 'three', { formats: currentFormats });
    await table.putMail({ mailbox: 'a/api/2/up', number: 1, expiresMs: world.clock.now() + 60 * minuteMs, body: Buffer.alloc(1) });
    const stop = startExpiry({ endpoint: engine.endpoint, tableName }, world);
    await eventually(async () => {
      await world.advance(15 * minuteMs);
      assert.deepEqual(await table.readMail('a/api/2/up', 0), []);
    });
    stop();
  });
});
