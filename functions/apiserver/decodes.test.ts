import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../test/support/api-server.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createStore } from '../store/create-store.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { Decoder, type DecoderLimits } from '../store/stored-object.ts';

const path = '/api/v1/namespaces/default/configmaps';
const count = 20;

/** Twenty ConfigMaps, half of them labelled, in a store that keeps so much decoded. */
async function filled(limits?: DecoderLimits) {
  const decoder = new Decoder(limits);
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world, decoder });
  const api = await testApi({ store, world });
  const write = (name: string, half: string) =>
    api.send('POST', path, { metadata: { name, labels: { half } }, data: { text: 'x'.repeat(500) } });
  for (let index = 0; index < count; index += 1) await write(`map-${index}`, String(index % 2));
  const work = async (action: () => Promise<unknown>): Promise<{ inflated: number; parsed: number }> => {
    const before = decoder.counts;
    await action();
    const { inflated, parsed } = decoder.counts;
    return { inflated: inflated - before.inflated, parsed: parsed - before.parsed };
  };
  return { api, world, work, write };
}

const nothing: DecoderLimits = { parsedBytesMax: 0, textBytesMax: 0 };
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

test('what is not kept is inflated once for an answer, and parsed only where its fields are asked for', async () => {
  const { api, work } = await filled(nothing);
  assert.deepEqual(await work(() => api.send('GET', `${path}/map-7`)), { inflated: 1, parsed: 0 });
  assert.deepEqual(await work(() => api.send('GET', path)), { inflated: count, parsed: 0 });
  assert.deepEqual(await work(() => api.send('GET', `${path}?limit=5`)), { inflated: 5, parsed: 0 });
  // The selector parses all, the answer takes the text of half of them.
  assert.deepEqual(await work(() => api.send('GET', `${path}?labelSelector=half=1`)), { inflated: count + count / 2, parsed: count });
  assert.deepEqual(await work(() => api.send('GET', path, undefined, table)), { inflated: count, parsed: count });
});

test('what is kept is neither inflated nor parsed again', async () => {
  const { api, work } = await filled();
  const first = await work(() => api.send('GET', `${path}?labelSelector=half=1`));
  assert.equal(first.inflated, 0);
  for (const query of ['', '?limit=5', '?labelSelector=half=1']) {
    assert.deepEqual(await work(() => api.send('GET', `${path}${query}`)), { inflated: 0, parsed: 0 }, query);
  }
  assert.deepEqual(await work(() => api.send('GET', path, undefined, table)), { inflated: 0, parsed: 0 });
});

test('an event is made once, however many watch', async () => {
  const { api, world, work, write } = await filled(nothing);
  const from = (await api.send('GET', path)).body['metadata'] as { resourceVersion: string };
  const watch = async (): Promise<string> =>
    (await api.fetch(`${path}?watch=1&timeoutSeconds=5&resourceVersion=${from.resourceVersion}`)).text();
  const bodies = Promise.all(Array.from({ length: 7 }, watch));
  await world.advance(0);
  const unwatched = await filled(nothing).then((other) => other.work(() => other.write('new', '0')));
  const watched = await work(async () => {
    await write('new', '0');
    await world.advance(0);
  });
  assert.deepEqual(watched, { inflated: unwatched.inflated + 1, parsed: unwatched.parsed });
  await world.advance(5_000);
  const [first = '', ...others] = await bodies;
  assert.match(first, /^\{"type":"ADDED","object":\{.*"name":"new".*\}\}\n$/);
  for (const other of others) assert.equal(other, first);
});
