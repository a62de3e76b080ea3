import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';
import { groupResource, configMaps } from '../../kube/resource-type.ts';

const configMap = '/api/v1/namespaces/default/configmaps/a';
const merge = { 'content-type': 'application/merge-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
const json = { 'content-type': 'application/json-patch+json' };

async function withConfigMap(): Promise<TestApi> {
  const api = await testApi();
  await api.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'a' }, data: { x: '1', y: '2' } });
  return api;
}

test('a merge patch sets and removes fields', async () => {
  const api = await withConfigMap();
  const { status, body } = await api.send('PATCH', configMap, { data: { x: null, z: '3' } }, merge);
  assert.equal(status, 200);
  assert.deepEqual(body['data'], { y: '2', z: '3' });
});

test('a patch that takes the version away leaves no field that is known, and no name', async () => {
  const api = await withConfigMap();
  for (const [patch, type] of [
    [{ apiVersion: null }, merge],
    [[{ op: 'remove', path: '/apiVersion' }], json],
  ] as const) {
    const { status, body, headers } = await api.send('PATCH', configMap, patch, type);
    assert.equal(status, 400);
    assert.equal(body['message'], 'the name of the object (a based on URL) was undeterminable: name must be provided');
    assert.equal(headers.get('warning'), String.raw`299 - "unknown field \"data\"", 299 - "unknown field \"metadata\""`);
  }
});

test('a JSON patch runs its operations in order', async () => {
  const api = await withConfigMap();
  const operations = [
    { op: 'test', path: '/data/x', value: '1' },
    { op: 'move', from: '/data/x', path: '/data/z' },
  ];
  const { body } = await api.send('PATCH', configMap, operations, json);
  assert.deepEqual(body['data'], { y: '2', z: '1' });
});

test('a strategic patch merges containers by name', async () => {
  const api = await testApi();
  const containers = [
    { name: 'a', image: 'a:1' },
    { name: 'b', image: 'b:1' },
  ];
  await api.send('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'p' }, spec: { containers } });
  const { status, body } = await api.send(
    'PATCH',
    '/api/v1/namespaces/default/pods/p',
    { spec: { containers: [{ name: 'b', image: 'b:2' }] } },
    strategic,
  );
  assert.equal(status, 200);
  const images = ((body['spec'] as JsonObject)['containers'] as JsonObject[]).map(({ image }) => image);
  assert.deepEqual(images, ['a:1', 'b:2']);
});

test('a patch that changes nothing keeps the resourceVersion', async () => {
  const api = await withConfigMap();
  const { body } = await api.send('PATCH', configMap, { data: { x: '1' } }, merge);
  assert.equal((body['metadata'] as JsonObject)['resourceVersion'], '2');
});

test('a hundred patches of one object at once all take effect', async () => {
  const api = await withConfigMap();
  const patches = Array.from({ length: 100 }, (_, index) => api.send('PATCH', configMap, { data: { [`key-${index}`]: 'v' } }, merge));
  for (const { status } of await Promise.all(patches)) assert.equal(status, 200);
  const { body } = await api.send('GET', configMap);
  assert.equal(Object.keys(body['data'] as JsonObject).length, 102);
});

test('a patch with an old resourceVersion conflicts', async () => {
  const api = await withConfigMap();
  await api.send('PATCH', configMap, { data: { x: '2' } }, merge);
  const { status, body } = await api.send('PATCH', configMap, { metadata: { resourceVersion: '2' }, data: { x: '3' } }, merge);
  assert.equal(status, 409);
  assert.equal(body['reason'], 'Conflict');
});

test('a patch type that is not known is refused', async () => {
  const api = await withConfigMap();
  const { status, body } = await api.send('PATCH', configMap, {}, { 'content-type': 'application/apply-patch+cbor' });
  assert.equal(status, 415);
  assert.equal(body['message'], '415: Unsupported Media Type');
});

test('a patch may not rename', async () => {
  const api = await withConfigMap();
  const { status, body } = await api.send('PATCH', configMap, { metadata: { name: 'b' } }, merge);
  assert.equal(status, 400);
  assert.equal(body['message'], 'the name of the object (b) does not match the name on the URL (a)');
});

test('strict validation refuses a patch with unknown fields', async () => {
  const api = await withConfigMap();
  const { status, body } = await api.send('PATCH', `${configMap}?fieldValidation=Strict`, { spec: {} }, merge);
  assert.equal(status, 422);
  assert.match(body['message'] as string, /^ "" is invalid: patch: Invalid value: .*: strict decoding error: unknown field "spec"$/);
});

test('a refused patch is shown without the kind that it took away', async () => {
  const api = await withConfigMap();
  const { body } = await api.send('PATCH', configMap, { kind: null, data: [] }, merge);
  assert.match(
    body['message'] as string,
    /^ "" is invalid: patch: Invalid value: "\{\\"apiVersion\\":\\"v1\\",\\"data\\":\[\],\\"metadata/,
  );
});

test('a dry run shows the selfLink that was sent, and nothing stores one', async () => {
  const api = await withConfigMap();
  const selfLinkAfter = async (query: string): Promise<unknown> => {
    const { body } = await api.send('PATCH', `${configMap}${query}`, { metadata: { selfLink: '/x' } }, merge);
    return (body['metadata'] as JsonObject)['selfLink'];
  };
  assert.deepEqual([await selfLinkAfter('?dryRun=All'), await selfLinkAfter('')], ['/x', undefined]);
});

test('a refused strategic patch is shown as Go prints it', async () => {
  const api = await withConfigMap();
  const change = { spec: { names: ['a', 'b'], none: null }, data: { x: '3' } };
  const { body } = await api.send('PATCH', `${configMap}?fieldValidation=Strict`, change, strategic);
  assert.equal(
    body['message'],
    ' "" is invalid: patch: Invalid value: "map[data:map[x:3] spec:map[names:[a b] none:<nil>]]": strict decoding error: unknown field "spec"',
  );
});

test('admission sees the patched object, and what it changes is stored', async () => {
  const seen: unknown[] = [];
  const api = await testApi({
    admission: [
      {
        name: 'Stamp',
        handles: ({ operation, type }) => operation === 'UPDATE' && groupResource(type) === groupResource(configMaps),
        admit: async (attributes) => {
          seen.push((attributes.oldObject as unknown as JsonObject)['data'], (attributes.object as unknown as JsonObject)['data']);
          if (attributes.object !== undefined) attributes.object.metadata.labels = { stamped: 'yes' };
        },
      },
    ],
  });
  await api.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'a' }, data: { x: '1' } });
  const { body } = await api.send('PATCH', configMap, { data: { x: '2' } }, merge);
  assert.deepEqual(seen, [{ x: '1' }, { x: '2' }]);
  assert.deepEqual((body['metadata'] as JsonObject)['labels'], { stamped: 'yes' });
});

test('patches do not conflict though admission takes its time', async () => {
  const api = await testApi({ admission: [{ name: 'Slow', handles: () => true, validate: async () => Promise.resolve() }] });
  await api.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'a' } });
  const patches = Array.from({ length: 10 }, (_, index) => api.send('PATCH', configMap, { data: { [`key-${index}`]: 'v' } }, merge));
  for (const { status } of await Promise.all(patches)) assert.equal(status, 200);
  assert.equal(Object.keys((await api.send('GET', configMap)).body['data'] as JsonObject).length, 10);
});
