import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { JsonObject, KubeObject } from '../../kube/object.ts';

const configMap = '/api/v1/namespaces/default/configmaps/a';
const deployment = '/apis/apps/v1/namespaces/default/deployments/web';

async function withConfigMap(): Promise<{ api: TestApi; current: KubeObject }> {
  const api = await testApi();
  const { body } = await api.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'a' }, data: { x: '1' } });
  return { api, current: body as JsonObject & KubeObject };
}

async function withDeployment(): Promise<{ api: TestApi; current: KubeObject & { spec: JsonObject } }> {
  const api = await testApi();
  const { body } = await api.send('POST', '/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  });
  return { api, current: body as JsonObject & KubeObject & { spec: JsonObject } };
}

test('an update with the current resourceVersion replaces the object', async () => {
  const { api, current } = await withConfigMap();
  const { status, body } = await api.send('PUT', configMap, { ...current, data: { y: '2' } });
  assert.equal(status, 200);
  const { managedFields, ...metadata } = current.metadata;
  const changed = managedFields?.map((entry) => ({ ...entry, fieldsV1: { 'f:data': { '.': {}, 'f:y': {} } } }));
  assert.deepEqual(body, { ...current, metadata: { ...metadata, managedFields: changed, resourceVersion: '3' }, data: { y: '2' } });
});

test('an update with an old resourceVersion conflicts', async () => {
  const { api, current } = await withConfigMap();
  await api.send('PUT', configMap, { ...current, data: { y: '2' } });
  const { status, body } = await api.send('PUT', configMap, { ...current, data: { z: '3' } });
  assert.equal(status, 409);
  assert.equal(
    body['message'],
    'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
  );
});

test('an update without a resourceVersion is unconditional', async () => {
  const { api } = await withConfigMap();
  const { status, body } = await api.send('PUT', configMap, { metadata: { name: 'a' }, data: { z: '3' } });
  assert.equal(status, 200);
  assert.deepEqual(body['data'], { z: '3' });
});

test('an update that changes nothing keeps the resourceVersion', async () => {
  const { api, current } = await withConfigMap();
  const { body } = await api.send('PUT', configMap, current);
  assert.equal((body['metadata'] as JsonObject)['resourceVersion'], '2');
});

test("another object's uid is a failed precondition", async () => {
  const { api, current } = await withConfigMap();
  const { status, body } = await api.send('PUT', configMap, { metadata: { name: 'a', uid: 'other' } });
  assert.equal(status, 409);
  assert.equal(
    body['message'],
    'Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, ' +
      `AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ${current.metadata.uid}`,
  );
});

test('the name in the body must be that of the URL', async () => {
  const { api } = await withConfigMap();
  const { status, body } = await api.send('PUT', configMap, { metadata: { name: 'b' } });
  assert.equal(status, 400);
  assert.equal(body['message'], 'the name of the object (b) does not match the name on the URL (a)');
});

test('what is missing cannot be updated', async () => {
  const api = await testApi();
  const { status, body } = await api.send('PUT', configMap, { metadata: { name: 'a' } });
  assert.equal(status, 404);
  assert.equal(body['message'], 'configmaps "a" not found');
});

test('some kinds are created by an update', async () => {
  const api = await testApi();
  const lease = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l';
  const { status } = await api.send('PUT', lease, { metadata: { name: 'l' }, spec: {} });
  assert.equal(status, 201);
});

test('only a change of the spec makes a new generation', async () => {
  const { api, current } = await withDeployment();
  const labelled = await api.send('PUT', deployment, { ...current, metadata: { ...current.metadata, labels: { n: '1' } } });
  assert.equal((labelled.body['metadata'] as JsonObject)['generation'], 1);
  const next = { ...labelled.body, spec: { ...current.spec, replicas: 5 } };
  const scaled = await api.send('PUT', deployment, next);
  assert.equal((scaled.body['metadata'] as JsonObject)['generation'], 2);
});

test('the main endpoint leaves the status alone, and the status endpoint the spec', async () => {
  const { api, current } = await withDeployment();
  const changed = { ...current, spec: { ...current.spec, replicas: 7 }, status: { replicas: 3 } };
  const viaStatus = await api.send('PUT', `${deployment}/status`, changed);
  assert.equal((viaStatus.body['spec'] as JsonObject)['replicas'], 1);
  assert.deepEqual(viaStatus.body['status'], { replicas: 3 });
  assert.equal((viaStatus.body['metadata'] as JsonObject)['generation'], 1);
  const metadata = viaStatus.body['metadata'] as JsonObject;
  const viaMain = await api.send('PUT', deployment, { ...changed, metadata, status: { replicas: 9 } });
  assert.equal((viaMain.body['spec'] as JsonObject)['replicas'], 7);
  assert.deepEqual(viaMain.body['status'], { replicas: 3 });
});

test('a terminating object gets no new finalizers', async () => {
  const { api, current } = await withConfigMap();
  const held = await api.send('PUT', configMap, { ...current, metadata: { ...current.metadata, finalizers: ['a.example/x'] } });
  assert.equal(held.status, 200);
  await api.send('DELETE', configMap);
  const { status, body } = await api.send('PUT', configMap, { metadata: { name: 'a', finalizers: ['a.example/x', 'a.example/y'] } });
  assert.equal(status, 422);
  assert.equal(
    body['message'],
    'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.example/y"}',
  );
});

test('the update that takes the last finalizer deletes the object', async () => {
  const { api, current } = await withConfigMap();
  await api.send('PUT', configMap, { ...current, metadata: { ...current.metadata, finalizers: ['a.example/x'] } });
  await api.send('DELETE', configMap);
  assert.equal((await api.send('GET', configMap)).status, 200);
  assert.equal((await api.send('PUT', configMap, { metadata: { name: 'a' } })).status, 200);
  assert.equal((await api.send('GET', configMap)).status, 404);
});

test('a dry run shows the update and keeps the object', async () => {
  const { api, current } = await withConfigMap();
  const { body } = await api.send('PUT', `${configMap}?dryRun=All`, { ...current, data: { y: '2' } });
  assert.deepEqual(body['data'], { y: '2' });
  assert.deepEqual((await api.send('GET', configMap)).body, current);
});
