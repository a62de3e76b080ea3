/** A damaged log entry stops its readers, with its number: nothing is acknowledged on top of it. A damaged body is that of one object. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, pod, update } from '../../test/contract/cluster.ts';
import { damagedTable, noDamage } from '../../test/support/damaged-table.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { UnreadableObject } from '../kube/unreadable-object.ts';
import { MissingBlob } from './blobs.ts';
import { createStore } from './create-store.ts';
import { BodyReader, readLogEntry } from './log-entry.ts';
import { memoryTable } from './memory/memory-table.ts';
import { encodeFrames } from './entry-codec.ts';
import { DamagedEntry, StoreError } from './store.ts';
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

test('a body of a format that is not known stops no reader: its object alone is unreadable', async () => {
  const table = memoryTable();
  await table.appendEntry(entry(encodeFrames([frame])), 0);
  const store = await createStore({ table, world: virtualWorld(1) });
  const text = 'log entry 1, pods default/web was written with dictionary 200, which this version does not know';
  const damage = new UnreadableObject({ key: frame.key, revision: 1 }, new StoreError('wrong-format', text));
  assert.throws(() => store.view().get(frame.key)?.object, damage);
  assert.equal((await store.commit(create(pod('a')))).revision, 2);
});

test('a reader that begins too late for a blob does not take its object for damaged', async () => {
  const world = virtualWorld(1);
  const table = memoryTable({ clock: world.clock });
  const reference = Buffer.concat([Buffer.of(255), Buffer.from('hash')]);
  const item = entry(encodeFrames([{ ...frame, body: reference }]));
  const isLate = (error: StoreError): boolean => error instanceof MissingBlob;
  await assert.rejects(readLogEntry(item, { bodies: new BodyReader(table), fields: () => ({}), isLate }), MissingBlob);
});

/** Two changes of a pod, the first one in a damaged entry. */
async function damagedFirst() {
  const memory = memoryTable();
  const damage = noDamage();
  const store = await createStore({ table: memory, world: virtualWorld(1) });
  await store.commit(create(pod('a')));
  damage.entries.add(1);
  return { memory, table: damagedTable(memory, damage), store };
}

test('a damaged entry that the checkpoint needs is reported', async () => {
  const { memory, table } = await damagedFirst();
  const { resource, namespace, name } = frame.key;
  await memory.putObjects([{ resource, namespace, name, revision: 1, writtenMs: 0, body }], 0);
  const found: string[] = [];
  const foundDamage = (damage: Error): void => void found.push(damage.message);
  await assert.rejects(createStore({ table, world: virtualWorld(2), foundDamage }), DamagedEntry);
  assert.deepEqual(found, ['log entry 1 cannot be read: its checksum is wrong']);
});

test('a damaged entry that later ones replaced stops no process where tombstones may have vanished', async () => {
  const { table, store } = await damagedFirst();
  const { revision } = await store.commit(update(pod('a', { note: 'known' })));
  const vanishing = new Proxy(table, {
    get: (target, property) => (property === 'tombstoneLifeMs' ? 1 : Reflect.get(target, property)),
  });
  const reader = await createStore({ table: vanishing, world: virtualWorld(2) });
  assert.equal(reader.view().revision, revision);
});
