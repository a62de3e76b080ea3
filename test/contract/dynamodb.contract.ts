/** The table on DynamoDB keeps the promises of the port, on an engine of one's choice. */
import { append } from './append.ts';
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { EntryItem } from '../../functions/store/table.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import {
  clientFor,
  createTable,
  missingEngine,
  openTable,
  startEngine,
  type DynamodbEngine,
  type EngineName,
} from '../support/dynamodb-engine.ts';
import { storeContract } from './store.contract.ts';
import type { TablePlace } from './table-place.ts';
import { tableContract } from './table.contract.ts';

const tableName = 'contract';

/** Items carry the time from which DynamoDB may remove them. It does so some time later, so a test cannot see it. */
const expiresByItself = {
  'prunes old log entries and tombstones up to a place, and nothing else': 'DynamoDB expires what is old by itself, some time later',
  'prunes blobs whose time is over, and no others': 'DynamoDB expires what is old by itself, some time later',
};

const dayMs = 24 * 60 * 60_000;

const entry = (number: number, writtenMs: number, bytes = 10): EntryItem => ({
  logIndex: number,
  firstRevision: number,
  count: 1,
  nonce: `nonce-${number}`,
  writtenMs,
  frames: Buffer.alloc(bytes, number),
});

/** The time to live of the first log entries, in days after a moment. */
async function daysToLive(endpoint: string, cluster: string, from: { readonly ms: number; readonly count: number }): Promise<number[]> {
  const client = clientFor(endpoint);
  const days: number[] = [];
  for (let number = 1; number <= from.count; number += 1) {
    const key = { pk: { S: `${cluster}#L#0#0` }, sk: { S: `${number}`.padStart(16, '0') } };
    const { Item: item } = await client.send(new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
    days.push((Number(item?.['x']?.N) * 1000 - from.ms) / dayMs);
  }
  client.destroy();
  return days;
}

export function dynamodbContract(name: EngineName): void {
  const missing = missingEngine(name);
  if (missing !== undefined) return void test(`the table on ${name}`, { skip: missing }, () => undefined);
  describe(`DynamoDB as ${name}`, () => {
    let engine: DynamodbEngine;
    let clusters = 0;
    before(async () => {
      engine = await startEngine(name);
      await createTable(engine.endpoint, tableName);
    });
    after(() => engine.stop());
    const place = (): TablePlace => {
      clusters += 1;
      const cluster = `cluster-${clusters}`;
      return { startMs: engine.startedMs, open: () => openTable(engine.endpoint, tableName, cluster), remove: async () => undefined };
    };
    tableContract(name, place, expiresByItself);
    storeContract(name, place);

    test('reads a long log in order and without a gap, however large its log entries', async () => {
      const table = openTable(engine.endpoint, tableName, 'long');
      const nowMs = engine.startedMs;
      const sizes = Array.from({ length: 75 }, (_, index) => (index >= 20 && index < 30 ? 300_000 : 10));
      for (const [index, bytes] of sizes.entries()) await append(table, entry(index + 1, nowMs, bytes), nowMs);
      for (const limit of [1, 7, 16, 17, 1000]) {
        const read: EntryItem[] = [];
        for (let more = true; more;) {
          const page = await table.readEntries(read.length, limit);
          assert.ok(page.entries.length <= limit);
          read.push(...page.entries);
          more = page.more;
        }
        assert.deepEqual(
          read.map((one) => [one.logIndex, one.frames.length, one.frames.at(-1)]),
          sizes.map((bytes, index) => [index + 1, bytes, index + 1]),
        );
      }
      await table.close();
    });

    test('keeps log entries above the watermark from expiring, and only those', async () => {
      const world = virtualWorld(1, engine.startedMs);
      const table = openTable(engine.endpoint, tableName, 'expiry', { world });
      const startMs = world.clock.now();
      for (const number of [1, 2]) await append(table, entry(number, startMs), startMs);
      await append(table, entry(3, startMs + 2 * dayMs), startMs);
      const prune = { logIndex: 0, revision: 0, beforeMs: 0 };
      await table.advanceMeta(0, { logIndex: 1, revision: 1 }, startMs);
      await table.prune(prune);
      assert.deepEqual(await daysToLive(engine.endpoint, 'expiry', { ms: startMs, count: 3 }), [7, 7, 9]);
      await world.advance(4 * dayMs);
      await table.prune(prune);
      assert.deepEqual(await daysToLive(engine.endpoint, 'expiry', { ms: startMs, count: 3 }), [7, 11, 9]);
      await world.advance(2 * dayMs);
      await table.prune(prune);
      assert.deepEqual(await daysToLive(engine.endpoint, 'expiry', { ms: startMs, count: 3 }), [7, 13, 13]);
      await table.close();
    });

    test('gives a tombstone that is put again its whole time to live', async () => {
      const table = openTable(engine.endpoint, tableName, 'tombstones');
      const startMs = engine.startedMs;
      const expiresDays = async (): Promise<number> => {
        const client = clientFor(engine.endpoint);
        const keys = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'tombstones#O' } } };
        const { Items: items = [] } = await client.send(new QueryCommand({ TableName: tableName, ConsistentRead: true, ...keys }));
        client.destroy();
        return (Number(items[0]?.['x']?.N) - startMs / 1000) / (24 * 3600);
      };
      const key = { resource: 'pods', namespace: 'default', name: 'a', revision: 5 };
      await table.putObjects([{ ...key, writtenMs: startMs }], startMs);
      assert.equal(await expiresDays(), 3);
      await table.putObjects([{ ...key, writtenMs: startMs + dayMs }], startMs);
      assert.equal(await expiresDays(), 4);
      await table.putObjects([{ ...key, writtenMs: startMs }], startMs);
      assert.equal(await expiresDays(), 4);
      await table.putObjects([{ ...key, revision: 4, writtenMs: startMs + 2 * dayMs }], startMs);
      assert.equal(await expiresDays(), 4);
      await table.close();
    });

    test('lets all parts of a blob expire', async () => {
      const table = openTable(engine.endpoint, tableName, 'blobs');
      const expiry = async (): Promise<string | undefined> => {
        const client = clientFor(engine.endpoint);
        const key = { pk: { S: 'blobs#B#hash' }, sk: { S: '0002' } };
        const { Item: item } = await client.send(new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true }));
        client.destroy();
        return item === undefined ? 'gone' : item['x']?.N;
      };
      await table.putBlob('hash', Buffer.alloc(900_000, 7));
      assert.equal(await expiry(), undefined);
      const expiresMs = engine.startedMs + 30 * dayMs;
      await table.expireBlobs(['none', 'hash'], expiresMs);
      assert.equal(await expiry(), String(expiresMs / 1000));
      assert.equal((await table.readBlob('hash'))?.length, 900_000);
      await table.close();
    });
  });
}
