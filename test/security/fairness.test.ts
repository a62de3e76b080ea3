/** One user's flood delays and refuses no other user: through the API, with the objects that a cluster has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../functions/apiserver/ports.ts';
import { longRunningMax } from '../../functions/apiserver/flow-control/long-running.ts';
import { flowSchemas, priorityLevels } from '../../functions/resources/bootstrap/flow-control.ts';
import { clusterRoleBindings, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { eventually } from '../support/eventually.ts';
import { rbacCluster } from '../support/rbac-cluster.ts';
import { type TestAnswer, type TestApi, testApi } from '../support/api-server.ts';

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
const eve: Connection = { user: { name: 'eve', groups: ['system:authenticated'] } };

/** An API as one user sees it, with the flow control objects of a cluster. */
async function apiFor(connection: Connection, held: Promise<void> = Promise.resolve(), seats = 60): Promise<TestApi & { admin: TestApi }> {
  const authorizer = {
    async authorize({ name }: { name: string }) {
      if (name === 'eve') await held;
      return { allowed: true, reason: '' };
    },
  };
  const root = await testApi({ authorizer, seats });
  for (const level of priorityLevels) await root.send('POST', `${group}/prioritylevelconfigurations`, level);
  for (const schema of flowSchemas) await root.send('POST', `${group}/flowschemas`, schema);
  return { ...root.as(connection), admin: root };
}

const uidOf = (answer: TestAnswer): unknown => (answer.body['metadata'] as { uid: string }).uid;

test('every answer names the flow schema and the level that it was let in by, also a refusal', async () => {
  const api = await apiFor(eve);
  const [schema, level] = [
    await api.admin.send('GET', `${group}/flowschemas/global-default`),
    await api.admin.send('GET', `${group}/prioritylevelconfigurations/global-default`),
  ];
  for (const path of ['/api/v1/namespaces/default', '/api/v1/namespaces/absent', '/apis']) {
    const { headers } = await api.send('GET', path);
    const named = ['flowschema', 'prioritylevel'].map((kind) => headers.get(`x-kubernetes-pf-${kind}-uid`));
    assert.deepEqual(named, [uidOf(schema), uidOf(level)], path);
  }
});

const configMaps = '/api/v1/namespaces/default/configmaps';
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const floods: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', '/api/v1/namespaces/default'],
  ['GET', configMaps],
  ['GET', '/apis'],
  ['GET', '/no/such/path'],
  ['POST', configMaps, { metadata: { generateName: 'a-' } }],
  ['POST', `${configMaps}?dryRun=All`, { metadata: { name: 'a' } }],
  ['PUT', `${configMaps}/a`, { metadata: { name: 'a' } }],
  ['DELETE', `${configMaps}/a`],
  ['DELETE', configMaps],
];
for (const [method, path, body] of floods) {
  test(`a flood is turned away with 429 and a time to come again, while others are served: ${method} ${path}`, async () => {
    const gate = Promise.withResolvers<void>();
    const api = await apiFor(eve, gate.promise);
    const flood = Array.from({ length: 500 }, () => api.send(method, path, body));
    const settled = Promise.race(flood);
    await api.world.settle();
    const still = Symbol('waits');
    const turnedAway = await Promise.race([settled, api.world.settle().then(() => still)]);
    assert.notEqual(turnedAway, still, 'all of them wait');
    const { status, headers } = turnedAway as TestAnswer;
    assert.deepEqual([status, headers.get('retry-after')], [429, '1']);
    assert.equal((await api.admin.send('GET', '/api/v1/namespaces/default')).status, 200);
    gate.resolve();
    const codes = (await Promise.all(flood)).map((answer) => answer.status);
    assert.ok(codes.includes(429) && codes.some((code) => code !== 429));
  });
}

test('a new schema and level hold from the next request on', async () => {
  const api = await apiFor(eve);
  const spec = { type: 'Limited', limited: { nominalConcurrencyShares: 1, limitResponse: { type: 'Reject' } } };
  await api.admin.send('POST', `${group}/prioritylevelconfigurations`, { metadata: { name: 'slow' }, spec });
  const rule = {
    subjects: [{ kind: 'User', user: { name: 'eve' } }],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/version'] }],
  };
  const schema = await api.admin.send('POST', `${group}/flowschemas`, {
    metadata: { name: 'slow' },
    spec: { matchingPrecedence: 50, priorityLevelConfiguration: { name: 'slow' }, rules: [rule] },
  });
  const { headers } = await api.send('GET', '/version');
  assert.equal(headers.get('x-kubernetes-pf-flowschema-uid'), uidOf(schema));
});

test('a user holds a limited number of watches, and gets them back when they end', async () => {
  const api = await apiFor(eve);
  const watch = (): Promise<Response> => api.fetch('/api/v1/namespaces/default/configmaps?watch=1');
  await api.send('GET', '/version');
  const held: Response[] = [];
  for (let n = 0; n < longRunningMax; n += 1) held.push(await watch());
  assert.equal((await watch()).status, 429);
  await held[0]?.body?.cancel();
  await api.world.settle();
  assert.equal((await watch()).status, 200);
  for (const { body } of held.slice(1)) await body?.cancel();
});

/** Ways to ask that cost a process something, and what each user is refused or granted. */
const crowds: readonly (readonly [name: string, credentials: 'own' | 'none' | 'wrong', method: string, path: string, body?: object])[] = [
  ['reads', 'own', 'GET', `${configMaps}/a`],
  ['lists', 'own', 'GET', configMaps],
  ['writes', 'own', 'POST', configMaps, { metadata: { generateName: 'a-' } }],
  ['writes that are no objects', 'own', 'POST', configMaps, { metadata: 3 }],
  ['discovery', 'own', 'GET', '/apis'],
  ['paths that are not there', 'own', 'GET', '/no/such/path'],
  ['what it may not read', 'own', 'GET', '/api/v1/secrets'],
  ['impersonation that it may not do', 'own', 'GET', '/api/v1/pods?as=admin'],
  ['no credentials', 'none', 'GET', '/api/v1/pods'],
  ['wrong credentials', 'wrong', 'GET', '/api/v1/pods'],
];
const crowdRequests = 200;
/** One begins in each turn of the event loop, and an answer takes some turns. */
const answeredMeanwhileMax = 40;

for (const [name, credentials, method, path, body] of crowds) {
  test(`few requests of a crowd are answered between another user's question and its answer: ${name}`, async () => {
    const { client, tokens, fetch } = await rbacCluster({ nextTurn: (callback) => void setImmediate(callback) });
    const tokenOf = async (account: string): Promise<string> => {
      const { metadata } = await client.create(serviceAccounts, { metadata: { name: account, namespace: 'default' } });
      const serviceaccount = { name: account, uid: metadata.uid ?? '' };
      return (await tokens.issueServiceAccountToken({ namespace: 'default', serviceaccount }, { expirationSeconds: 3600 })).token;
    };
    const [eve, other] = [await tokenOf('eve'), await tokenOf('other')];
    await client.create(clusterRoleBindings, {
      metadata: { name: 'eve' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'eve', namespace: 'default' }],
    });
    const authorization = { own: `Bearer ${eve}`, none: undefined, wrong: 'Bearer wrong' }[credentials];
    const ask = (token: string | undefined, asked: { method: string; path: string; body?: object | undefined }): Promise<Response> => {
      const { searchParams, pathname } = new URL(asked.path, 'https://api');
      const headers = new Headers({ 'content-type': 'application/json' });
      if (token !== undefined) headers.set('authorization', token);
      if (searchParams.has('as')) headers.set('impersonate-user', searchParams.get('as') ?? '');
      const sent = asked.body === undefined ? {} : { body: JSON.stringify(asked.body) };
      return fetch(new Request(`https://api${pathname}`, { method: asked.method, headers, ...sent }));
    };
    let answered = 0;
    const crowd = Array.from({ length: crowdRequests }, async () => {
      await ask(authorization, { method, path, body });
      answered += 1;
    });
    const { status } = await ask(`Bearer ${other}`, { method: 'POST', path: reviews, body: {} });
    assert.equal(status, 201);
    assert.ok(answered <= answeredMeanwhileMax, `${answered} were answered before`);
    await Promise.all(crowd);
  });
}

/** More than a process has seats for all users together. */
const slowRequests = 60;

for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
  for (const length of [undefined, '200']) {
    test(`who sends slowly takes no seat: ${method} ${length === undefined ? 'in parts' : `of ${length} bytes`}`, async () => {
      const { client, tokens, fetch, world } = await rbacCluster();
      const tokenOf = async (name: string): Promise<string> => {
        const { metadata } = await client.create(serviceAccounts, { metadata: { name, namespace: 'default' } });
        const serviceaccount = { name, uid: metadata.uid ?? '' };
        return (await tokens.issueServiceAccountToken({ namespace: 'default', serviceaccount }, { expirationSeconds: 3600 })).token;
      };
      const [slow, other] = [await tokenOf('slow'), await tokenOf('other')];
      // Without rights it would be refused before its body comes.
      await client.create(clusterRoleBindings, {
        metadata: { name: 'slow' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
        subjects: [{ kind: 'ServiceAccount', name: 'slow', namespace: 'default' }],
      });
      const held = Array.from({ length: slowRequests }, () => {
        const headers = { authorization: `Bearer ${slow}`, ...(length === undefined ? {} : { 'content-length': length }) };
        const init = { method, headers, body: new ReadableStream(), duplex: 'half' } as RequestInit;
        return fetch(new Request(`https://api${configMaps}${method === 'POST' ? '' : '/slow'}`, init));
      });
      const headers = { authorization: `Bearer ${other}`, 'content-type': 'application/json' };
      // The first may still come before the slow ones have shown who they are.
      for (let round = 0; round < 3; round += 1) {
        let status = 0;
        void fetch(new Request(`https://api${reviews}`, { method: 'POST', headers, body: '{}' })).then(
          (answer) => (status = answer.status),
        );
        await eventually(() => assert.equal(status, 201), 5_000);
      }
      await world.advance(60_000);
      assert.ok((await Promise.all(held)).every(({ status }) => status >= 400));
    });
  }
}
