import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../test/support/api-server.ts';
import { builtIn } from '../kube/schema.ts';
import type { RequestInfo, User, VirtualResource } from './ports.ts';

const jane: User = { name: 'jane', groups: ['dev'] };

test('a caller without credentials is authorized as system:anonymous, except for health and version', async () => {
  const authorizer = {
    authorize: async ({ name, groups }: User) => ({ allowed: name !== 'system:anonymous', reason: groups.join() }),
  };
  const api = await testApi({ authorizer }, {});
  for (const path of ['/healthz', '/livez', '/readyz', '/version']) {
    assert.equal((await api.fetch(path)).status, 200, path);
  }
  for (const path of [
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/api/v1/pods',
    '/api/v1/namespaces/default/secrets/x',
    '/openapi/v3',
    '/metrics',
    '/readyz/ping',
    '/nothing',
  ]) {
    const { status, body } = await api.send('GET', path);
    assert.equal(status, 403, path);
    assert.match(body['message'] as string, /User "system:anonymous" cannot .*: system:unauthenticated$/, path);
  }
});

test('the authorizer hears what is asked for, and its no is explained', async () => {
  const asked: RequestInfo[] = [];
  const authorizer = {
    authorize: async (_user: User, info: RequestInfo) => {
      asked.push(info);
      return { allowed: false, reason: '' };
    },
  };
  const api = await testApi({ authorizer }, { user: jane });
  asked.length = 0;
  const { status, body } = await api.send('GET', '/api/v1/namespaces/default/pods');
  assert.equal(status, 403);
  assert.equal(body['message'], 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"');
  assert.deepEqual(body['details'], { kind: 'pods' });
  assert.deepEqual(
    asked.map(({ verb, resource, namespace }) => ({ verb, resource, namespace })),
    [{ verb: 'list', resource: 'pods', namespace: 'default' }],
  );
});

test('a body of more than 3 MiB is refused', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', '/api/v1/namespaces/default/configmaps', 'x'.repeat(3 * 1024 * 1024 + 1));
  assert.equal(status, 413);
  assert.equal(body['message'], 'Request entity too large: limit is 3145728');
});

test('a resource that is not served is not found, as by a router', async () => {
  const api = await testApi();
  const response = await api.fetch('/apis/nothing.example/v1/things');
  assert.equal(response.status, 404);
  assert.equal(await response.text(), '404 page not found\n');
});

test('a cluster-scoped resource has no place in a namespace', async () => {
  const api = await testApi();
  assert.equal((await api.fetch('/api/v1/namespaces/default/nodes')).status, 404);
});

test('objects of a namespace are not created outside of one', async () => {
  const api = await testApi();
  assert.equal((await api.send('POST', '/api/v1/configmaps', { metadata: { name: 'a' } })).status, 405);
});

test('every answer can be found in the log', async () => {
  const api = await testApi();
  const response = await api.fetch('/version');
  assert.match(response.headers.get('audit-id') ?? '', /^[0-9a-f-]{36}$/);
});

test('a failure of our own goes to the log with its cause, and to the client without it', async () => {
  const api = await testApi({ authorizer: { authorize: async () => Promise.reject(new TypeError('table hibernetes-7 is gone')) } });
  const { status, body } = await api.send('GET', '/api/v1/pods');
  assert.equal(status, 500);
  assert.equal(body['message'], 'Internal error occurred: the request could not be served');
  const error = api.world.lines.at(-1)?.keys['error'];
  assert.equal(error instanceof TypeError && error.message, 'table hibernetes-7 is gone');
});

test('a request that takes too long times out', async () => {
  const authorize = (user: User): Promise<{ allowed: boolean; reason: string }> =>
    user === jane ? new Promise(() => undefined) : Promise.resolve({ allowed: true, reason: '' });
  const api = await testApi({ authorizer: { authorize } }, { user: jane });
  const answer = api.send('GET', '/api/v1/pods');
  await api.world.advance(61_000);
  const { status, body } = await answer;
  assert.equal(status, 504);
  assert.equal(body['reason'], 'Timeout');
});

test('a path that is badly escaped is a bad request', async () => {
  const api = await testApi();
  assert.equal((await api.send('GET', '/api/v1/namespaces/%zz/pods')).status, 400);
});

const review: VirtualResource = {
  type: { group: 'authentication.k8s.io', version: 'v1', resource: 'selfsubjectreviews', kind: 'SelfSubjectReview', namespaced: false },
  schema: builtIn('io.k8s.api.authentication.v1.SelfSubjectReview'),
  singular: 'selfsubjectreview',
  verbs: ['create'],
  create: async (object, { user }) => ({ ...object, status: { userInfo: { username: user.name } } }),
};

test('a kind that is never stored answers with what it computed', async () => {
  const api = await testApi({ virtualResources: [review] });
  const { status, body } = await api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  assert.equal(status, 201);
  assert.deepEqual(body['status'], { userInfo: { username: 'admin' } });
  assert.equal((await api.send('GET', '/apis/authentication.k8s.io/v1/selfsubjectreviews')).status, 405);
});

test('an extension serves what is below its prefix', async () => {
  const api = await testApi({
    extensions: [
      { prefix: '/apis/agent.example/', fetch: async ({ info, user }) => Response.json({ info: info.subresource, user: user.name }) },
    ],
  });
  const { body } = await api.send('POST', '/apis/agent.example/v1/nodes/n1/poll', {});
  assert.deepEqual(body, { info: 'poll', user: 'admin' });
});
