import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { apiAudience, createTokens, type Tokens } from '../apiserver/auth/tokens.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { clusterFormats } from './cluster-formats.ts';
import type { EnvelopeKeys } from './settings.ts';
import { liveStoredKeys, rotateStoredKeys, seal, unseal } from './stored-keys.ts';

const envelopeKey = Buffer.alloc(32, 1);

test('what is sealed is read with the same key only', () => {
  const sealed = seal('secret', envelopeKey, Buffer.alloc(12, 2));
  assert.equal(unseal(sealed, envelopeKey), 'secret');
  assert.throws(() => unseal(sealed, Buffer.alloc(32, 3)));
});

const envelope: EnvelopeKeys = { envelopeKey };

test('all processes find the keys of the one that came first, and the table shows none', async () => {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const store = await createStore({ table, world });
  const other = await createStore({ table, world });
  const open = (of: typeof store) => liveStoredKeys({ store: of, envelope, random: world.random }, world.clock);
  const [first, second] = await Promise.all([store, other].map(open));
  assert.equal(first!.keys[0].id, second!.keys[0].id);
  assert.equal((await open(other)).keys[0].id, first!.keys[0].id);
  const stored = (await store.fresh()).list('keys.hibernetes.dev');
  assert.equal(stored.length, 1);
  assert.doesNotMatch(JSON.stringify(stored), /PRIVATE/);
});

test('keys that were sealed with a former envelope key are found', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const open = (keys: EnvelopeKeys) => liveStoredKeys({ store, envelope: keys, random: world.random }, world.clock);
  const before = await open(envelope);
  const next = Buffer.alloc(32, 9);
  const after = await open({ envelopeKey: next, formerEnvelopeKeys: [envelopeKey] });
  assert.equal(after.keys[0].id, before.keys[0].id);
  await assert.rejects(open({ envelopeKey: next }));
});

/** Processes that started with one key, around a secret that holds others by now. */
async function rotated() {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock, formats: clusterFormats(envelope) });
  const next: EnvelopeKeys = { envelopeKey: Buffer.alloc(32, 9), formerEnvelopeKeys: [envelopeKey] };
  let secret = envelope;
  let rereads = 0;
  const started = async (keys: EnvelopeKeys) => {
    const own: EnvelopeKeys = {
      ...keys,
      reread: async () => {
        rereads += 1;
        return secret;
      },
    };
    const store = await createStore({ table, world, formats: clusterFormats(own) });
    const { keys: signing, refresh } = await liveStoredKeys({ store, envelope: own, random: world.random }, world.clock);
    const tokens = createTokens({ keys: signing, refresh, clock: world.clock, random: world.random });
    return { store, tokens, signing };
  };
  const older = await started(envelope);
  secret = next;
  return { world, next, older, newer: await started(next), started, rereads: () => rereads };
}

const tokenOf = async (tokens: Tokens): Promise<string> =>
  (await tokens.issueServiceAccountToken({ namespace: 'default', serviceaccount: { name: 'web', uid: 'u' } }, { expirationSeconds: 600 }))
    .token;

const secretNamed = (name: string) => ({
  key: { resource: 'secrets', namespace: 'default', name },
  object: { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' }, data: { a: 'Yg==' } },
});

test('a process that started before the envelope key was replaced reads what is sealed with the new one', async () => {
  const { older, newer, rereads } = await rotated();
  for (const [writer, reader, name] of [
    [newer, older, 'one'],
    [older, newer, 'two'],
  ] as const) {
    const { key, object } = secretNamed(name);
    await writer.store.commit<undefined>({
      keys: [key],
      decide: () => ({ outcome: 'write', writes: [{ type: 'create', key, object }], answer: () => undefined }),
    });
    assert.deepEqual((await reader.store.fresh()).get(key)?.object, {
      ...object,
      metadata: (await writer.store.fresh()).get(key)?.object.metadata,
    });
  }
  assert.equal(rereads(), 1);
});

test('processes with the new signing key and processes with the former one accept each other’s tokens', async () => {
  const { world, next, older, newer } = await rotated();
  const before = await tokenOf(older.tokens);
  await rotateStoredKeys({ store: newer.store, envelope: next, random: world.random });
  const after = await tokenOf(newer.tokens);
  assert.equal(newer.signing.length, 2);
  for (const { tokens } of [older, newer])
    for (const token of [before, after]) assert.notEqual(await tokens.verify(token, [apiAudience]), undefined);
  assert.equal(older.signing[0].id, newer.signing[0].id);
  assert.notEqual(await tokenOf(older.tokens), before);
});

test('tokens that name unknown keys make one question a second', async () => {
  const { world, older, newer, next } = await rotated();
  const [header = '', ...rest] = (await tokenOf(older.tokens)).split('.');
  const named = { ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as object), kid: 'made-up' };
  const forged = [Buffer.from(JSON.stringify(named)).toString('base64url'), ...rest].join('.');
  let asked = 0;
  const store = { ...older.store, view: () => older.store.view(), fresh: () => (asked++, older.store.fresh()) };
  const { keys, refresh } = await liveStoredKeys({ store, envelope: next, random: world.random }, world.clock);
  const tokens = createTokens({ keys, refresh, clock: world.clock, random: world.random });
  for (let index = 0; index < 20; index += 1) assert.equal(await tokens.verify(forged, [apiAudience]), undefined);
  assert.equal(asked, 1);
  assert.notEqual(newer.signing, keys);
});
