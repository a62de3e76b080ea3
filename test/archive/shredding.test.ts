import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createArchiver } from '../../functions/archive/archiver.ts';
import { Catalog } from '../../functions/archive/catalog.ts';
import { compact } from '../../functions/archive/compaction.ts';
import { memoryFiles } from '../../functions/archive/memory-files.ts';
import { Past } from '../../functions/archive/past.ts';
import { addHold, endHold, sealedUidsOf, shred } from '../../functions/archive/shredding.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { sealedFormats } from '../../functions/store/format.ts';
import { defaultLimits } from '../../functions/store/limits.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { fixedKeyRing } from '../../functions/store/seal.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { retention } from './history.ts';

const text = 'the-secret-itself';
const keyOf = (name: string) => ({ resource: 'secrets', namespace: 'default', name });

async function archived() {
  const world = virtualWorld();
  const formats = sealedFormats(fixedKeyRing([new Uint8Array(32).fill(7)]));
  const table = memoryTable({ clock: world.clock, formats });
  const store = await createStore({ table, world, formats });
  const files = memoryFiles();
  const catalog = new Catalog(files);
  const archiver = createArchiver({ catalog, table, formats, world, storeLimits: defaultLimits });
  const write = (name: string, type: 'create' | 'update' | 'delete', value = text): Promise<undefined> =>
    store.commit({
      keys: [keyOf(name)],
      decide: () => {
        const key = keyOf(name);
        const object = { metadata: { name, namespace: 'default', uid: `uid-${name}` }, data: { value } };
        return { outcome: 'write', writes: [type === 'delete' ? { type, key } : { type, key, object }], answer: () => undefined };
      },
    });
  return { world, store, files, catalog, archiver, write, past: new Past({ catalog, formats }) };
}

test('no version of a Secret can be read once it is shredded, and others can', async () => {
  const { store, files, catalog, archiver, write, past } = await archived();
  await write('gone', 'create');
  await write('kept', 'create');
  await write('gone', 'update', `${text}-2`);
  const revision = store.view().revision;
  await archiver.archive(revision);
  const shown = async (name: string): Promise<unknown> => (await past.snapshotAt({ revision })).get(keyOf(name))?.object;
  assert.match(JSON.stringify(await shown('gone')), /the-secret-itself-2/);
  await write('gone', 'delete');
  assert.equal(await shred(files, await sealedUidsOf(catalog, keyOf('gone'))), 1);
  await past.envelopes.refresh();
  // The deletion is archived behind the mark, and brings no envelope back.
  await archiver.archive(store.view().revision);
  assert.deepEqual(await shown('gone'), {
    metadata: { name: 'gone', namespace: 'default', uid: 'uid-gone', resourceVersion: String(revision) },
  });
  assert.match(JSON.stringify(await shown('kept')), /the-secret-itself/);
});

test('an archive holds no text of a Secret', async () => {
  const { store, files, archiver, write } = await archived();
  await write('s', 'create');
  await archiver.archive(store.view().revision);
  for (const [name, bytes] of files.files) assert.ok(!Buffer.from(bytes).includes(text), name);
});

test('nothing is made coarser or forgotten while there is a hold', async () => {
  const { world, store, files, catalog, archiver, write } = await archived();
  for (let round = 0; round < 4; round += 1) {
    await write('s', round === 0 ? 'create' : 'update', `${round}`);
    await archiver.archive(store.view().revision);
  }
  await world.advance(1000 * 60_000);
  const runs = await catalog.runs('changes');
  const compacted = () => compact({ catalog, nowMs: world.clock.now(), retention, runChangesMax: 30, stateChangesMin: 10 });
  await addHold(files, { name: 'case-7', since: '' });
  await compacted();
  assert.deepEqual(await catalog.runs('changes'), runs);
  await endHold(files, 'case-7');
  await compacted();
  assert.deepEqual(await catalog.runs('changes'), []);
});
