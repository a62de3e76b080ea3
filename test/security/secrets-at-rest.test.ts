/** Who gets the data directory's store without its keys reads no Secret, and keys are replaced while the cluster runs. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createStore } from '../../functions/store/create-store.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { type Formats, formatsWithoutKeys, sealedFormats } from '../../functions/store/format.ts';
import { newClusterKey } from '../../functions/store/seal.ts';
import type { Store } from '../../functions/store/store.ts';
import { fileKeyRing, rotateKeys } from '../../infra/local/cluster-keys.ts';
import { testApi, type TestApi } from '../support/api-server.ts';
import { everyCase } from '../support/every-case.ts';
import { virtualWorld } from '../support/virtual-world.ts';

interface Place {
  readonly keys: string;
  readonly world: ReturnType<typeof virtualWorld>;
  open(formats: Formats): Promise<Store>;
}

/** Until all that was written lies in items. */
async function settle(store: Store, world: Place['world']): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    await world.advance(3_600_000);
    await store.housekeep();
  }
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

const lengths = [0, 1, 100, 5_000, 60_000, 300_000, 900_000];
const ways = ['created', 'updated', 'patched', 'applied'] as const;
const merge = { 'content-type': 'application/merge-patch+json' };
const applyYaml = { 'content-type': 'application/apply-patch+yaml' };

interface Written {
  readonly name: string;
  readonly length: number;
  readonly way: (typeof ways)[number];
}

/** A key of the data that stands in a sealed body alone. */
const field = 'password';

async function write(api: TestApi, { name, length, way }: Written): Promise<void> {
  const value = randomBytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { [field]: value } };
  if (way === 'applied') {
    const { status } = await api.send('PATCH', `${secrets}/${name}?fieldManager=a`, secret, applyYaml);
    assert.equal(status, 201);
    return;
  }
  assert.equal((await api.send('POST', secrets, way === 'created' ? secret : { metadata: { name } })).status, 201);
  if (way === 'updated') assert.equal((await api.send('PUT', `${secrets}/${name}`, secret)).status, 200);
  if (way === 'patched') assert.equal((await api.send('PATCH', `${secrets}/${name}`, secret, merge)).status, 200);
}

for (const place of ['the log', 'its items'] as const) {
  test(`without the keys ${place} of the table shows nothing of a Secret but its name`, async () => {
    await withDirectory(async ({ keys, world, open }) => {
      const store = await open(sealedFormats(fileKeyRing(keys)));
      const api = await testApi({ store, world });
      const written = lengths.flatMap((length) => ways.map((way): Written => ({ name: `${way}-${length}`, length, way })));
      for (const one of written) await write(api, one);
      if (place === 'its items') await settle(store, world);
      await store.close();
      const stolen = await open(formatsWithoutKeys);
      await everyCase(
        written,
        ({ name }) => name,
        ({ name }) => {
          const found = stolen.view().get({ resource: 'secrets', namespace: 'default', name });
          assert.ok(found !== undefined);
          assert.ok(!JSON.stringify(found.object).includes(field), 'its data are shown');
        },
      );
      await stolen.close();
    });
  });
}

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
    await settle(store, world);
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
