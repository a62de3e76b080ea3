/** What cannot be read stops with its name: nothing is skipped, and nothing is acknowledged on top of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, pod } from '../../test/contract/cluster.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createStore } from './create-store.ts';
import { memoryTable } from './memory/memory-table.ts';
import { encodeFrames } from './entry-codec.ts';
import { StoreError } from './store.ts';
import type { EntryItem, Table } from './table.ts';

const body = Buffer.from([200, 1, 2, 3]);
const frame = { type: 'added', key: { resource: 'pods', namespace: 'default', name: 'web' }, uid: 'u', previousRevision: 0, body } as const;

const entry = (frames: Uint8Array): EntryItem => ({ logIndex: 1, firstRevision: 1, count: 1, nonce: 'other', writtenMs: 0, frames });

/** The errors of a process that starts, and of one that has been there before. */
async function errorsAfter(damage: (table: Table) => Promise<unknown>): Promise<readonly string[]> {
  const table = memoryTable();
  const running = await createStore({ table, world: virtualWorld(1) });
  await damage(table);
  const messages: string[] = [];
  const collect = (error: unknown): undefined => {
    assert.ok(error instanceof StoreError);
    messages.push(`${error.code}: ${error.message}`);
  };
  await createStore({ table, world: virtualWorld(2) }).catch(collect);
  await running.fresh().catch(collect);
  await running.commit(create(pod('a'))).catch(collect);
  return messages;
}

test('a log entry whose bytes are damaged stops its readers, with its number', async () => {
  const message = 'corrupt: log entry 1 cannot be read: its checksum is wrong';
  const frames = Buffer.from(encodeFrames([frame]));
  frames.writeUInt8(frames.readUInt8(20) ^ 1, 20);
  assert.deepEqual(await errorsAfter((table) => table.appendEntry(entry(frames), 0)), [message, message, message]);
});

test('a body of a format that is not known stops its readers, with its log entry and key', async () => {
  const message = 'wrong-format: log entry 1, pods default/web was written with dictionary 200, which this version does not know';
  const messages = await errorsAfter((table) => table.appendEntry(entry(encodeFrames([frame])), 0));
  assert.deepEqual(messages, [message, message, message]);
});

test('an object item whose blob is missing stops a process that starts, with its key', async () => {
  const reference = Buffer.concat([Buffer.of(255), Buffer.from('hash')]);
  const item = { resource: 'pods', namespace: 'default', name: 'web', revision: 1, writtenMs: 0, body: reference };
  const messages = await errorsAfter(async (table) => {
    await table.appendEntry(entry(encodeFrames([{ type: 'compaction', compactRevision: 0 }])), 0);
    await table.putObjects([item], 0);
    await table.advanceMeta(0, { logIndex: 1, revision: 1 }, 0);
  });
  assert.equal(messages[0], 'corrupt: object pods default/web cannot be read: its blob hash is missing');
});
