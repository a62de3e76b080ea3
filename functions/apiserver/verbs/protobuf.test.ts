import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestApi, testApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';
import { decodeProtobuf, decodeProtobufEvent } from '../../kube/protobuf.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const metadataOnly = (kind: string): string => `${protobuf};as=${kind};v=v1;g=meta.k8s.io`;
const configMaps = '/api/v1/namespaces/default/configmaps';

async function apiWithMap(): Promise<TestApi> {
  const api = await testApi();
  await api.send('POST', configMaps, { metadata: { name: 'a', labels: { x: 'y' } }, data: { k: 'v' } });
  return api;
}

async function read(api: TestApi, path: string, accept = protobuf): Promise<{ status: number; type: string | null; object: JsonObject }> {
  const response = await api.fetch(path, { headers: { accept } });
  const { object } = decodeProtobuf(new Uint8Array(await response.arrayBuffer()));
  return { status: response.status, type: response.headers.get('content-type'), object };
}

test('an object and a list are the same in protobuf as in JSON', async () => {
  const api = await apiWithMap();
  const { type, object } = await read(api, `${configMaps}/a`);
  assert.equal(type, protobuf);
  assert.deepEqual(object, (await api.send('GET', `${configMaps}/a`)).body);
  assert.deepEqual((await read(api, configMaps)).object, (await api.send('GET', configMaps)).body);
});

test('metadata alone comes in protobuf', async () => {
  const api = await apiWithMap();
  const one = await read(api, `${configMaps}/a`, metadataOnly('PartialObjectMetadata'));
  assert.equal(one.object['kind'], 'PartialObjectMetadata');
  const list = await read(api, configMaps, metadataOnly('PartialObjectMetadataList'));
  assert.equal((list.object['items'] as JsonObject[])[0]?.['data'], undefined);
});

test('errors, reviews and discovery come in protobuf', async () => {
  const api = await apiWithMap();
  const missing = await read(api, `${configMaps}/none`);
  assert.deepEqual([missing.status, missing.object['message']], [404, 'configmaps "none" not found']);
  const discovery = await read(api, '/apis/apps/v1');
  assert.deepEqual(discovery.object, { apiVersion: 'v1', ...(await api.send('GET', '/apis/apps/v1')).body });
});

test('a watch sends its events in protobuf', async () => {
  const api = await apiWithMap();
  const response = await api.fetch(`${configMaps}?watch=1`, { headers: { accept: `${protobuf};stream=watch` } });
  assert.equal(response.headers.get('content-type'), `${protobuf};stream=watch`);
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  const event = decodeProtobufEvent(value!.subarray(4));
  await reader.cancel();
  assert.deepEqual(event, { type: 'ADDED', object: (await api.send('GET', `${configMaps}/a`)).body });
});
