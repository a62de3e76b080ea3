/** The metered table and DynamoDB get the same calls, and must count the same. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { entriesInBucket } from '../../functions/store/dynamodb/item.ts';
import type { DynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import type { EntryItem, Table } from '../../functions/store/table.ts';
import { createTable, missingEngine, openTable, startEngine, type DynamodbEngine } from '../../test/support/dynamodb-engine.ts';
import { meteredTable } from './metered-table.ts';
import { Meter } from './usage.ts';

const writtenMs = Date.UTC(2026, 0, 1);

const entry = (number: number, bytes: number): EntryItem => ({
  logIndex: number,
  firstRevision: number,
  count: 1,
  nonce: 'c0ffee00-0000-4000-8000-000000000000',
  writtenMs,
  frames: new Uint8Array(bytes).fill(7),
});

const object = (name: string, bytes: number) => ({
  resource: 'pods',
  namespace: 'default',
  name,
  revision: 12,
  writtenMs,
  body: new Uint8Array(bytes).fill(7),
});

type Calls = (table: Table) => Promise<unknown>;

const cases: Readonly<Record<string, Calls>> = {
  'log entries of several sizes': async (table) => {
    for (const [index, bytes] of [10, 700, 1500, 20_000].entries()) await table.appendEntry(entry(index + 1, bytes), Date.now());
  },
  'a log entry that is taken': (table) => table.appendEntry(entry(1, 10), Date.now()),
  'a check of the head': (table) => table.readEntries(4),
  'all log entries': (table) => table.readEntries(0),
  'log entries of several buckets, to the end of one': async (table) => {
    for (let number = 5; number < 3 * entriesInBucket; number += 1) await table.appendEntry(entry(number, 300), Date.now());
    await table.readEntries(0);
    await table.readEntries(entriesInBucket - 1);
    await table.readEntries(3 * entriesInBucket - 1);
  },
  objects: async (table) => {
    await table.putObjects([object('a', 500), object('b', 5000)], Date.now());
    await table.readObjects();
  },
  leases: async (table) => {
    await table.putNote({ shard: 0, name: 'worker/controllers', revision: writtenMs, body: new Uint8Array(90) });
    await table.readNotes(0);
  },
  mail: async (table) => {
    const mail = { mailbox: 'node-1/0f2f5f6e', expiresMs: writtenMs, body: new Uint8Array(5000) };
    for (const number of [1, 2, 3]) await table.putMail({ ...mail, number });
    await table.readMail(mail.mailbox, 1);
    await table.readNewestMail(mail.mailbox);
    await table.readNewestMail('none');
  },
};

describe('a metered table in memory', { skip: missingEngine('dynoxide') }, () => {
  let engine: DynamodbEngine;
  let real: DynamodbTable;
  const meter = new Meter();
  const metered = meteredTable({ table: memoryTable(), count: (used) => meter.add('api', used) });
  before(async () => {
    engine = await startEngine('dynoxide');
    await createTable(engine.endpoint, 'costs');
    real = openTable(engine.endpoint, 'costs', 'default');
  });
  after(async () => {
    await real.close();
    await engine.stop();
  });

  for (const [name, calls] of Object.entries(cases)) {
    test(`costs what DynamoDB counts: ${name}`, async () => {
      real.costs.take();
      const before = meter.read().api;
      await calls(real);
      await calls(metered);
      const after = meter.read().api;
      const counted = [...real.costs.take().values()];
      const sum = (field: 'calls' | 'writeUnits' | 'readUnits'): number => counted.reduce((all, cost) => all + cost[field], 0);
      assert.deepEqual(
        [after.tableCalls - before.tableCalls, after.writeUnits - before.writeUnits, after.readUnits - before.readUnits],
        [sum('calls'), sum('writeUnits'), sum('readUnits')],
      );
    });
  }
});
