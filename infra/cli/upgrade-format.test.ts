/** What `hibernetes upgrade` prints and does. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { sealedFormats } from '../../functions/store/format.ts';
import type { Operation } from '../../functions/store/store.ts';
import { noted, specs } from '../../test/contract/formats.contract.ts';
import { runCommandLine } from '../../test/support/cluster-process.ts';
import { laterFormats, oldFormats } from '../../test/support/format-step.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { fileKeyRing } from '../local/cluster-keys.ts';
import { finalizeFormats, formatLine } from './upgrade-format.ts';

async function withCluster(body: (dataDir: string, store: string) => Promise<void>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'upgrade-'));
  const store = join(dataDir, 'store');
  mkdirSync(store);
  writeFileSync(
    join(dataDir, 'cluster.json'),
    JSON.stringify({ id: 'abcdef', runtime: 'simulated', nodes: 0, host: '127.0.0.1', port: 1 }),
  );
  try {
    await body(dataDir, store);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

function secretWritten(name: string): Operation<undefined> {
  const key = { resource: 'secrets', namespace: 'default', name };
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default', uid: name } };
  return { keys: [key], decide: () => ({ outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => undefined }) };
}

describe('hibernetes upgrade status and finalize', () => {
  test('hibernetes upgrade status and finalize have nothing to do without a newer format', async () => {
    await withCluster(async (dataDir, directory) => {
      const world = virtualWorld();
      const formats = sealedFormats(fileKeyRing(join(dataDir, 'pki')));
      const store = await createStore({ table: embeddedTable(directory, { formats }), world, formats });
      await store.commit(noted('one', 'note', 'a'));
      await store.close();
      const line = `the cluster in ${dataDir}: format 4, the newest of this version\n`;
      assert.deepEqual(await runCommandLine(['upgrade', 'status', '--data-dir', dataDir]), { code: 0, stdout: line, stderr: '' });
      assert.deepEqual(await runCommandLine(['upgrade', 'finalize', '--yes', '--data-dir', dataDir]), {
        code: 0,
        stdout: `Nothing is to be finalized: format 4 is the newest of this version.\n${line}`,
        stderr: '',
      });
    });
  });

  test('seals the Secrets of a cluster that was made before, without ending it', async () => {
    await withCluster(async (dataDir, directory) => {
      const world = virtualWorld();
      const before = await createStore({ table: embeddedTable(directory), world });
      await before.commit(secretWritten('s'));
      await before.close();
      const formats = sealedFormats(fileKeyRing(join(dataDir, 'pki')));
      const running = await createStore({ table: embeddedTable(directory, { formats }), world, formats });
      assert.equal((await runCommandLine(['upgrade', 'finalize', '--yes', '--data-dir', dataDir])).code, 0);
      assert.equal((await running.fresh()).list('secrets').length, 1);
      assert.deepEqual(running.format(), { writes: 4, oldest: 3, needs: '0.1.0', newest: 4, objectsLeft: 0 });
      await running.close();
    });
  });

  test('a newer version finalizes while the cluster runs, and this version then names the version that it needs', async () => {
    await withCluster(async (dataDir, directory) => {
      const world = virtualWorld();
      const running = await createStore({ table: embeddedTable(directory, { formats: oldFormats }), world, formats: laterFormats });
      for (const name of ['one', 'two']) await running.commit(noted(name, 'remark', name));
      const target = { title: 'a cluster', open: () => embeddedTable(directory, { formats: laterFormats }) };
      await finalizeFormats([target], { yes: true, formats: laterFormats });
      await running.commit(noted('three', 'remark', 'three'));
      assert.deepEqual(specs(running), { one: { remark: 'one' }, three: { remark: 'three' }, two: { remark: 'two' } });
      assert.deepEqual(running.format(), { writes: 5, oldest: 3, needs: '9.9.0', newest: 5, objectsLeft: 0 });
      await running.close();
      const sentence =
        'The store cannot be read: the store has format 5, which needs hibernetes 9.9.0 or later; this version reads formats 3 to 4.';
      const { code, stderr } = await runCommandLine(['upgrade', 'status', '--data-dir', dataDir]);
      assert.deepEqual([code, stderr.split('\n')[0]], [1, `error: ${sentence}`]);
      const up = await runCommandLine(['up', '--data-dir', dataDir, '--runtime', 'simulated', '--listen', '127.0.0.1:0']);
      assert.deepEqual([up.code, up.stderr.split('\n')[0]], [1, `error: ${sentence}`]);
    });
  });

  test('the line of the format names the next one, and how many objects are still of an older one', () => {
    const state = { newest: 4, objectsLeft: 0 };
    assert.equal(
      formatLine({ ...state, writes: 3, oldest: 3 }),
      'format 3; hibernetes upgrade finalize goes on to format 4, and ends the way back to earlier versions',
    );
    assert.equal(
      formatLine({ ...state, writes: 4, oldest: 3, objectsLeft: 7 }),
      'format 4, the newest of this version; 7 objects are still of an older one, and items of format 3 leave the log within hours',
    );
    assert.equal(formatLine({ ...state, writes: 4, oldest: 4 }), 'format 4, the newest of this version');
  });
});
