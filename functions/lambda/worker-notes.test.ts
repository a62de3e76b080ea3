import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryTable } from '../store/memory/memory-table.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createWorkerNotes } from './worker-notes.ts';

test('notes of earlier versions are read, and earlier versions read the new ones', async () => {
  const { clock } = virtualWorld();
  const table = memoryTable({ clock });
  const stored = { state: 'asleep', revision: 5, slot: 3, atMs: 1 };
  await table.putNote({ shard: 0, name: 'worker/timer', revision: 1, body: Buffer.from(JSON.stringify(stored)) });
  const notes = createWorkerNotes(table, clock);
  assert.deepEqual((await notes.read()).get('timer'), { state: 'asleep', revision: 5, logIndex: 3, atMs: 1 });
  await notes.write('timer', { state: 'asleep', revision: 6, logIndex: 4 });
  const [written] = await table.readNotes(0);
  assert.deepEqual(JSON.parse(Buffer.from(written?.body ?? '').toString()), { state: 'asleep', revision: 6, slot: 4, atMs: clock.now() });
});
