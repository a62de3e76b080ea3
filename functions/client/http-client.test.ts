import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestApi, testApi } from '../../test/support/api-server.ts';
import { configMaps, deployments, pods } from '../kube/resource-type.ts';
import { isNotFound } from '../kube/status-error.ts';
import type { Client } from './client.ts';
import { createHttpClient } from './http-client.ts';

async function clientOfApi(): Promise<{ api: TestApi; client: Client }> {
  const api = await testApi();
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    return api.fetch(pathname + search, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      duplex: 'half',
    } as RequestInit);
  };
  return { api, client: createHttpClient({ fetch }) };
}

const at = { namespace: 'default', name: 'a' };

test('what was created can be read, changed, listed and deleted', async () => {
  const { client } = await clientOfApi();
  const created = await client.create(configMaps, { metadata: { ...at }, data: { x: '1' } });
  assert.equal(created.kind, 'ConfigMap');
  assert.deepEqual(await client.get(configMaps, at), created);
  const updated = await client.update(configMaps, { ...created, data: { x: '2' } });
  assert.deepEqual(updated.data, { x: '2' });
  const patched = await client.patch(configMaps, at, { data: { y: '3' } });
  assert.deepEqual(patched.data, { x: '2', y: '3' });
  assert.deepEqual((await client.list(configMaps, { namespace: 'default' })).items, [patched]);
  await client.delete(configMaps, at, { preconditions: { uid: created.metadata.uid ?? '' } });
  await assert.rejects(client.get(configMaps, at), isNotFound);
});

test('an error of the server keeps its message', async () => {
  const { client } = await clientOfApi();
  await assert.rejects(client.get(configMaps, at), { name: 'StatusError', code: 404, message: 'configmaps "a" not found' });
});

test('an answer that is no Status is an error too', async () => {
  const client = createHttpClient({ fetch: async () => new Response('bad gateway', { status: 502 }) });
  await assert.rejects(client.get(configMaps, at), { name: 'StatusError', code: 502, reason: 'InternalError', message: 'bad gateway' });
});

test('a collection is deleted by selector', async () => {
  const { client } = await clientOfApi();
  await client.create(configMaps, { metadata: { name: 'a', namespace: 'default', labels: { x: '1' } } });
  await client.create(configMaps, { metadata: { name: 'b', namespace: 'default' } });
  await client.deleteCollection(configMaps, { namespace: 'default', labelSelector: 'x=1' });
  assert.deepEqual(
    (await client.list(configMaps)).items.map(({ metadata }) => metadata.name),
    ['b'],
  );
});

test('subresources are written at their own paths', async () => {
  const { client } = await clientOfApi();
  await client.create(pods, { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  await client.createSubresource(pods, { namespace: 'default', name: 'p' }, 'binding', {
    metadata: { name: 'p' },
    target: { kind: 'Node', name: 'n' },
  });
  const pod = await client.get(pods, { namespace: 'default', name: 'p' });
  assert.equal(pod.spec?.nodeName, 'n');
  const running = await client.update(pods, { ...pod, status: { ...pod.status, phase: 'Running' } }, 'status');
  assert.equal(running.status?.phase, 'Running');
});

test('a watch yields events until it is left', async () => {
  const { client } = await clientOfApi();
  await client.create(configMaps, { metadata: { ...at } });
  const seen: string[] = [];
  for await (const { type, object } of client.watch(configMaps, { resourceVersion: '1' })) {
    seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === 2) break;
    await client.delete(configMaps, at);
  }
  assert.deepEqual(seen, ['ADDED a', 'DELETED a']);
});

test('a watch ends when its signal is aborted', async () => {
  const { client, api } = await clientOfApi();
  const stop = new AbortController();
  const watching = (async () => {
    for await (const event of client.watch(deployments, { signal: stop.signal })) assert.fail(event.type);
  })();
  await api.world.settle();
  stop.abort();
  await watching;
});
