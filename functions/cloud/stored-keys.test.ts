import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { loadSigningKeys } from '../apiserver/auth/keys.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { seal, storedKeys, unseal } from './stored-keys.ts';

const envelopeKey = Buffer.alloc(32, 1);

test('what is sealed is read with the same key only', () => {
  const sealed = seal('secret', envelopeKey, Buffer.alloc(12, 2));
  assert.equal(unseal(sealed, envelopeKey), 'secret');
  assert.throws(() => unseal(sealed, Buffer.alloc(32, 3)));
});

test('all processes find the keys of the one that came first, and the table shows none', async () => {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const store = await createStore({ table, world });
  const other = await createStore({ table, world });
  const [first, second] = await Promise.all(
    [store, other].map((of) => loadSigningKeys(storedKeys({ store: of, envelopeKey, random: world.random }))),
  );
  assert.equal(first![0].id, second![0].id);
  assert.equal((await loadSigningKeys(storedKeys({ store: other, envelopeKey, random: world.random })))[0].id, first![0].id);
  const stored = (await store.fresh()).list('keys.hibernetes.dev');
  assert.equal(stored.length, 1);
  assert.doesNotMatch(JSON.stringify(stored), /PRIVATE/);
});

test('keys that were sealed with a former envelope key are found', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const own = { store, random: world.random };
  const before = await loadSigningKeys(storedKeys({ ...own, envelopeKey }));
  const next = Buffer.alloc(32, 9);
  const after = await loadSigningKeys(storedKeys({ ...own, envelopeKey: next, formerEnvelopeKeys: [envelopeKey] }));
  assert.equal(after[0].id, before[0].id);
  await assert.rejects(loadSigningKeys(storedKeys({ ...own, envelopeKey: next })));
});
