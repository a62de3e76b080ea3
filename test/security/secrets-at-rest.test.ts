/** Who gets the data directory's store without its keys reads no Secret, and keys are replaced while the cluster runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { type Formats, sealedFormats } from '../../functions/store/format.ts';
import { newClusterKey } from '../../functions/store/seal.ts';
import type { Store } from '../../functions/store/store.ts';
import { fileKeyRing, rotateKeys } from '../../infra/local/cluster-keys.ts';
import { testApi, type TestApi } from '../support/api-server.ts';
import { virtualWorld } from '../support/virtual-world.ts';

interface Place {
  readonly keys: string;
  readonly world: ReturnType<typeof virtualWorld>;
  open(formats: Formats): Promise<Store>;
}

async function withDirectory(body: (place: Place) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'secrets-'));
  const world = virtualWorld();
  const open = (formats: Formats): Promise<Store> =>
    createStore({ table: embeddedTable(join(root, 'store'), { formats }), world, formats });
  try {
    await body({ keys: join(root, 'pki'), world, open });
  } finally {
    rmSync(root, { recursive: true });
  }
}

const secrets = '/api/v1/namespaces/default/secrets';
const put = async (api: TestApi, name: string): Promise<void> => {
  const answer = await api.send('POST', secrets, { metadata: { name }, stringData: { password: `of ${name}` } });
  assert.equal(answer.status, 201);
};

test('a store without its keys, or with others, opens no Secret', async () => {
  await withDirectory(async ({ keys, world, open }) => {
    const formats = sealedFormats(fileKeyRing(keys));
    const store = await open(formats);
    await put(await testApi({ store, world }), 's');
    await store.close();
    const other = newClusterKey();
    await assert.rejects(open(sealedFormats({ current: () => other, find: () => undefined })), /is sealed with the cluster key/);
    const again = await open(sealedFormats(fileKeyRing(keys)));
    const { body } = await (await testApi({ store: again, world })).send('GET', `${secrets}/s`);
    assert.deepEqual(body['data'], { password: Buffer.from('of s').toString('base64') });
    await again.close();
  });
});

test('keys are replaced between writes, without a pause, and the first key opens nothing new', async () => {
  await withDirectory(async ({ keys, world, open }) => {
    const formats = sealedFormats(fileKeyRing(keys));
    const store = await open(formats);
    const api = await testApi({ store, world });
    const former = fileKeyRing(keys).current();
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        if (n % 20 === 10) rotateKeys(keys);
        await put(api, `s${n}`);
      }),
    );
    for (let round = 0; round < 6; round += 1) {
      await world.advance(3_600_000);
      await store.housekeep();
    }
    assert.equal(store.format().objectsLeft, 0);
    await put(api, 'last');
    await store.close();
    await assert.rejects(open(sealedFormats({ current: () => former, find: (id) => (id === former.id ? former : undefined) })), {
      code: 'corrupt',
    });
    const again = await open(sealedFormats(fileKeyRing(keys)));
    assert.equal(again.view().list('secrets').length, 61);
    await again.close();
  });
});
