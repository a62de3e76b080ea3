import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingDoorbell } from '../../test/support/recording-doorbell.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { entryAttributes } from '../store/dynamodb/item.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { silentControllers } from '../cloud/silent-controllers.ts';
import { createStreamDoorbell } from './stream-doorbell.ts';
import { entriesIn } from './stream-entries.ts';

/** A log entry as the table's stream shows it to a function. */
async function recordOf(resource: string, object: object = {}, metadata: object = {}) {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const store = await createStore({ table, world });
  const key = { resource, namespace: 'default', name: 'a' };
  const own = { name: 'a', namespace: 'default', uid: 'u', ...metadata };
  const write = { type: 'create', key, object: { apiVersion: 'v1', kind: 'X', metadata: own, ...object } } as const;
  await store.commit({ keys: [key], decide: () => ({ outcome: 'write', writes: [write], answer: () => undefined }) });
  const { entries } = await table.readEntries(0);
  const attributes = entryAttributes('c', entries.at(-1)!, 0);
  const image = Object.fromEntries(
    Object.entries(attributes).map(([name, { S, N, B }]) => [
      name,
      S !== undefined ? { S } : N !== undefined ? { N } : { B: Buffer.from(B!).toString('base64') },
    ]),
  );
  return { eventName: 'INSERT', dynamodb: { SequenceNumber: '1', NewImage: image } };
}

async function rungFor(records: Awaited<ReturnType<typeof recordOf>>[]) {
  const { log, ...world } = virtualWorld();
  const doorbell = recordingDoorbell();
  const ring = createStreamDoorbell({ groups: silentControllers(), doorbell, log });
  for (const entries of entriesIn({ Records: records }, log).values()) await ring(entries);
  return { rings: doorbell.rings, lines: world.lines };
}

test('a log entry rings those whom it may concern, marked with its revision', async () => {
  assert.deepEqual((await rungFor([await recordOf('pods', { spec: { schedulerName: 'default-scheduler' } })])).rings, [
    'ring controllers 1',
    'ring scheduler 1',
  ]);
  assert.deepEqual((await rungFor([await recordOf('deployments.apps', { spec: {} })])).rings, ['ring controllers 1']);
});

test('what is owned, or goes once others went, rings the garbage collector, whatever it is', async () => {
  const rings = async (metadata: object) => (await rungFor([await recordOf('secrets', {}, metadata)])).rings;
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'v' };
  const deletionTimestamp = '2026-01-02T03:04:05Z';
  assert.deepEqual(await rings({ ownerReferences: [owner] }), ['ring controllers 1']);
  assert.deepEqual(await rings({ deletionTimestamp, finalizers: ['foregroundDeletion'] }), ['ring controllers 1']);
  assert.deepEqual(await rings({ deletionTimestamp, finalizers: ['orphan'] }), ['ring controllers 1']);
  assert.deepEqual(await rings({ deletionTimestamp, finalizers: ['example.com/mine'] }), []);
  assert.deepEqual(await rings({}), []);
});

test('no worker is rung for what workers write for themselves', async () => {
  assert.deepEqual((await rungFor([await recordOf('checkpoints.hibernetes.dev')])).rings, []);
});

test('one batch brings log entries of several clusters, distinguished by their keys; what is no log entry is left out', async () => {
  const { log } = virtualWorld();
  const record = await recordOf('pods');
  const keyed = (pk: string) => ({ ...record, dynamodb: { ...record.dynamodb, NewImage: { ...record.dynamodb.NewImage, pk: { S: pk } } } });
  const Records = ['c#L#0#0', 'blue.x7k2f#L#0#0', 'c#L#0#0', 'c#K#0', '#clusters'].map(keyed);
  const counts = [...entriesIn({ Records }, log)].map(([cluster, entries]) => [cluster, entries.length]);
  assert.deepEqual(counts, [
    ['c', 2],
    ['blue.x7k2f', 1],
  ]);
});

test('a record that cannot be read is left out, and the others are not', async () => {
  const poison = await recordOf('pods');
  const { rings, lines } = await rungFor([
    { ...poison, dynamodb: { ...poison.dynamodb, NewImage: { pk: poison.dynamodb.NewImage['pk']!, sk: { S: 'x' } } } },
    await recordOf('deployments.apps', { spec: {} }),
  ]);
  assert.deepEqual(rings, ['ring controllers 1']);
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['a record of the stream could not be read'],
  );
});

test('a log entry whose bytes cannot be read rings all workers', async () => {
  const poison = await recordOf('pods');
  const { rings } = await rungFor([
    { ...poison, dynamodb: { ...poison.dynamodb, NewImage: { ...poison.dynamodb.NewImage, e: { B: 'AAAA' } } } },
  ]);
  assert.deepEqual(rings, ['ring controllers 1', 'ring scheduler 1']);
});
