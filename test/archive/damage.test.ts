/** What an archive has of a log with damaged entries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArchiver } from '../../functions/archive/archiver.ts';
import { Catalog } from '../../functions/archive/catalog.ts';
import { memoryFiles } from '../../functions/archive/memory-files.ts';
import { Past } from '../../functions/archive/past.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { currentFormats } from '../../functions/store/format.ts';
import { defaultLimits } from '../../functions/store/limits.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { DamagedEntry } from '../../functions/store/store.ts';
import { create, pod } from '../contract/cluster.ts';
import { damagedTable, noDamage } from '../support/damaged-table.ts';
import { virtualWorld } from '../support/virtual-world.ts';

test('what was written before a damaged entry is archived, and the entry stops the archive', async () => {
  const world = virtualWorld();
  const memory = memoryTable({ clock: world.clock });
  const damage = noDamage();
  const table = damagedTable(memory, damage);
  const store = await createStore({ table: memory, world });
  const catalog = new Catalog(memoryFiles());
  const archiver = createArchiver({ catalog, table, formats: currentFormats, world, storeLimits: defaultLimits });
  await store.commit(create(pod('first')));
  await archiver.archive(1);
  for (const name of ['a', 'b', 'c', 'd']) await store.commit(create(pod(name)));
  damage.entries.add(4);
  for (let round = 0; round < 2; round += 1) await assert.rejects(archiver.archive(5), DamagedEntry);
  const past = new Past({ catalog, formats: currentFormats });
  const names = async (revision: number): Promise<string[]> =>
    (await past.snapshotAt({ revision })).list('pods').map(({ key }) => key.name);
  assert.deepEqual(await names(3), ['a', 'b', 'first']);
  damage.entries.clear();
  await archiver.archive(5);
  assert.deepEqual(await names(5), ['a', 'b', 'c', 'd', 'first']);
});
