import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { create, plain, pod, podKey, remove, update } from '../../test/contract/cluster.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { encodeBody } from './body.ts';
import { createStore } from './create-store.ts';
import { jsonLength, jsonText } from './json-text.ts';

import { memoryTable } from './memory/memory-table.ts';
import type { Change } from './store.ts';
import { UnreadableObject } from '../kube/unreadable-object.ts';
import { StoreError } from './store.ts';
import { Decoder, type DecoderLimits, StoredObject } from './stored-object.ts';

const none: DecoderLimits = { parsedBytesMax: 0, textBytesMax: 0 };
const key = podKey('a');
const json = JSON.stringify({ metadata: { name: 'a', namespace: 'default', resourceVersion: '7' }, spec: { text: 'ä'.repeat(100) } });
const storedA = (decoder: Decoder): StoredObject => new StoredObject({ key, revision: 7, body: encodeBody(json) }, decoder);

test('while it is kept, every reader gets the same object; later, an equal one', () => {
  const kept = storedA(new Decoder());
  assert.equal(kept.object, kept.object);
  const forgotten = storedA(new Decoder(none));
  assert.notEqual(forgotten.object, forgotten.object);
  assert.deepEqual(forgotten.object, kept.object);
  assert.ok(Object.isFrozen(forgotten.object.metadata));
});

test('the text is what was written, and is not parsed', () => {
  const decoder = new Decoder();
  const stored = storedA(decoder);
  assert.equal(jsonLength(stored), Buffer.byteLength(json));
  assert.equal(decoder.counts.inflated, 0);
  assert.equal(Buffer.from(jsonText(stored)).toString(), json);
  assert.equal(Buffer.from(jsonText(stored)).toString(), json);
  assert.deepEqual([decoder.counts.inflated, decoder.counts.parsed], [1, 0]);
});

test('who has the text parses it; without it, the body is inflated for the object alone', () => {
  const decoder = new Decoder();
  const written = new StoredObject({ key, revision: 7, body: encodeBody(json), text: Buffer.from(json) }, decoder);
  assert.equal(written.object.metadata.name, 'a');
  assert.deepEqual([decoder.counts.inflated, decoder.counts.parsed], [0, 1]);
  const { keptBytes } = decoder.counts;
  const read = storedA(decoder);
  assert.equal(read.object.metadata.name, 'a');
  assert.deepEqual([decoder.counts.inflated, decoder.counts.parsed], [1, 2]);
  assert.equal(decoder.counts.keptBytes, keptBytes / 2 + keptBytes);
});

test('a body keeps no more memory from going than its own', () => {
  const body = encodeBody(json);
  const page = Buffer.concat([Buffer.alloc(10_000), body]);
  const cut = new StoredObject({ key, revision: 7, body: page.subarray(10_000) }, new Decoder());
  assert.equal(cut.body.buffer.byteLength, body.length);
  assert.equal(Buffer.from(jsonText(cut)).toString(), json);
  // One that is alone is shared, not copied.
  assert.equal(new StoredObject({ key, revision: 7, body }, new Decoder()).body.buffer, body.buffer);
});

test('an object with a damaged body throws an error that names it, and is reported once', () => {
  const body = Buffer.from(encodeBody(json));
  body.writeUInt8(body.readUInt8(2) ^ 1, 2);
  const found: UnreadableObject[] = [];
  const stored = new StoredObject(
    { key, revision: 7, body },
    new Decoder().reportingTo((damage) => found.push(damage)),
  );
  assert.equal(stored.damage, undefined);
  const cause = new StoreError('corrupt', 'pods default/a at revision 7 cannot be read: its checksum is wrong');
  const damage = new UnreadableObject({ key, revision: 7 }, cause);
  for (const read of [() => stored.object, () => stored.json(), () => stored.jsonLength]) assert.throws(read, damage);
  assert.deepEqual([stored.damage, found], [damage, [damage]]);
});

const step = fc.record({ name: fc.nat(4), value: fc.string({ maxLength: 300 }), label: fc.nat(2), isRemoval: fc.boolean() });

async function shown(limits: Partial<DecoderLimits>, steps: readonly { name: number; value: string; label: number; isRemoval: boolean }[]) {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const store = await createStore({ table, world, limits });
  const reader = await createStore({ table, world, limits });
  const views: unknown[] = [];
  for (const { name, value, label, isRemoval } of steps) {
    const object = { ...pod(`pod-${name}`), spec: { value } };
    object.metadata = { ...object.metadata, labels: { label: String(label) } };
    const isThere = store.view().get(podKey(`pod-${name}`)) !== undefined;
    if (!isThere) await store.commit(create(object));
    else await store.commit(isRemoval ? remove(podKey(`pod-${name}`)) : update(object));
    views.push(store.view().list('pods').map(plain), (await reader.fresh()).list('pods').map(plain));
  }
  const shown = (change: Change) => ({ ...plain(change), type: change.type, previous: change.previous, text: String(jsonText(change)) });
  const changes = [...(await store.changesAfter(0, 1000)), ...(await reader.changesAfter(0, 1000))].map(shown);
  const middle = (await reader.at(Math.floor(reader.view().revision / 2))).list('pods').map(plain);
  return { views, changes, middle, revision: store.view().revision };
}

test('with room for nothing or for little, everything reads the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.nat(3000), async (steps, bytesMax) => {
      const unlimited = await shown({ parsedBytesMax: Infinity, textBytesMax: Infinity }, steps);
      assert.deepEqual(await shown(none, steps), unlimited);
      assert.deepEqual(await shown({ parsedBytesMax: bytesMax, textBytesMax: 3000 - bytesMax }, steps), unlimited);
    }),
    { numRuns: 40 },
  );
});
