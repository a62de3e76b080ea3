import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { test } from 'node:test';
import { testApi, admin } from '../../../test/support/api-server.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { Shown } from '../../store/json-text.ts';
import { listBody, tooLargeAnswer } from './list-body.ts';

const mebi = 1024 * 1024;
const json = '{"kind":"ConfigMapList","metadata":{"resourceVersion":"7"}}';
const head = { json, hasTypedItems: true };
const maps = (count: number, length: number, letter = 'x'): readonly Shown[] =>
  Array.from({ length: count }, (_, index) => ({
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `m-${index}` }, data: { text: letter.repeat(length) } } as KubeObject,
  }));
const whole = (list: readonly Shown[]): object => ({ ...(JSON.parse(json) as object), items: list.map(({ object }) => object) });
const text = (body: Uint8Array | ReadableStream<Uint8Array>): Promise<string> => new Response(body).text();

test('a short list is one piece, an empty one too', async () => {
  for (const objects of [[], maps(1, 10), maps(700, 1000)]) {
    const body = listBody(head, objects, Infinity);
    assert.ok(body instanceof Uint8Array);
    assert.deepEqual(JSON.parse(await text(body)), whole(objects));
  }
});

test('a long one is written as it is read, and is the same list', async () => {
  const objects = maps(20, mebi / 2, 'ä');
  const body = listBody(head, objects, Infinity);
  assert.ok(body instanceof ReadableStream);
  assert.deepEqual(JSON.parse(await text(body)), whole(objects));
});

test('what the host would cut off is refused before it begins, to the byte', async () => {
  for (const objects of [maps(2, 100, 'ä'), maps(20, mebi / 2, 'ä')]) {
    const bytes = Buffer.byteLength(await text(listBody(head, objects, Infinity)));
    assert.equal(Buffer.byteLength(await text(listBody(head, objects, bytes))), bytes);
    assert.throws(() => listBody(head, objects, bytes - 1), tooLargeAnswer(bytes - 1));
  }
});

test('items leave out their type, wherever it stands', async () => {
  const [metadata, data] = [{ name: 'm' }, { kind: '"apiVersion":"x"' }];
  const objects = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data },
    { kind: 'ConfigMap', apiVersion: 'v1', metadata },
    { metadata, kind: 'ConfigMap', data, apiVersion: 'v1' },
    { metadata },
  ];
  const list = objects.map((object) => ({ object: object as KubeObject }));
  const { items } = JSON.parse(await text(listBody({ json, hasTypedItems: false }, list, Infinity))) as { items: object[] };
  assert.deepEqual(items, [{ metadata, data }, { metadata }, { metadata, data }, { metadata }]);
});

const configMaps = '/api/v1/namespaces/default/configmaps';

async function fullApi(answerBytesMax: number) {
  const api = await testApi({}, { user: admin, answerBytesMax });
  for (const name of ['a', 'b', 'c']) await api.send('POST', configMaps, { metadata: { name }, data: { text: 'x'.repeat(1000) } });
  return api;
}

test('a refused client gets advice how to ask, in every form', async () => {
  const api = await fullApi(3000);
  const message =
    'Request entity too large: the answer would have more than the 3000 bytes that this host can send; ask for it in pages, with limit and continue';
  for (const accept of ['application/json', 'application/yaml', 'application/json;as=Table;v=v1;g=meta.k8s.io']) {
    const { status, body } = await api.send('GET', `${configMaps}?includeObject=Object`, undefined, { accept });
    const shown = accept === 'application/yaml' ? (parse(body['message'] as string) as typeof body) : body;
    assert.deepEqual([status, shown['reason'], shown['message']], [413, 'RequestEntityTooLarge', message], accept);
  }
});

test('a page is cut short where its objects are large, however many were asked for', async () => {
  const api = await fullApi(6000);
  const names: unknown[] = [];
  let from = '';
  let pages = 0;
  do {
    const { status, body } = await api.send('GET', `${configMaps}?limit=500&continue=${encodeURIComponent(from)}`);
    assert.equal(status, 200);
    const { items, metadata } = body as unknown as { items: KubeObject[]; metadata: { continue?: string; remainingItemCount?: number } };
    names.push(...items.map((item) => item.metadata.name));
    assert.equal(metadata.remainingItemCount ?? 0, 3 - names.length);
    from = metadata.continue ?? '';
    pages += 1;
  } while (from !== '');
  assert.deepEqual([names, pages], [['a', 'b', 'c'], 2]);
});

test('a page has one object at least', async () => {
  const api = await fullApi(2000);
  const { status, body } = await api.send('GET', `${configMaps}?limit=500`);
  assert.deepEqual([status, (body['items'] as unknown[]).length], [200, 1]);
});

test('a watch that would begin with too much is refused, so that the client lists in pages', async () => {
  const api = await fullApi(3000);
  const { status, body } = await api.send('GET', `${configMaps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`);
  assert.deepEqual([status, body['reason']], [413, 'RequestEntityTooLarge']);
});

test('a watch ends before it has sent too much, and the next one goes on from there', async () => {
  const api = await fullApi(4000);
  const names: string[] = [];
  let from = '1';
  for (let watches = 1; names.length < 3; watches += 1) {
    assert.ok(watches <= 2);
    const response = await api.fetch(`${configMaps}?watch=1&allowWatchBookmarks=true&timeoutSeconds=5&resourceVersion=${from}`);
    const body = response.text();
    if (watches === 2) await api.world.advance(5_000);
    const events = (await body).trim().split('\n');
    for (const { type, object } of events.map((line) => JSON.parse(line) as { type: string; object: KubeObject })) {
      if (type === 'ADDED') names.push(String(object.metadata.name));
      from = String(object.metadata.resourceVersion);
    }
  }
  assert.deepEqual(names, ['a', 'b', 'c']);
});
