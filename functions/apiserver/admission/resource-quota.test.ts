import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { JsonObject } from '../../kube/object.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { admissionPlugins } from './admission-plugins.ts';

const inDefault = '/api/v1/namespaces/default';
const quotaPath = `${inDefault}/resourcequotas/q`;

async function apiWithQuota(hard: Record<string, string>, more: object = {}): Promise<TestApi> {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const api = await testApi({ store, world, admission: admissionPlugins({ ...world, store }, { disable: ['ServiceAccount'] }) });
  const { status } = await api.send('POST', `${inDefault}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard, ...more } });
  assert.equal(status, 201);
  return { ...api, world, store };
}

const pod = (name: string, resources: object = {}, spec: object = {}): object => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i:v1', resources }], ...spec },
});
const map = (name: string): object => ({ metadata: { name } });
const usedOf = async ({ send }: TestApi): Promise<unknown> => ((await send('GET', quotaPath)).body['status'] as JsonObject)['used'];

test('of many creations at once a quota lets in exactly as many as it grants', async () => {
  const api = await apiWithQuota({ 'count/configmaps': '5' });
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => api.send('POST', `${inDefault}/configmaps`, map(`m${index}`))),
  );
  assert.equal(answers.filter(({ status }) => status === 201).length, 5);
  const refused = answers.find(({ status }) => status === 403);
  const why = 'exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=5, limited: count/configmaps=5';
  assert.match(JSON.stringify(refused?.body['message']), new RegExp(`is forbidden: ${why}"$`));
  assert.deepEqual(await usedOf(api), { 'count/configmaps': '5' });
});

test('what is deleted is free again', async () => {
  const api = await apiWithQuota({ configmaps: '1' });
  await api.send('POST', `${inDefault}/configmaps`, map('a'));
  assert.equal((await api.send('POST', `${inDefault}/configmaps`, map('b'))).status, 403);
  await api.send('DELETE', `${inDefault}/configmaps/a`);
  assert.deepEqual(await usedOf(api), { configmaps: '0' });
  assert.equal((await api.send('POST', `${inDefault}/configmaps`, map('b'))).status, 201);
});

test('a quota of CPU counts what pods request, and takes none that requests none', async () => {
  const api = await apiWithQuota({ 'requests.cpu': '1' });
  const silent = await api.send('POST', `${inDefault}/pods`, pod('a'));
  assert.equal(silent.body['message'], 'pods "a" is forbidden: failed quota: q: must specify requests.cpu for: c');
  assert.equal((await api.send('POST', `${inDefault}/pods`, pod('a', { requests: { cpu: '600m' } }))).status, 201);
  const { body } = await api.send('POST', `${inDefault}/pods`, pod('b', { requests: { cpu: '600m' } }));
  const why = 'exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1';
  assert.equal(body['message'], `pods "b" is forbidden: ${why}`);
});

test('a quota with scopes counts the pods in them only', async () => {
  const api = await apiWithQuota({ pods: '0' }, { scopes: ['Terminating'] });
  assert.equal((await api.send('POST', `${inDefault}/pods`, pod('a'))).status, 201);
  assert.equal((await api.send('POST', `${inDefault}/pods`, pod('b', {}, { activeDeadlineSeconds: 5 }))).status, 403);
});

test('a quota holds when a thousand creations come by four servers at once', async () => {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const servers: TestApi[] = [];
  for (let server = 0; server < 4; server += 1) {
    const store = await createStore({ table, world });
    const admission = admissionPlugins({ ...world, store }, { disable: ['ServiceAccount'] });
    servers.push(await testApi({ store, world, admission }));
  }
  const [first] = servers;
  assert.ok(first !== undefined);
  const quota = { metadata: { name: 'q' }, spec: { hard: { 'count/configmaps': '100' } } };
  assert.equal((await first.send('POST', `${inDefault}/resourcequotas`, quota)).status, 201);
  let isAnswered = false;
  const sent = Array.from({ length: 1000 }, (_, index) =>
    (servers[index % 4] ?? first).send('POST', `${inDefault}/configmaps`, map(`m${index}`)),
  );
  const answered = Promise.all(sent).finally(() => (isAnswered = true));
  // A writer that lost its place waits before it tries again.
  while (!isAnswered) await world.advance(100);
  const answers = await answered;
  const count = (wanted: number): number => answers.filter(({ status }) => status === wanted).length;
  assert.deepEqual([count(201), count(403)], [100, 900]);
  assert.deepEqual(await usedOf(first), { 'count/configmaps': '100' });
});
