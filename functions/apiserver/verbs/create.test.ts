import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, more: object = {}): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more });

test('a created object carries what the server knows', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', configMaps, configMap('a', { data: { k: 'v' } }));
  assert.equal(status, 201);
  const { uid, managedFields: _managers, ...metadata } = body['metadata'] as Record<string, unknown>;
  assert.match(String(uid), /^[0-9a-f-]{36}$/);
  assert.deepEqual(metadata, { name: 'a', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z', resourceVersion: '2' });
  assert.deepEqual(body['data'], { k: 'v' });
});

test('what only the server may set is not taken from a client', async () => {
  const api = await testApi();
  const metadata = {
    name: 'a',
    uid: 'mine',
    creationTimestamp: '2001-01-01T00:00:00Z',
    deletionTimestamp: '2001-01-01T00:00:00Z',
    selfLink: '/x',
  };
  const { body } = await api.send('POST', configMaps, { metadata });
  const created = body['metadata'] as Record<string, unknown>;
  assert.notEqual(created['uid'], 'mine');
  assert.equal(created['creationTimestamp'], '2026-01-01T00:00:00Z');
  assert.equal(created['deletionTimestamp'], undefined);
  assert.equal(created['selfLink'], undefined);
});

const start = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: ";
const unrecognized: [string, string][] = [
  [
    '{"kind":5,"apiVersion":"v1"}',
    'json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5,"apiVersion":"v1"})',
  ],
  [
    '{"kind":"ConfigMap","apiVersion":[],"metadata":{}}',
    'json: cannot unmarshal array into Go struct field .apiVersion of type string ({"kind":"ConfigMap","apiVersio ...)',
  ],
  [
    '[]',
    'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)',
  ],
  ['', 'unexpected end of JSON input (<empty>)'],
];
for (const [text, why] of unrecognized) {
  test(`the body ${text === '' ? 'of no bytes' : text} is refused as unrecognized`, async () => {
    const api = await testApi();
    const { status, body } = await api.send('POST', configMaps, text);
    assert.deepEqual([status, body['message']], [400, `${start}${why}`]);
  });
}

test('a number is refused in the spelling of the client', async () => {
  const api = await testApi();
  const text = '{"metadata":{"name":"a"},"spec":{"replicas":1000.0}}';
  const { status, body } = await api.send('POST', '/apis/apps/v1/namespaces/default/deployments', text);
  const problem = 'json: cannot unmarshal number 1000.0 into Go struct field DeploymentSpec.spec.replicas of type int32';
  assert.deepEqual([status, body['message']], [400, `Deployment in version "v1" cannot be handled as a Deployment: ${problem}`]);
});

test('a name that is taken is refused', async () => {
  const api = await testApi();
  await api.send('POST', configMaps, configMap('a'));
  const { status, body } = await api.send('POST', configMaps, configMap('a'));
  assert.equal(status, 409);
  assert.deepEqual(body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'configmaps "a" already exists',
    reason: 'AlreadyExists',
    details: { name: 'a', kind: 'configmaps' },
    code: 409,
  });
});

test('a generated name is the prefix and five characters', async () => {
  const api = await testApi();
  const { body } = await api.send('POST', configMaps, { metadata: { generateName: 'web-' } });
  assert.match((body['metadata'] as { name: string }).name, /^web-[a-z0-9]{5}$/);
});

test('after eight taken names the server gives up', async () => {
  const random = { next: () => 0, bytes: (length: number) => new Uint8Array(length), uuid: () => 'u' };
  const api = await testApi();
  // Random numbers that are always alike make the same name again and again.
  Object.assign(api.world.random, random);
  await api.send('POST', configMaps, { metadata: { generateName: 'web-' } });
  const { status, body } = await api.send('POST', configMaps, { metadata: { generateName: 'web-' } });
  assert.equal(status, 409);
  assert.equal(body['message'], 'configmaps "web-bbbbb" already exists, the server was not able to generate a unique name for the object');
});

test('a taken name beside a prefix is reported as a generated one is', async () => {
  const api = await testApi();
  const object = { metadata: { name: 'a', generateName: 'web-' } };
  await api.send('POST', configMaps, object);
  const { body } = await api.send('POST', configMaps, object);
  assert.equal(body['message'], 'configmaps "a" already exists, the server was not able to generate a unique name for the object');
});

test('no name at all is invalid', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', configMaps, { metadata: {} });
  assert.equal(status, 422);
  assert.equal(body['message'], 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required');
});

test('a namespace that is not there takes nothing in', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', '/api/v1/namespaces/nope/configmaps', configMap('a'));
  assert.equal(status, 404);
  assert.equal(body['message'], 'namespaces "nope" not found');
});

test('a namespace that is being terminated takes nothing in', async () => {
  const api = await testApi();
  await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'going' } });
  await api.send('DELETE', '/api/v1/namespaces/going');
  const { status, body } = await api.send('POST', '/api/v1/namespaces/going/configmaps', configMap('a'));
  assert.equal(status, 403);
  assert.equal(
    body['message'],
    'configmaps "a" is forbidden: unable to create new content in namespace going because it is being terminated',
  );
  assert.deepEqual(body['details'], {
    name: 'a',
    kind: 'configmaps',
    causes: [{ reason: 'NamespaceTerminating', message: 'namespace going is being terminated', field: 'metadata.namespace' }],
  });
});

test('the namespace of the body must be that of the URL', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', configMaps, { metadata: { name: 'a', namespace: 'other' } });
  assert.equal(status, 400);
  assert.equal(body['message'], 'the namespace of the provided object does not match the namespace sent on the request');
});

test('a dry run answers as if, and stores nothing', async () => {
  const api = await testApi();
  const { status } = await api.send('POST', `${configMaps}?dryRun=All`, configMap('a'));
  assert.equal(status, 201);
  assert.equal((await api.send('GET', `${configMaps}/a`)).status, 404);
});

test('an unknown kind of dry run is refused', async () => {
  const api = await testApi();
  const { body } = await api.send('POST', `${configMaps}?dryRun=Some`, configMap('a'));
  assert.equal(body['message'], 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"');
});

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { imagePullPolicy: 'Always', containers: [{ name: 'c', image: 'i' }] },
};
const pods = '/api/v1/namespaces/default/pods';

test('strict validation refuses unknown fields', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', `${pods}?fieldValidation=Strict`, pod);
  assert.equal(status, 400);
  assert.equal(
    body['message'],
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.imagePullPolicy"',
  );
});

test('without fieldValidation, unknown fields are dropped with a warning', async () => {
  const api = await testApi();
  const { status, headers, body } = await api.send('POST', pods, pod);
  assert.equal(status, 201);
  assert.equal(headers.get('warning'), '299 - "unknown field \\"spec.imagePullPolicy\\""');
  assert.equal((body['spec'] as Record<string, unknown>)['imagePullPolicy'], undefined);
});

test('unknown fields are dropped silently with fieldValidation Ignore', async () => {
  const api = await testApi();
  const { status, headers } = await api.send('POST', `${pods}?fieldValidation=Ignore`, pod);
  assert.equal(status, 201);
  assert.equal(headers.get('warning'), null);
});

test('duplicate fields are refused by strict validation alone', async () => {
  const api = await testApi();
  const text = '{"metadata":{"name":"a"},"data":{"x":"1"},"data":{"x":"2"}}';
  const { body } = await api.send('POST', `${configMaps}?fieldValidation=Strict`, text);
  assert.equal(
    body['message'],
    'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data"',
  );
});

test('another kind than the path serves is refused', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', pods, configMap('a'));
  assert.equal(status, 400);
  assert.equal(
    body['message'],
    'ConfigMap in version "v1" cannot be handled as a Pod: converting (v1.ConfigMap) to (core.Pod): unknown conversion',
  );
});

test('a body in YAML is as good as one in JSON', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', configMaps, 'metadata:\n  name: yam\ndata:\n  "on": "1"\n', {
    'content-type': 'application/yaml',
  });
  assert.equal(status, 201);
  assert.deepEqual(body['data'], { on: '1' });
});

test('a body in YAML is read as Go reads it', async () => {
  const api = await testApi();
  const send = (data: string) =>
    api.send('POST', `${configMaps}?fieldValidation=Strict`, `metadata: {name: yam}\ndata:\n${data}`, {
      'content-type': 'application/yaml',
    });
  const { status, body } = await send('  a: "1"\n  a: "2"\n');
  assert.equal(status, 400);
  assert.match(body['message'] as string, /strict decoding error: duplicate field "data.a"$/);
  assert.match(
    (await send('  a: yes\n')).body['message'] as string,
    /cannot unmarshal bool into Go struct field ConfigMap.data of type string$/,
  );
  assert.equal((await send('  a: 22:22\n  b: 2001-01-01\n')).status, 201);
});

test('an answer in YAML quotes what Go would not take as text', async () => {
  const api = await testApi();
  await api.send('POST', configMaps, { metadata: { name: 'y' }, data: { a: 'yes', b: '2001-01-01', c: '1:20', d: 'plain' } });
  const text = await (await api.fetch(`${configMaps}/y`, { headers: { accept: 'application/yaml' } })).text();
  assert.match(text, /data:\n  a: "yes"\n  b: "2001-01-01"\n  c: "1:20"\n  d: plain\n/);
});

test('a body in an unknown format is refused with the list of known ones', async () => {
  const api = await testApi();
  const { status, body } = await api.send('POST', configMaps, '<a/>', { 'content-type': 'application/xml' });
  assert.equal(status, 415);
  assert.equal(
    body['message'],
    'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
});

test('a Job shares the labels of its template once it is valid', async () => {
  const api = await testApi();
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } };
  const { body: refused } = await api.send('POST', jobs, { metadata: { name: '-1' }, spec });
  const { causes } = refused['details'] as { causes: { field: string }[] };
  assert.deepEqual([...new Set(causes.map(({ field }) => field))], ['metadata.name', 'spec.template.labels']);
  const { body } = await api.send('POST', jobs, { metadata: { name: 'a' }, spec });
  const { labels } = body['metadata'] as { labels: Record<string, string> };
  assert.equal(labels['job-name'], 'a');
});

test('a new object comes without a revision, but what is no number is none', async () => {
  const api = await testApi();
  const create = (resourceVersion: string, query = '') =>
    api.send('POST', `${configMaps}${query}`, { metadata: { name: `a${resourceVersion}`.toLowerCase(), resourceVersion } });
  assert.equal((await create('1')).status, 500);
  for (const text of ['0', 'x', '99999999999999999999']) assert.equal((await create(text)).status, 201, text);
  const { body } = await create('x', '?dryRun=All');
  assert.equal(body['reason'], 'AlreadyExists');
  const tried = await create('y', '?dryRun=All');
  assert.equal((tried.body['metadata'] as { resourceVersion?: string }).resourceVersion, 'y');
});
