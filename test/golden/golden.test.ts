/**
 * Each version reads what earlier ones wrote. A folder for each format, with what it holds in `expected.json`; folders
 * are added, never changed.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clusterRecords } from '../../functions/store/dynamodb/cluster-records.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import type { Table } from '../../functions/store/table.ts';
import { create, pod, podKey } from '../contract/cluster.ts';
import { createTable, missingEngine, openTable, settingsFor, startEngine, type DynamodbEngine } from '../support/dynamodb-engine.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { goldenStartMs } from './content.ts';
import { everythingIn } from './everything.ts';
import { goldenDirectory, loadTable, unpackDirectory } from './place.ts';

const foldersOf = (engine: string): string[] => readdirSync(goldenDirectory).filter((name) => name.startsWith(`${engine}-`));
const expectedIn = (folder: string) => JSON.parse(readFileSync(join(goldenDirectory, folder, 'expected.json'), 'utf8'));
/** JSON makes absent and undefined fields the same. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const hourMs = 60 * 60_000;

async function goesOn(open: () => Table): Promise<void> {
  const world = virtualWorld(4, goldenStartMs + hourMs);
  const store = await createStore({ table: open(), world });
  const { revision } = await store.commit(create(pod('written-later')));
  for (let round = 0; round < 3; round += 1) {
    await world.advance(5 * 60_000);
    await store.housekeep();
  }
  await store.close();
  const cold = await createStore({ table: open(), world });
  assert.equal(cold.view().get(podKey('written-later'))?.revision, revision);
  assert.ok(cold.compactRevision() >= revision);
  await cold.close();
}

for (const folder of foldersOf('embedded')) {
  test(`the data directory ${folder} is read whole, and written on`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'golden-'));
    try {
      unpackDirectory(join(goldenDirectory, folder, 'store'), directory);
      assert.deepEqual(asJson(await everythingIn(() => embeddedTable(directory))), expectedIn(folder));
      await goesOn(() => embeddedTable(directory));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

const missing = missingEngine('dynoxide');

describe('tables on DynamoDB', missing === undefined ? {} : { skip: missing }, () => {
  let engine: DynamodbEngine;
  before(async () => {
    engine = await startEngine('dynoxide');
  });
  after(() => engine?.stop());

  for (const folder of foldersOf('dynamodb')) {
    test(`the table ${folder} is read whole, and written on`, async () => {
      await createTable(engine.endpoint, folder);
      await loadTable(engine.endpoint, folder, join(goldenDirectory, folder, 'items.jsonl.br'));
      const { records, clusters } = expectedIn(folder);
      const world = virtualWorld(5, goldenStartMs + hourMs);
      const list = clusterRecords({ tableName: folder, world, client: settingsFor(engine.endpoint) });
      assert.deepEqual(await list.list(), records);
      list.close();
      for (const [cluster, expected] of Object.entries(clusters)) {
        const open = (): Table => openTable(engine.endpoint, folder, cluster, { world });
        assert.deepEqual(asJson(await everythingIn(open)), expected);
        await goesOn(open);
      }
    });
  }
});
