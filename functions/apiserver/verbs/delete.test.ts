import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';

const metadataOf = (body: JsonObject): JsonObject => body['metadata'] as JsonObject;

async function withConfigMap(metadata: object = {}): Promise<{ api: TestApi; uid: string }> {
  const api = await testApi();
  const { body } = await api.send('POST', configMaps, { metadata: { name: 'a', ...metadata } });
  return { api, uid: metadataOf(body)['uid'] as string };
}

async function withPod(nodeName?: string): Promise<TestApi> {
  const api = await testApi();
  await api.send('POST', pods, { metadata: { name: 'p' }, spec: { nodeName, containers: [{ name: 'c', image: 'i' }] } });
  return api;
}

test('a deletion answers with a Status that names the uid', async () => {
  const { api, uid } = await withConfigMap();
  const { status, body } = await api.send('DELETE', `${configMaps}/a`);
  assert.equal(status, 200);
  assert.deepEqual(body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', kind: 'configmaps', uid },
  });
  assert.equal((await api.send('GET', `${configMaps}/a`)).status, 404);
});

test("a precondition on another's uid conflicts", async () => {
  const { api, uid } = await withConfigMap();
  const { status, body } = await api.send('DELETE', `${configMaps}/a`, { preconditions: { uid: 'other' } });
  assert.equal(status, 409);
  assert.equal(
    body['message'],
    `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
  );
});

const ownPreconditions: [kind: string, path: string, object: object, message: (uid: unknown) => string][] = [
  [
    'a namespace',
    '/api/v1/namespaces',
    { metadata: { name: 'n' } },
    (uid) =>
      `Operation cannot be fulfilled on namespaces "n": Precondition failed: UID in precondition: other, UID in object meta: ${String(uid)}`,
  ],
  [
    'a custom kind',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    {
      metadata: { name: 'ws.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'ws', kind: 'W' },
        scope: 'Cluster',
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    },
    (uid) =>
      `Operation cannot be fulfilled on customresourcedefinitions.apiextensions.k8s.io "ws.example.com": precondition failed: UID in precondition: other, UID in object meta: ${String(uid)}`,
  ],
];
for (const [kind, path, object, message] of ownPreconditions) {
  test(`${kind} names its resource where a precondition fails`, async () => {
    const api = await testApi();
    const { body } = await api.send('POST', path, object);
    const { name, uid } = metadataOf(body);
    const refused = await api.send('DELETE', `${path}/${name as string}`, { preconditions: { uid: 'other' } });
    assert.deepEqual([refused.status, refused.body['message']], [409, message(uid)]);
  });
}

test('an object with finalizers stays, marked', async () => {
  const { api } = await withConfigMap({ finalizers: ['a.example/x'] });
  const { status, body } = await api.send('DELETE', `${configMaps}/a`);
  assert.equal(status, 200);
  assert.equal(body['kind'], 'ConfigMap');
  assert.equal(metadataOf(body)['deletionTimestamp'], '2026-01-01T00:00:00Z');
  assert.equal(metadataOf(body)['deletionGracePeriodSeconds'], 0);
});

test('deleting a second time changes nothing', async () => {
  const { api } = await withConfigMap({ finalizers: ['a.example/x'] });
  const first = await api.send('DELETE', `${configMaps}/a`);
  const second = await api.send('DELETE', `${configMaps}/a`);
  assert.deepEqual(second.body, first.body);
});

test('the policy becomes a finalizer for the garbage collector', async () => {
  for (const [propagationPolicy, finalizer] of [
    ['Orphan', 'orphan'],
    ['Foreground', 'foregroundDeletion'],
  ]) {
    const { api } = await withConfigMap();
    const { body } = await api.send('DELETE', `${configMaps}/a`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy });
    assert.deepEqual(metadataOf(body)['finalizers'], [finalizer]);
  }
});

test('options may come in the query', async () => {
  const { api } = await withConfigMap();
  const { body } = await api.send('DELETE', `${configMaps}/a?propagationPolicy=Foreground`);
  assert.deepEqual(metadataOf(body)['finalizers'], ['foregroundDeletion']);
});

test('a policy that does not exist is refused', async () => {
  const { api } = await withConfigMap();
  const { status, body } = await api.send('DELETE', `${configMaps}/a?propagationPolicy=Never`);
  assert.equal(status, 422);
  assert.equal(
    body['message'],
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Never": supported values: "Foreground", "Background", "Orphan", "nil"',
  );
});

test('a pod on a node is given its grace period', async () => {
  const api = await withPod('n1');
  const { status, body } = await api.send('DELETE', `${pods}/p`);
  assert.equal(status, 200);
  assert.equal(metadataOf(body)['deletionGracePeriodSeconds'], 30);
  assert.equal(metadataOf(body)['deletionTimestamp'], '2026-01-01T00:00:30Z');
  assert.equal(metadataOf(body)['generation'], 2);
});

test('a later deletion may shorten the grace period, not lengthen it', async () => {
  const api = await withPod('n1');
  await api.send('DELETE', `${pods}/p`);
  const shorter = await api.send('DELETE', `${pods}/p`, { gracePeriodSeconds: 5 });
  assert.equal(metadataOf(shorter.body)['deletionTimestamp'], '2026-01-01T00:00:05Z');
  const longer = await api.send('DELETE', `${pods}/p`, { gracePeriodSeconds: 60 });
  assert.equal(metadataOf(longer.body)['deletionGracePeriodSeconds'], 5);
});

test('a grace period of nothing removes the pod', async () => {
  const api = await withPod('n1');
  await api.send('DELETE', `${pods}/p`);
  const { body } = await api.send('DELETE', `${pods}/p`, { gracePeriodSeconds: 0 });
  assert.equal(body['kind'], 'Pod');
  assert.equal((await api.send('GET', `${pods}/p`)).status, 404);
});

test('a pod that no node runs goes at once', async () => {
  const api = await withPod();
  await api.send('DELETE', `${pods}/p`);
  assert.equal((await api.send('GET', `${pods}/p`)).status, 404);
});

test('a namespace stays until its finalizer is gone', async () => {
  const api = await testApi();
  await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'n' } });
  const { body } = await api.send('DELETE', '/api/v1/namespaces/n');
  assert.deepEqual(body['status'], { phase: 'Terminating' });
  const { status } = await api.send('PUT', '/api/v1/namespaces/n/finalize', { metadata: { name: 'n' }, spec: { finalizers: [] } });
  assert.equal(status, 200);
  assert.equal((await api.send('GET', '/api/v1/namespaces/n')).status, 404);
});

test('what the cluster cannot do without may not be deleted', async () => {
  const api = await testApi();
  const { status, body } = await api.send('DELETE', '/api/v1/namespaces/default');
  assert.equal(status, 403);
  assert.equal(body['message'], 'namespaces "default" is forbidden: this namespace may not be deleted');
});

test('a dry run deletes nothing', async () => {
  const { api } = await withConfigMap();
  assert.equal((await api.send('DELETE', `${configMaps}/a?dryRun=All`)).status, 200);
  assert.equal((await api.send('GET', `${configMaps}/a`)).status, 200);
});

test('a collection is deleted as far as the selector goes', async () => {
  const api = await testApi();
  for (let index = 0; index < 40; index += 1) {
    await api.send('POST', configMaps, { metadata: { name: `c-${index}`, labels: { even: String(index % 2 === 0) } } });
  }
  const { status, body } = await api.send('DELETE', `${configMaps}?labelSelector=even%3Dtrue`);
  assert.equal(status, 200);
  assert.equal((body['items'] as JsonObject[]).length, 20);
  assert.equal(((await api.send('GET', configMaps)).body['items'] as JsonObject[]).length, 20);
});

test('namespaces are not deleted by the collection', async () => {
  const api = await testApi();
  const { status, body } = await api.send('DELETE', '/api/v1/namespaces');
  assert.equal(status, 405);
  assert.equal(body['message'], 'the server does not allow this method on the requested resource');
});
