import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';

const scale = '/apis/apps/v1/namespaces/default/deployments/web/scale';
const pods = '/api/v1/namespaces/default/pods';

async function withDeployment(): Promise<{ api: TestApi; uid: string }> {
  const api = await testApi();
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const spec = { replicas: 2, selector: { matchLabels: { a: 'b' } }, template };
  const { body } = await api.send('POST', '/apis/apps/v1/namespaces/default/deployments', { metadata: { name: 'web' }, spec });
  return { api, uid: (body['metadata'] as JsonObject)['uid'] as string };
}

async function withPod(): Promise<TestApi> {
  const api = await testApi();
  await api.send('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  return api;
}

test('a Scale shows the replicas of its parent', async () => {
  const { api, uid } = await withDeployment();
  const { body } = await api.send('GET', scale);
  assert.deepEqual(body, {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'web', namespace: 'default', uid, resourceVersion: '2', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { replicas: 2 },
    status: { replicas: 0, selector: 'a=b' },
  });
});

test('a name is quoted where it is not found', async () => {
  const api = await testApi();
  const { status, body } = await api.send('GET', `${pods}/a%0Ab`);
  assert.deepEqual([status, body['message']], [404, 'pods "a\\nb" not found']);
});

test('a patched Scale scales, and counts as a new generation', async () => {
  const { api } = await withDeployment();
  const { body } = await api.send('PATCH', scale, { spec: { replicas: 4 } }, { 'content-type': 'application/merge-patch+json' });
  assert.deepEqual(body['spec'], { replicas: 4 });
  const { body: parent } = await api.send('GET', scale.replace('/scale', ''));
  assert.equal((parent['spec'] as JsonObject)['replicas'], 4);
  assert.equal((parent['metadata'] as JsonObject)['generation'], 2);
});

test('a Scale with an old resourceVersion conflicts, and one without does not', async () => {
  const { api } = await withDeployment();
  await api.send('PUT', scale, { metadata: { name: 'web' }, spec: { replicas: 5 } });
  const { status } = await api.send('PUT', scale, { metadata: { name: 'web', resourceVersion: '2' }, spec: { replicas: 6 } });
  assert.equal(status, 409);
});

test('a Scale to nothing is shown without a number', async () => {
  const { api } = await withDeployment();
  const { body } = await api.send('PUT', scale, { metadata: { name: 'web' }, spec: { replicas: 0 } });
  assert.deepEqual(body['spec'], {});
});

test('less than no replicas is invalid', async () => {
  const { api } = await withDeployment();
  const { status, body } = await api.send('PUT', scale, { metadata: { name: 'web' }, spec: { replicas: -1 } });
  assert.equal(status, 422);
  assert.equal(body['message'], 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0');
});

test('a binding puts the pod on a node', async () => {
  const api = await withPod();
  const { status, body } = await api.send('POST', `${pods}/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } });
  assert.equal(status, 201);
  assert.deepEqual(body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  const { body: pod } = await api.send('GET', `${pods}/p`);
  assert.equal((pod['spec'] as JsonObject)['nodeName'], 'n1');
});

test('an eviction deletes the pod', async () => {
  const api = await withPod();
  const { status } = await api.send('POST', `${pods}/p/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } });
  assert.equal(status, 201);
  assert.equal((await api.send('GET', `${pods}/p`)).status, 404);
});

test('a connection goes to the connector, with the pod and the caller', async () => {
  const api = await testApi({
    connector: {
      connect: async (request, { object, subresource, user }) =>
        new Response(`${subresource.name} of ${object.metadata.name} for ${user.name}: ${new URL(request.url).search}`),
    },
  });
  await api.send('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const response = await api.fetch(`${pods}/p/log?follow=true`);
  assert.equal(await response.text(), 'log of p for admin: ?follow=true');
});

test('a connection that begins with a GET takes the right to create it', async () => {
  const api = await testApi({
    authorizer: {
      authorize: async (_user, { verb, subresource }) => ({ allowed: subresource !== 'exec' || verb === 'get', reason: 'readers only' }),
    },
    connector: { connect: async () => new Response('connected') },
  });
  await api.send('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const { status, body } = await api.send('GET', `${pods}/p/exec?command=sh`);
  assert.deepEqual([status, body['message']], [403, 'pods "p" is forbidden: readers only']);
  assert.equal((await api.send('GET', `${pods}/p/log`)).status, 200);
});

test('without a connector there are no logs', async () => {
  const api = await withPod();
  const { status, body } = await api.send('GET', `${pods}/p/log`);
  assert.equal(status, 501);
  assert.equal(body['message'], 'log is not available on this server');
});

test('a computed subresource answers what was computed', async () => {
  const api = await testApi({
    computations: {
      'token-request': {
        compute: async (_body, { parent }) => ({ kind: 'TokenRequest', status: { token: `for ${parent.metadata.name}` } }),
      },
    },
  });
  await api.send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'sa' } });
  const { status, body } = await api.send('POST', '/api/v1/namespaces/default/serviceaccounts/sa/token', { spec: {} });
  assert.equal(status, 201);
  assert.deepEqual(body['status'], { token: 'for sa' });
});

test('a subresource that does not exist is not found', async () => {
  const api = await withPod();
  const { body } = await api.send('PATCH', `${pods}/p/nothing`, {});
  assert.deepEqual(body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server could not find the requested resource',
    reason: 'NotFound',
    details: {},
    code: 404,
  });
});
