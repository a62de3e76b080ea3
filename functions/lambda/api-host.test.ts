import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createDoorbells } from '../workers/doorbell/doorbells.ts';
import type { QueueMessage } from '../workers/doorbell/sqs-doorbell.ts';
import type { ClusterRecord } from '../store/dynamodb/cluster-records.ts';
import { memoryTable } from '../store/memory/memory-table.ts';
import { adminTokenOf } from '../cloud/admin-token.ts';
import { createApiHost, type ApiHostOptions } from './api-host.ts';
import { createClusters, type ClusterIdentity } from '../cloud/clusters.ts';
import { settingNames, settingsOf } from '../cloud/settings.ts';
import { startWebHost } from './web-host.ts';
import { realWorld } from '../world.ts';

const secret = 'secret';
const variables: Readonly<Record<string, string>> = {
  [settingNames.table]: 't',
  [settingNames.envelopeKey]: Buffer.alloc(32).toString('base64'),
  [settingNames.adminSecret]: secret,
};
const recordOf = (name: string): ClusterRecord => ({ name, id: `${name}.x`, createdMs: 0 });

/** A host whose clusters each have a table in memory. */
function hosting(names: readonly string[], options: Partial<ApiHostOptions> = {}, chosen: Readonly<Record<string, string>> = {}) {
  const world = virtualWorld();
  const records = names.map(recordOf);
  const opened: string[] = [];
  const sent: QueueMessage[] = [];
  let isListed = true;
  const openTable = ({ id }: ClusterIdentity) => {
    opened.push(id);
    return memoryTable({ clock: world.clock });
  };
  const list = async () => (isListed ? [...records] : Promise.reject(new Error('no table')));
  const send = async (message: QueueMessage): Promise<number> => sent.push(message);
  const rooted = {
    settings: settingsOf((name) => ({ ...variables, ...chosen })[name]),
    world,
    clusters: createClusters({ defaultName: 'default', list, clock: world.clock }),
    doorbells: createDoorbells({ queues: { groups: { controllers: 'q' } }, world, send }),
    openTable,
  };
  const { fetch } = createApiHost(rooted, { pollHoldSecondsMax: 0, ...options });
  const ask = async (method: string, path: string, { body, token }: { body?: object; token?: string } = {}) => {
    const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const request = new Request(`https://host${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const response = await fetch(request, {});
    const answer = (await response.json()) as Readonly<Record<string, unknown>>;
    return { code: response.status, headers: response.headers, answer };
  };
  const hide = (): void => void (isListed = false);
  return { ask, fetch, opened, sent, world, records, hide };
}

const admin = (id: string): { token: string } => ({ token: adminTokenOf(secret, id) });
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' }, data: { of: 'blue' } };
const maps = '/api/v1/namespaces/default/configmaps';

test('a path leads to its cluster with method, query and body, and the root to the default one', async () => {
  const { ask, opened } = hosting(['blue']);
  const made = await ask('POST', `/clusters/blue${maps}?fieldManager=me`, { body: map, ...admin('blue.x') });
  assert.deepEqual([made.code, made.answer['data']], [201, { of: 'blue' }]);
  assert.equal((await ask('GET', `/clusters/blue${maps}/a`, admin('blue.x'))).code, 200);
  for (const path of [`${maps}/a`, `/clusters/default${maps}/a`]) assert.equal((await ask('GET', path, admin('default'))).code, 404, path);
  assert.deepEqual(opened, ['blue.x', 'default']);
});

test('what would be upgraded finds its cluster, too', async () => {
  const { fetch } = hosting(['blue']);
  const host = await startWebHost({
    host: '127.0.0.1',
    port: 0,
    fetch,
    upgrades: true,

    log: realWorld('error').log,
  });
  const headers = { connection: 'Upgrade', upgrade: 'websocket', authorization: `Bearer ${admin('blue.x').token}` };
  const path = '/clusters/blue/api/v1/namespaces/default/pods/web/exec?command=ls&stdout=true';
  const asked = httpGet({ port: host.port, path, headers });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 404);
  assert.match(await text(response), /pods \\"web\\" not found/);
  await host.close();
});

test('each cluster’s writes ring in its own name', async () => {
  const { ask, sent } = hosting(['blue']);
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  for (const [root, id] of [
    ['', 'default'],
    ['/clusters/blue', 'blue.x'],
  ] as const)
    assert.equal((await ask('POST', `${root}/api/v1/namespaces`, { body, ...admin(id) })).code, 201);
  assert.deepEqual(new Set(sent.map(({ MessageGroupId }) => MessageGroupId)), new Set(['default/controllers', 'blue.x/controllers']));
});

test('a deployment without the dashboard serves nothing to a browser', async () => {
  const show = async (chosen: Readonly<Record<string, string>>): Promise<number> =>
    (await hosting([], {}, chosen).fetch(new Request('https://host/ui/'), {})).status;
  // Its files stand beside the bundled module only.
  assert.equal(await show({}), 404);
  assert.equal(await show({ [settingNames.dashboard]: 'off' }), 403);
});

test('an administrator of one cluster is unknown to the other', async () => {
  const { ask } = hosting(['blue']);
  assert.equal((await ask('GET', `/clusters/blue${maps}`, admin('default'))).code, 401);
  assert.equal((await ask('GET', maps, admin('blue.x'))).code, 401);
});

test('a ServiceAccount’s token leads to the cluster that issued it, where no path does', async () => {
  const { ask } = hosting(['blue']);
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'app', namespace: 'default' } };
  await ask('POST', '/clusters/blue/api/v1/namespaces/default/serviceaccounts', { body: account, ...admin('blue.x') });
  const path = '/clusters/blue/api/v1/namespaces/default/serviceaccounts/app/token';
  const { answer } = await ask('POST', path, {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    ...admin('blue.x'),
  });
  const { token } = answer['status'] as { token: string };
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const who = await ask('POST', reviews, { body: review, token });
  assert.deepEqual([who.code, JSON.stringify(who.answer).includes('system:serviceaccount:default:app')], [201, true]);
  assert.equal((await ask('POST', `/clusters/default${reviews}`, { body: review, token })).code, 401);
});

test('a stranger cannot distinguish a cluster from one that is not there', async () => {
  const { ask, opened } = hosting(['blue']);
  const path = '/api/v1/namespaces/default/configmaps';
  const questions = ['/version', '/api', '/apis', '/openapi/v3', '/metrics', path, `${path}/a`, `${path}/a/b/c`, '/nothing'];
  const answersOf = (cluster: string, options: object): Promise<unknown[]> =>
    Promise.all(
      questions.flatMap((question) =>
        ['GET', 'POST', 'DELETE', 'OPTIONS'].map((method) => ask(method, `/clusters/${cluster}${question}`, options)),
      ),
    );
  for (const options of [{}, { token: 'forged' }, { token: `${Buffer.from('{}').toString('base64url')}.e30.eA` }, admin('default')]) {
    assert.deepEqual(await answersOf('green', options), await answersOf('blue', options));
  }
  assert.equal(opened.includes('green'), false);
});

test('a deleted cluster knows no user five seconds later; a new cluster of its name is another', async () => {
  const { ask, opened, world, records } = hosting(['blue']);
  await ask('POST', `/clusters/blue${maps}`, { body: map, ...admin('blue.x') });
  records[0] = { ...recordOf('blue'), deletedMs: 1 };
  await world.advance(5_000);
  assert.equal((await ask('GET', `/clusters/blue${maps}/a`, admin('blue.x'))).code, 401);
  records[0] = { name: 'blue', id: 'blue.y', createdMs: 2 };
  await world.advance(5_000);
  assert.equal((await ask('GET', `/clusters/blue${maps}/a`, admin('blue.x'))).code, 401);
  assert.equal((await ask('GET', `/clusters/blue${maps}/a`, admin('blue.y'))).code, 404);
  assert.deepEqual(
    opened.filter((id) => id.startsWith('blue')),
    ['blue.x', 'blue.y'],
  );
});

test('where the list cannot be read the others wait, and the default cluster is served', async () => {
  const { ask, hide } = hosting(['blue']);
  hide();
  assert.equal((await ask('GET', '/clusters/blue/version', admin('blue.x'))).code, 503);
  assert.equal((await ask('GET', '/version', admin('default'))).code, 200);
});

test('more clusters than there is room for take turns', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const { ask, opened } = hosting(names, { openMax: 3 });
  for (const name of [...names, 'd', 'a']) assert.equal((await ask('GET', `/clusters/${name}/version`, admin(`${name}.x`))).code, 200);
  assert.deepEqual(opened, ['a.x', 'b.x', 'c.x', 'd.x', 'a.x']);
});
