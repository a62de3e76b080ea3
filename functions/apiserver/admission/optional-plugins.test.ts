import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { JsonObject } from '../../kube/object.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { admissionPlugins } from './admission-plugins.ts';
import type { AdmissionSettings } from './configuration.ts';

/** An API that runs the enabled plug-ins besides the default ones but for ServiceAccount. */
async function apiWith(settings: AdmissionSettings): Promise<TestApi> {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const disable = ['ServiceAccount', ...(settings.disable ?? [])];
  const api = await testApi({ store, world, admission: admissionPlugins({ ...world, store }, { ...settings, disable }) });
  return { ...api, world, store };
}

const pods = '/api/v1/namespaces/default/pods';
const pod = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i:v1' }], ...spec },
});
const merge = { 'content-type': 'application/strategic-merge-patch+json' };

test('AlwaysDeny refuses every write', async () => {
  const api = await apiWith({});
  const denying = await apiWith({ enable: ['AlwaysDeny'] });
  assert.equal((await api.send('POST', pods, pod('a'))).status, 201);
  const { status, body } = await denying.send('POST', '/api/v1/nodes', { metadata: { name: 'a' } });
  assert.deepEqual([status, body['message']], [403, 'nodes "a" is forbidden: admission control is denying all modifications']);
});

test('AlwaysPullImages sets the policy of containers and image volumes, and of new images only', async () => {
  const api = await apiWith({ enable: ['AlwaysPullImages'] });
  const { body } = await api.send('POST', pods, pod('a', { initContainers: [{ name: 'i', image: 'x:v1', imagePullPolicy: 'Never' }] }));
  const { containers, initContainers } = body['spec'] as Record<string, { imagePullPolicy: string }[]>;
  assert.deepEqual([containers?.[0]?.imagePullPolicy, initContainers?.[0]?.imagePullPolicy], ['Always', 'Always']);
  const relabelled = await api.send('PATCH', `${pods}/a`, { metadata: { labels: { a: 'b' } } }, merge);
  assert.equal(relabelled.status, 200);
});

test('LimitPodHardAntiAffinityTopology refuses required anti-affinity beyond the node', async () => {
  const api = await apiWith({ enable: ['LimitPodHardAntiAffinityTopology'] });
  const affinity = (topologyKey: string): object => ({
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: {} }] } },
  });
  assert.equal((await api.send('POST', pods, pod('a', affinity('kubernetes.io/hostname')))).status, 201);
  const { status, body } = await api.send('POST', pods, pod('b', affinity('zone')));
  const why = 'affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed';
  assert.deepEqual([status, body['message']], [403, `pods "b" is forbidden: ${why}`]);
});

test('DenyServiceExternalIPs refuses new external addresses and keeps old ones', async () => {
  const services = '/api/v1/namespaces/default/services';
  const service = (name: string, spec: object): object => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
  const api = await apiWith({ enable: ['DenyServiceExternalIPs'] });
  assert.equal((await api.send('POST', services, service('a', {}))).status, 201);
  const { status, body } = await api.send('POST', services, service('b', { externalIPs: ['192.0.2.1'] }));
  assert.deepEqual([status, body['message']], [403, 'services "b" is forbidden: Use of external IPs is denied by admission control']);
});

test('TaintNodesByCondition keeps pods from a node that is not known to be ready', async () => {
  const api = await apiWith({});
  const { body } = await api.send('POST', '/api/v1/nodes', { metadata: { name: 'n' } });
  assert.deepEqual((body['spec'] as JsonObject)['taints'], [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
});

test('NamespaceAutoProvision creates the namespace together with the first object in it', async () => {
  const api = await apiWith({ enable: ['NamespaceAutoProvision'] });
  assert.equal((await api.send('POST', '/api/v1/namespaces/new/configmaps?dryRun=All', { metadata: { name: 'a' } })).status, 404);
  assert.equal((await api.send('GET', '/api/v1/namespaces/new')).status, 404);
  assert.equal((await api.send('POST', '/api/v1/namespaces/new/configmaps', { metadata: { name: 'a' } })).status, 201);
  const { body } = await api.send('GET', '/api/v1/namespaces/new');
  assert.deepEqual([body['spec'], body['status']], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
  assert.deepEqual((body['metadata'] as JsonObject)['labels'], { 'kubernetes.io/metadata.name': 'new' });
});

test('without NamespaceLifecycle objects may live in a namespace that does not exist, unless NamespaceExists runs', async () => {
  const path = '/api/v1/namespaces/nowhere/configmaps';
  const open = await apiWith({ disable: ['NamespaceLifecycle'] });
  assert.equal((await open.send('POST', path, { metadata: { name: 'a' } })).status, 201);
  const strict = await apiWith({ disable: ['NamespaceLifecycle'], enable: ['NamespaceExists'] });
  const { status, body } = await strict.send('POST', path, { metadata: { name: 'a' } });
  assert.deepEqual([status, body['message']], [404, 'namespaces "nowhere" not found']);
});

test('EventRateLimit refuses more events than a bucket holds, and forgives with time', async () => {
  const configuration = {
    apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
    kind: 'Configuration',
    limits: [{ type: 'Namespace', qps: 1, burst: 2 }],
  };
  const api = await apiWith({ enable: ['EventRateLimit'], configurations: [{ name: 'EventRateLimit', configuration }] });
  await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
  const post = async (name: string, namespace = 'default', query = ''): Promise<readonly [number, unknown]> => {
    const event = { metadata: { name, namespace }, involvedObject: { namespace } };
    const { status, body } = await api.send('POST', `/api/v1/namespaces/${namespace}/events${query}`, event);
    return [status, body['message']];
  };
  const limited = [429, 'limit reached on type Namespace for key default'];
  assert.deepEqual([(await post('a'))[0], (await post('b'))[0], await post('c')], [201, 201, limited]);
  assert.equal((await post('c', 'default', '?dryRun=All'))[0], 201);
  assert.equal((await post('a', 'other'))[0], 201);
  await api.world.advance(1000);
  assert.deepEqual([(await post('c'))[0], await post('d')], [201, limited]);
});
