import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { admissionPlugins } from './admission-plugins.ts';

async function api(): Promise<TestApi> {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const admission = admissionPlugins({ ...world, store }, { disable: ['ServiceAccount'] });
  return { ...(await testApi({ store, world, admission })), world, store };
}

const inDefault = '/api/v1/namespaces/default';
const pod = (name: string, resources: object = {}): object => ({
  metadata: { name, labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'i:v1', resources }] },
});
const claim = (name: string, storage: string): object => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});
const limit = (item: object): object => ({ metadata: { name: 'limits' }, spec: { limits: [item] } });
const merge = { 'content-type': 'application/merge-patch+json' };

test('a container that asks for nothing gets the defaults of its namespace, and an annotation lists them', async () => {
  const { send } = await api();
  await send('POST', `${inDefault}/limitranges`, limit({ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '500m' } }));
  const { body } = await send('POST', `${inDefault}/pods`, pod('a'));
  const { containers } = body['spec'] as { containers: { resources: object }[] };
  assert.deepEqual(containers[0]?.resources, { limits: { cpu: '1' }, requests: { cpu: '500m' } });
  const { annotations } = body['metadata'] as { annotations: object };
  assert.deepEqual(annotations, {
    'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
  });
});

test('a pod beyond the limits of its namespace is refused', async () => {
  const { send } = await api();
  await send('POST', `${inDefault}/limitranges`, limit({ type: 'Pod', max: { memory: '1Gi' } }));
  const { status, body } = await send('POST', `${inDefault}/pods`, pod('a', { limits: { memory: '2Gi' } }));
  const why = 'maximum memory usage per Pod is 1Gi, but limit is 2Gi';
  assert.deepEqual([status, body['message']], [403, `pods "a" is forbidden: ${why}`]);
});

test('a claim beyond the limits of its namespace is refused', async () => {
  const { send } = await api();
  await send('POST', `${inDefault}/limitranges`, limit({ type: 'PersistentVolumeClaim', max: { storage: '2Gi' } }));
  const { status, body } = await send('POST', `${inDefault}/persistentvolumeclaims`, claim('a', '3Gi'));
  const why = 'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi';
  assert.deepEqual([status, body['message']], [403, `persistentvolumeclaims "a" is forbidden: ${why}`]);
});

test('a claim is protected while in use, and grows only once it is bound', async () => {
  const { send } = await api();
  const { body } = await send('POST', `${inDefault}/persistentvolumeclaims`, claim('a', '1Gi'));
  assert.deepEqual((body['metadata'] as { finalizers: string[] }).finalizers, ['kubernetes.io/pvc-protection']);
  const grown = { spec: { resources: { requests: { storage: '2Gi' } } } };
  const refused = await send('PATCH', `${inDefault}/persistentvolumeclaims/a`, grown, merge);
  assert.deepEqual(refused.status, 422);
});

test('only one priority class is the default', async () => {
  const { send } = await api();
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
  assert.equal((await send('POST', classes, { metadata: { name: 'a' }, value: 1, globalDefault: true })).status, 201);
  const { status, body } = await send('POST', classes, { metadata: { name: 'b' }, value: 2, globalDefault: true });
  const why = 'PriorityClass a is already marked as default. Only one default can exist';
  assert.deepEqual([status, body['message']], [403, `priorityclasses.scheduling.k8s.io "b" is forbidden: ${why}`]);
});

test('an eviction waits for its budget, and charges it', async () => {
  const { send } = await api();
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  await send('POST', `${inDefault}/pods`, pod('a'));
  await send(
    'PATCH',
    `${inDefault}/pods/a/status`,
    { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
    merge,
  );
  await send('POST', budgets, { metadata: { name: 'web' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } });
  const evict = () =>
    send('POST', `${inDefault}/pods/a/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'a', namespace: 'default' },
    });
  const early = await evict();
  assert.deepEqual([early.status, early.body['reason']], [429, 'TooManyRequests']);
  const status = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 };
  await send('PATCH', `${budgets}/web/status`, { status }, merge);
  assert.equal((await evict()).status, 201);
  const { body } = await send('GET', `${budgets}/web`);
  const charged = body['status'] as { disruptionsAllowed: number; disruptedPods: Record<string, string> };
  assert.deepEqual([charged.disruptionsAllowed, Object.keys(charged.disruptedPods)], [0, ['a']]);
});
