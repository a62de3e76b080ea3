import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable, type EmbeddedOptions } from '../../functions/store/embedded/embedded-table.ts';
import { DamagedEntry, StoreError, type Store } from '../../functions/store/store.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { create, follow, plain, pod, podKey, update } from './cluster.ts';
import { storeContract } from './store.contract.ts';
import { tableContract } from './table.contract.ts';

const newDirectory = (): string => mkdtempSync(join(tmpdir(), 'store-contract-'));
const removeDirectory = (directory: string): void => rmSync(directory, { recursive: true, force: true });

/** Nothing here meets a real clock. */
const startMs = Date.UTC(2026, 0, 1);

const placeWith = (options?: EmbeddedOptions) => () => {
  const directory = newDirectory();
  return { startMs, open: () => embeddedTable(directory, options), remove: async () => removeDirectory(directory) };
};

tableContract('embedded table', placeWith(), {
  'prunes old log entries and tombstones up to a place, and nothing else': 'it removes log entries by the file: see below',
});
tableContract('embedded table, each log entry in a file of its own', placeWith({ segmentEntries: 1 }));
storeContract('embedded table', placeWith());
storeContract('embedded table, four log entries in a file', placeWith({ segmentEntries: 4 }));

/** Lets the writer work until it has acknowledged this many, kills it, and returns all it acknowledged: revision by name. */
async function acknowledgedBeforeKill(directory: string, run: string, count: number): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'embedded-writer.ts'), directory, run]);
  let output = '';
  writer.stderr.pipe(process.stderr);
  writer.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > count) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  const complete = output.slice(0, output.lastIndexOf('\n') + 1);
  return new Map(complete.split('\n').flatMap((line) => (line === '' ? [] : [[line.split(' ')[0]!, Number(line.split(' ')[1])]])));
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = newDirectory();
  try {
    await body(directory);
  } finally {
    removeDirectory(directory);
  }
}

const openStore = (directory: string): Promise<Store> => createStore({ table: embeddedTable(directory), world: virtualWorld() });

describe('a data directory', () => {
  test('holds all that was acknowledged, after its processes were killed, again and again', async () => {
    await withDirectory(async (directory) => {
      const acknowledged = new Map<string, number>();
      for (const runs of [['one'], ['two', 'three'], ['four']]) {
        const all = await Promise.all(runs.map((run) => acknowledgedBeforeKill(directory, run, 300)));
        for (const [name, revision] of all.flatMap((each) => [...each])) acknowledged.set(name, revision);
      }
      const store = await openStore(directory);
      assert.ok(acknowledged.size >= 600, `${acknowledged.size}`);
      for (const [name, revision] of acknowledged) {
        const found = store.view().get(podKey(name));
        // The update after it may have got in unacknowledged.
        assert.ok(found !== undefined && found.revision >= revision, `${name} ${revision}: ${found?.revision}`);
        assert.equal(found.object.metadata.resourceVersion, `${found.revision}`);
      }
      const changes = await store.changesAfter(0, Number.POSITIVE_INFINITY);
      assert.deepEqual(
        changes.map(({ revision }) => revision),
        changes.map((_, index) => index + 1),
      );
      const byRevision = new Map(changes.map((change) => [change.revision, change.key.name]));
      for (const [name, revision] of acknowledged) assert.equal(byRevision.get(revision), name);
      const watch = follow(store, 10);
      await store.commit(create(pod('after')));
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(watch.changes()[0]?.split(' ')[0], '11');
      watch.stop();
      await store.close();
    });
  });

  test('a data directory of another format is refused by name', async () => {
    await withDirectory(async (directory) => {
      await (await openStore(directory)).close();
      writeFileSync(join(directory, 'format'), 'hibernetes store 9\n');
      assert.throws(
        () => embeddedTable(directory),
        new StoreError(
          'wrong-format',
          `the data directory ${directory} has format 9, which needs a later version of hibernetes; this version reads format 3`,
        ),
      );
    });
  });

  test('a data directory that has been damaged stops at the item, and names it', async () => {
    await withDirectory(async (directory) => {
      const store = await openStore(directory);
      await store.commit(create(pod('first')));
      await store.commit(create(pod('damaged')));
      await store.commit(create(pod('last')));
      await store.close();
      const path = join(directory, 'log', '0000000000000001');
      const bytes = readFileSync(path);
      const at = bytes.indexOf('"default","damaged"');
      for (let found = at; found !== -1; found = bytes.indexOf('"default","damaged"', found + 1)) bytes.write('X', found + 12);
      writeFileSync(path, bytes);
      await assert.rejects(openStore(directory), new DamagedEntry(2, 'its checksum is wrong'));
    });
  });

  test('a data directory whose damaged entry was replaced later opens, and is whole after housekeeping', async () => {
    await withDirectory(async (directory) => {
      const world = virtualWorld();
      const open = (): Promise<Store> =>
        createStore({ table: embeddedTable(directory, { segmentEntries: 2 }), world, limits: { pollMs: 0 } });
      const store = await open();
      await store.commit(create(pod('a')));
      await store.commit(update(pod('a', { note: 'damaged' })));
      const last = await store.commit(update(pod('a', { note: 'last' })));
      await store.close();
      const path = join(directory, 'log', '0000000000000001');
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      writeFileSync(path, bytes);
      const after = await open();
      assert.deepEqual(plain(after.view().get(podKey('a'))!), plain(last));
      await after.housekeep();
      await after.close();
      const table = embeddedTable(directory, { segmentEntries: 2 });
      assert.ok((await table.readMeta()).revision >= last.revision, 'the watermark has passed the damaged entry');
      await table.close();
    });
  });

  test('a data directory whose log has gone is unavailable, and the outcome of its writes is unknown', async () => {
    await withDirectory(async (directory) => {
      const table = embeddedTable(directory);
      removeDirectory(join(directory, 'log'));
      const unavailable = new StoreError('unavailable', 'the log cannot be read');
      await assert.rejects(table.readEntries(0), unavailable);
      await assert.rejects(table.prune({ logIndex: 1, revision: 1, beforeMs: 1 }), unavailable);
      const entry = { logIndex: 1, firstRevision: 1, count: 1, nonce: 'nonce', writtenMs: 1, frames: Buffer.alloc(1) };
      assert.equal((await table.appendEntry(entry, 1)).outcome, 'unknown');
      await table.close();
    });
  });
});
