import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import { createDefinitions } from '../../resources/all.ts';
import type { AdmissionPlugin, FieldManagers } from '../ports.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };

/** An API that reports the stages that a write of a ConfigMap goes through. */
async function withStages() {
  const stages: string[] = [];
  const stage = (name: string): void => void stages.push(name);
  const plugin = (name: string): AdmissionPlugin => ({
    name,
    handles: ({ type }) => type.resource === 'configmaps',
    admit: async () => stage(`${name} mutates`),
    validate: async () => stage(`${name} validates`),
    commit: {
      operations: ['create', 'update', 'delete'],
      apply() {
        stage(`${name} commits`);
        return {};
      },
    },
  });
  const fieldManagers: FieldManagers = {
    record: (_next, _current, { manager }) => stage(`${manager} manages`),
    apply: (configuration) => ({ object: configuration, isChanged: true }),
  };
  const definitions = createDefinitions().map((definition) =>
    definition.type.resource === 'configmaps'
      ? {
          ...definition,
          setDefaults: () => stage('defaults'),
          prepareForCreate: () => stage('prepares'),
          prepareForUpdate: () => stage('prepares'),
          validate: () => (stage('validates'), []),
        }
      : definition,
  );
  const api = await testApi({ definitions, admission: [plugin('A'), plugin('B')], fieldManagers });
  await api.send('POST', configMaps, { metadata: { name: 'old' }, data: { a: '1' } });
  stages.length = 0;
  return { api, stages };
}

const agent = { 'user-agent': 'kubectl/v1.37.0 (linux/amd64)' };
const change = [
  'defaults',
  'kubectl manages',
  'A mutates',
  'B mutates',
  'prepares',
  'validates',
  'A validates',
  'B validates',
  'A commits',
  'B commits',
];
const review = ['A mutates', 'B mutates', 'A validates', 'B validates', 'A commits', 'B commits'];

const writes: readonly (readonly [string, string, string, object | undefined, Record<string, string>, readonly string[]])[] = [
  ['a creation', 'POST', configMaps, { metadata: { name: 'new' } }, agent, change],
  ['an update', 'PUT', `${configMaps}/old`, { metadata: { name: 'old' }, data: { a: '2' } }, agent, change],
  ['a patch', 'PATCH', `${configMaps}/old`, { data: { a: '3' } }, { ...agent, ...merge }, change],
  ['a deletion', 'DELETE', `${configMaps}/old`, undefined, agent, review],
];

for (const [what, method, path, body, headers, expected] of writes) {
  test(`${what} goes through the stages in upstream's order`, async () => {
    const { api, stages } = await withStages();
    const { status } = await api.send(method, path, body, headers);
    assert.ok(status < 300, String(status));
    assert.deepEqual(stages, expected);
  });
}

test('a name that is taken is generated anew after mutating admission, which is not repeated', async () => {
  const { api, stages } = await withStages();
  const post = () => api.send('POST', configMaps, { metadata: { generateName: 'x-' } });
  let calls = 0;
  api.world.random.next = () => (calls++ < 10 ? 0 : 0.5);
  const names = [await post(), await post()].map(({ body }) => (body['metadata'] as { name: string }).name);
  assert.equal(new Set(names).size, 2);
  assert.equal(stages.filter((stage) => stage === 'A mutates').length, 2);
  assert.equal(stages.filter((stage) => stage === 'A validates').length, 3);
});

test('what a plug-in commits with a write stands or falls with it, and later rules see it', async () => {
  const key = { resource: 'configmaps', namespace: 'default', name: 'companion' };
  const companion = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'companion', namespace: 'default' } };
  const seen: boolean[] = [];
  const plugin = (name: string, apply: NonNullable<AdmissionPlugin['commit']>['apply']): AdmissionPlugin => ({
    name,
    handles: ({ type, operation }) => type.resource === 'secrets' && operation === 'CREATE',
    commit: { apply },
  });
  const writer = plugin('Writer', () => ({ writes: [{ type: 'create', key, object: companion }] }));
  const reader = plugin('Reader', (_change, view) => {
    seen.push(view.get(key) !== undefined);
    return {};
  });
  const api = await testApi({ admission: [writer, reader] });
  const { status, body } = await api.send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
  assert.deepEqual([status, (body['metadata'] as { name: string }).name, seen], [201, 's', [true]]);
  assert.equal((await api.send('GET', `${configMaps}/companion`)).status, 200);
  // The companion exists by now, so that neither is written.
  assert.equal((await api.send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 't' } })).status, 500);
  assert.equal((await api.send('GET', '/api/v1/namespaces/default/secrets/t')).status, 404);
});

test('a dry run writes neither the object nor its companions', async () => {
  const key = { resource: 'configmaps', namespace: 'default', name: 'companion' };
  const writer: AdmissionPlugin = {
    name: 'Writer',
    handles: ({ type }) => type.resource === 'secrets',
    commit: { apply: () => ({ writes: [{ type: 'create', key, object: { metadata: { name: 'companion' } } }] }) },
  };
  const api = await testApi({ admission: [writer] });
  assert.equal((await api.send('POST', '/api/v1/namespaces/default/secrets?dryRun=All', { metadata: { name: 's' } })).status, 201);
  assert.equal((await api.send('GET', `${configMaps}/companion`)).status, 404);
});

const long: readonly (readonly [string, object, string])[] = [
  ['a name', { name: 'x'.repeat(800) }, 'metadata.name: Too long: may not be more than'],
  [
    'labels that are too many',
    { name: 'r', labels: Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`l${n}`, 'x'.repeat(60)])) },
    'metadata.labels: Too long: may not be more than 32768 bytes',
  ],
];
for (const [what, metadata, message] of long) {
  test(`${what} beyond the bounds of the store is refused as invalid`, async () => {
    const api = await testApi();
    const { status, body } = await api.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata, rules: [] });
    assert.equal(status, 422);
    assert.ok((body['message'] as string).includes(message));
  });
}
