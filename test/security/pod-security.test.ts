/** Pods are held to the level of their namespace, exactly and in upstream's words; kube-apiserver 1.37.2 answered so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionPlugins } from '../../functions/apiserver/admission/admission-plugins.ts';
import type { AdmissionSettings } from '../../functions/apiserver/admission/configuration.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Table } from '../../functions/store/table.ts';
import { type TestAnswer, type TestApi, testApi } from '../support/api-server.ts';
import { type VirtualWorld, virtualWorld } from '../support/virtual-world.ts';

const prefix = 'pod-security.kubernetes.io/';
const labelled = (name: string, labels: Record<string, string>): object => ({
  metadata: { name, labels: Object.fromEntries(Object.entries(labels).map(([mode, level]) => [`${prefix}${mode}`, level])) },
});
const plain = { containers: [{ name: 'c', image: 'i' }] };
const pod = (name: string, spec: object = {}, metadata: object = {}): object => ({
  metadata: { name, ...metadata },
  spec: { ...plain, ...spec },
});
const merge = { 'content-type': 'application/merge-patch+json' };
const strategic = { 'content-type': 'application/strategic-merge-patch+json' };

function emptyCluster(): { readonly world: VirtualWorld; readonly table: Table } {
  const world = virtualWorld();
  return { world, table: memoryTable({ clock: world.clock }) };
}

/** One process of a cluster. */
async function apiOf(settings: AdmissionSettings = {}, { world, table } = emptyCluster()): Promise<TestApi> {
  const store = await createStore({ table, world });
  const disable = ['ServiceAccount', ...(settings.disable ?? [])];
  return testApi({ store, world, admission: admissionPlugins({ ...world, store }, { ...settings, disable }) });
}

const warningsOf = ({ headers }: TestAnswer): string[] =>
  (headers.get('warning') ?? '')
    .split(/, (?=299 - )/)
    .filter((text) => text !== '')
    .map((text) => text.slice('299 - "'.length, -1).replaceAll('\\"', '"'));

const hostViolation = 'PodSecurity "baseline:latest": host namespaces (hostNetwork=true)';

test('a pod that violates what its namespace enforces is refused, one that does not runs', async () => {
  const api = await apiOf();
  await api.send('POST', '/api/v1/namespaces', labelled('a', { enforce: 'baseline' }));
  const refused = await api.send('POST', '/api/v1/namespaces/a/pods', pod('p', { hostNetwork: true }));
  assert.deepEqual([refused.status, refused.body['message']], [403, `pods "p" is forbidden: violates ${hostViolation}`]);
  assert.deepEqual(warningsOf(refused), []);
  assert.equal((await api.send('POST', '/api/v1/namespaces/a/pods', pod('p'))).status, 201);
});

test('what a namespace only warns about is created with a warning', async () => {
  const api = await apiOf();
  await api.send('POST', '/api/v1/namespaces', labelled('a', { warn: 'baseline', 'warn-version': 'v1.30' }));
  const created = await api.send('POST', '/api/v1/namespaces/a/pods', pod('p', { hostNetwork: true }));
  assert.equal(created.status, 201);
  assert.deepEqual(warningsOf(created), ['would violate PodSecurity "baseline:v1.30": host namespaces (hostNetwork=true)']);
});

test('the template of each kind that makes pods is warned about, and never refused', async () => {
  const api = await apiOf();
  await api.send('POST', '/api/v1/namespaces', labelled('a', { enforce: 'baseline' }));
  const template = { metadata: { labels: { a: 'b' } }, spec: { ...plain, hostNetwork: true } };
  const jobTemplate = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
  const selector = { matchLabels: { a: 'b' } };
  const kinds: Readonly<Record<string, object>> = {
    '/api/v1/namespaces/a/replicationcontrollers': { spec: { template } },
    '/api/v1/namespaces/a/podtemplates': { template },
    '/apis/apps/v1/namespaces/a/replicasets': { spec: { selector, template } },
    '/apis/apps/v1/namespaces/a/deployments': { spec: { selector, template } },
    '/apis/apps/v1/namespaces/a/daemonsets': { spec: { selector, template } },
    '/apis/apps/v1/namespaces/a/statefulsets': { spec: { selector, template, serviceName: 's' } },
    '/apis/batch/v1/namespaces/a/jobs': { spec: { template: jobTemplate } },
    '/apis/batch/v1/namespaces/a/cronjobs': { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
  };
  for (const [path, body] of Object.entries(kinds)) {
    const answer = await api.send('POST', path, { metadata: { name: 'x' }, ...body });
    assert.equal(answer.status, 201, `${path} ${JSON.stringify(answer.body)}`);
    assert.ok(warningsOf(answer).includes(`would violate ${hostViolation}`), `${path} ${warningsOf(answer).join()}`);
  }
});

test('the labels of a namespace must be levels and versions, unless they were wrong before', async () => {
  const api = await apiOf();
  const wrong = labelled('a', { enforce: 'bad', 'warn-version': 'v2' });
  const { status, body } = await api.send('POST', '/api/v1/namespaces', wrong);
  const message =
    'Namespace "a" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "bad": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v2": must be "latest" or "v1.x"]';
  assert.deepEqual([status, body['message']], [422, message]);
  const cluster = emptyCluster();
  const lenient = await apiOf({ disable: ['PodSecurity'] }, cluster);
  await lenient.send('POST', '/api/v1/namespaces', wrong);
  const strict = await apiOf({}, cluster);
  const label = async (labels: object): Promise<number> =>
    (await strict.send('PATCH', '/api/v1/namespaces/a', { metadata: { labels } }, merge)).status;
  assert.deepEqual([await label({ other: 'x' }), await label({ [`${prefix}audit`]: 'x' })], [200, 422]);
});

test('a stricter level warns about the pods that are there, each sort once', async () => {
  const api = await apiOf();
  await api.send('POST', '/api/v1/namespaces', labelled('a', {}));
  for (const name of ['p2', 'p1', 'p3']) await api.send('POST', '/api/v1/namespaces/a/pods', pod(name, { hostNetwork: true }));
  await api.send('POST', '/api/v1/namespaces/a/pods', pod('q'));
  const enforce = (level: string): Promise<TestAnswer> =>
    api.send('PATCH', '/api/v1/namespaces/a', { metadata: { labels: { [`${prefix}enforce`]: level } } }, merge);
  const changed = await enforce('restricted');
  const rest = 'allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile';
  assert.deepEqual(warningsOf(changed), [
    'existing pods in namespace "a" violate the new PodSecurity enforce level "restricted:latest"',
    `p1 (and 2 other pods): host namespaces, ${rest}`,
    `q: ${rest}`,
  ]);
  assert.deepEqual(warningsOf(await enforce('baseline')), []);
});

test('a pod must meet the level again when it gets an image or an ephemeral container, not for a label', async () => {
  const api = await apiOf();
  await api.send('POST', '/api/v1/namespaces', labelled('a', {}));
  await api.send('POST', '/api/v1/namespaces/a/pods', pod('p', { hostNetwork: true }));
  await api.send('PATCH', '/api/v1/namespaces/a', { metadata: { labels: { [`${prefix}enforce`]: 'baseline' } } }, merge);
  const patch = (path: string, body: object): Promise<TestAnswer> =>
    api.send('PATCH', `/api/v1/namespaces/a/pods/${path}`, body, strategic);
  assert.equal((await patch('p', { metadata: { labels: { a: 'b' } } })).status, 200);
  const image = await patch('p', { spec: { containers: [{ name: 'c', image: 'other' }] } });
  assert.deepEqual([image.status, image.body['message']], [403, `pods "p" is forbidden: violates ${hostViolation}`]);
  const debug = await patch('p/ephemeralcontainers', { spec: { ephemeralContainers: [{ name: 'd', image: 'i' }] } });
  assert.equal(debug.status, 403);
});

test('namespaces, users and runtime classes that the configuration names are exempt', async () => {
  const configuration = {
    apiVersion: 'pod-security.admission.config.k8s.io/v1',
    kind: 'PodSecurityConfiguration',
    defaults: { enforce: 'restricted' },
    exemptions: { namespaces: ['free'], runtimeClasses: ['boxed'] },
  };
  const configurations = [{ name: 'PodSecurity', configuration }];
  const api = await apiOf({ configurations });
  await api.send('POST', '/apis/node.k8s.io/v1/runtimeclasses', { metadata: { name: 'boxed' }, handler: 'h' });
  const free = await api.send('POST', '/api/v1/namespaces', labelled('free', { audit: 'baseline' }));
  assert.deepEqual(warningsOf(free), [
    'namespace "free" is exempt from Pod Security, and the policy (audit=baseline:latest) will be ignored',
  ]);
  await api.send('POST', '/api/v1/namespaces', labelled('held', {}));
  const codeOf = async (namespace: string, spec = {}): Promise<number> =>
    (await api.send('POST', `/api/v1/namespaces/${namespace}/pods`, pod('p', spec))).status;
  assert.deepEqual([await codeOf('free'), await codeOf('held')], [201, 403]);
  assert.equal(await codeOf('held', { runtimeClassName: 'boxed' }), 201);
  const users = { ...configuration, exemptions: { usernames: ['admin'] } };
  const other = await apiOf({ configurations: [{ name: 'PodSecurity', configuration: users }] });
  await other.send('POST', '/api/v1/namespaces', labelled('a', {}));
  assert.equal((await other.send('POST', '/api/v1/namespaces/a/pods', pod('p'))).status, 201);
});

test('a label that another process has set a moment ago holds for the very next pod', async () => {
  const cluster = emptyCluster();
  const [one, other] = [await apiOf({}, cluster), await apiOf({}, cluster)];
  await one.send('POST', '/api/v1/namespaces', labelled('a', {}));
  assert.equal((await other.send('POST', '/api/v1/namespaces/a/pods', pod('p', { hostNetwork: true }))).status, 201);
  await one.send('PATCH', '/api/v1/namespaces/a', { metadata: { labels: { [`${prefix}enforce`]: 'baseline' } } }, merge);
  assert.equal((await other.send('POST', '/api/v1/namespaces/a/pods', pod('q', { hostNetwork: true }))).status, 403);
});
