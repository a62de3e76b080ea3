import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import type { JsonObject, KubeObject } from '../../kube/object.ts';

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const applyType = { 'content-type': 'application/apply-patch+yaml' };

const container = (more: object): object => ({ name: 'c', image: 'i:1', ...more });
const deployment = (spec: object, metadata: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec,
});
const whole = (more: object = {}): object =>
  deployment({
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container({})] } },
    ...more,
  });

type Api = Awaited<ReturnType<typeof testApi>>;

const apply = (api: Api, manager: string, body: object, more = '') =>
  api.send('PATCH', `${deployments}/web?fieldManager=${manager}${more}`, body, applyType);

const managersOf = (body: JsonObject): string[] =>
  ((body as JsonObject & KubeObject).metadata.managedFields ?? []).map(({ manager = '', operation = '' }) => `${manager} ${operation}`);
const fieldsOf = (body: JsonObject, manager: string): unknown =>
  (body as JsonObject & KubeObject).metadata.managedFields?.find((entry) => entry.manager === manager)?.fieldsV1;

test('an apply creates what is not there, and its manager owns the fields in it', async () => {
  const api = await testApi();
  const { status, body } = await apply(api, 'one', whole());
  assert.equal(status, 201);
  assert.deepEqual(managersOf(body), ['one Apply']);
  const containers = { 'k:{"name":"c"}': { '.': {}, 'f:image': {}, 'f:name': {} } };
  assert.deepEqual(fieldsOf(body, 'one'), {
    'f:spec': {
      'f:selector': {},
      'f:template': { 'f:metadata': { 'f:labels': { 'f:a': {} } }, 'f:spec': { 'f:containers': containers } },
    },
  });
});

test('a field of another manager is refused by its path, and taken by force', async () => {
  const api = await testApi();
  await apply(api, 'one', whole({ replicas: 2 }));
  const refused = await apply(api, 'two', deployment({ replicas: 3 }));
  assert.deepEqual(
    [refused.status, refused.body['reason'], refused.body['message']],
    [409, 'Conflict', 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'],
  );
  const { body } = await apply(api, 'two', deployment({ replicas: 3 }), '&force=true');
  assert.deepEqual(fieldsOf(body, 'two'), { 'f:spec': { 'f:replicas': {} } });
  assert.ok(!JSON.stringify(fieldsOf(body, 'one')).includes('f:replicas'));
});

test('a field that its only manager no longer applies goes, a shared one stays', async () => {
  const api = await testApi();
  await apply(
    api,
    'one',
    whole({ template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container({ tty: true, stdin: true })] } } }),
  );
  await apply(api, 'two', deployment({ template: { spec: { containers: [{ name: 'c', tty: true }] } } }));
  const { body } = await apply(api, 'one', whole());
  const { spec } = body as unknown as { spec: { template: { spec: { containers: { tty?: boolean; stdin?: boolean }[] } } } };
  assert.deepEqual([spec.template.spec.containers[0]?.tty, spec.template.spec.containers[0]?.stdin], [true, undefined]);
});

test('an apply that changes nothing writes nothing', async () => {
  const api = await testApi();
  const first = await apply(api, 'one', whole());
  await api.world.advance(60_000);
  const second = await apply(api, 'one', whole());
  assert.deepEqual([second.status, second.body], [200, first.body]);
});

test('who applies has to name the manager', async () => {
  const api = await testApi();
  const { status, body } = await api.send('PATCH', `${deployments}/web`, whole(), applyType);
  assert.equal(status, 422);
  assert.equal(body['message'], 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch');
});

test('an unknown field is refused', async () => {
  const api = await testApi();
  const { status, body } = await apply(api, 'one', whole({ foo: 1 }));
  assert.equal(status, 500);
  const message = 'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema';
  assert.equal(body['message'], message);
});

test('a key that comes twice is named with its line', async () => {
  const api = await testApi();
  const body = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  replicas: 2\n';
  const answer = await api.send('PATCH', `${deployments}/web?fieldManager=one&fieldValidation=Strict`, body, applyType);
  const problem = 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "replicas" already set in map';
  assert.deepEqual([answer.status, answer.body['message']], [400, `error strict decoding patch: ${problem}`]);
});

test('kubectl takes over what it applied by its annotation', async () => {
  const api = await testApi();
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const last = whole({ replicas: 2 });
  const annotated = { ...last, metadata: { name: 'web', annotations: { [annotation]: JSON.stringify(last) } } };
  await api.send('POST', `${deployments}?fieldManager=kubectl-client-side-apply`, annotated);
  const other = await apply(api, 'other', whole({ replicas: 3 }));
  assert.equal(other.status, 409);
  const { status, body } = await apply(api, 'kubectl', whole({ replicas: 3 }));
  assert.equal(status, 200);
  const { metadata } = body as JsonObject & KubeObject;
  assert.equal(metadata.annotations?.[annotation], `${JSON.stringify(sortedFields(whole({ replicas: 3 })))}\n`);
});

function sortedFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedFields);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, part]) => [name, sortedFields(part)]));
}

test('an update owns what it changes, and only that', async () => {
  const api = await testApi();
  await apply(api, 'one', whole());
  const merge = { 'content-type': 'application/merge-patch+json' };
  const { body } = await api.send('PATCH', `${deployments}/web?fieldManager=two`, { metadata: { labels: { x: 'y' } } }, merge);
  assert.deepEqual(fieldsOf(body, 'two'), { 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } });
});

for (const managedFields of [[], [{}]]) {
  test(`managers sent as ${JSON.stringify(managedFields)} are emptied, and the next apply finds one for all fields`, async () => {
    const api = await testApi();
    await apply(api, 'one', whole());
    const merge = { 'content-type': 'application/merge-patch+json' };
    const { body } = await api.send('PATCH', `${deployments}/web`, { metadata: { managedFields } }, merge);
    assert.deepEqual(managersOf(body), []);
    const next = await apply(api, 'two', deployment({ replicas: 1 }));
    assert.deepEqual(managersOf(next.body), ['two Apply', 'before-first-apply Update']);
  });
}

test('the oldest of more than ten managers that update share an entry', async () => {
  const api = await testApi();
  await apply(api, 'one', whole());
  const merge = { 'content-type': 'application/merge-patch+json' };
  let last: JsonObject = {};
  for (let n = 0; n < 12; n += 1) {
    await api.world.advance(1000);
    const patch = { metadata: { labels: { [`l${n}`]: 'x' } } };
    last = (await api.send('PATCH', `${deployments}/web?fieldManager=m${n}`, patch, merge)).body;
  }
  assert.deepEqual(managersOf(last), ['one Apply', 'ancient-changes Update', ...[3, 4, 5, 6, 7, 8, 9, 10, 11].map((n) => `m${n} Update`)]);
});

test('a dry run of an apply stores nothing', async () => {
  const api = await testApi();
  const { status } = await apply(api, 'one', whole(), '&dryRun=All');
  const { status: read } = await api.send('GET', `${deployments}/web`);
  assert.deepEqual([status, read], [201, 404]);
});

test('who may not create is refused an apply of what is not there', async () => {
  const authorize = async (_user: unknown, { verb }: { verb: string }) => ({ allowed: verb !== 'create', reason: 'no rule' });
  const api = await testApi({ authorizer: { authorize } });
  const { status, body } = await api.send(
    'PATCH',
    '/api/v1/namespaces/default?fieldManager=one',
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    applyType,
  );
  assert.deepEqual([status, body['message']], [403, 'namespaces "default" is forbidden: no rule']);
});

const scale = (api: Api, manager: string, replicas: number, type = 'application/merge-patch+json') =>
  api.send(
    'PATCH',
    `${deployments}/web/scale?fieldManager=${manager}`,
    { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas } },
    { 'content-type': type },
  );

test('a Scale takes the number from its manager in the parent, as an entry of the subresource', async () => {
  const api = await testApi();
  await apply(api, 'one', whole({ replicas: 2 }));
  await scale(api, 'scaler', 3);
  const { body } = await api.send('GET', `${deployments}/web`);
  assert.deepEqual(managersOf(body), ['one Apply', 'scaler Update']);
  assert.deepEqual(fieldsOf(body, 'scaler'), { 'f:spec': { 'f:replicas': {} } });
  assert.ok(!JSON.stringify(fieldsOf(body, 'one')).includes('f:replicas'));
});

test('an apply of a Scale conflicts with the manager of the number in the parent', async () => {
  const api = await testApi();
  await apply(api, 'one', whole({ replicas: 2 }));
  const { status, body } = await scale(api, 'scaler', 3, applyType['content-type']);
  assert.deepEqual([status, body['message']], [409, 'Apply failed with 1 conflict: conflict with "one": .spec.replicas']);
});

test('the status endpoint gives no manager what it resets', async () => {
  const api = await testApi();
  await apply(api, 'one', whole());
  const body = { ...whole({ replicas: 7 }), status: { replicas: 1 } };
  const answer = await api.send('PATCH', `${deployments}/web/status?fieldManager=two`, body, applyType);
  assert.deepEqual(fieldsOf(answer.body, 'two'), { 'f:status': { 'f:replicas': {} } });
});

test('a whole number that is too large for its field wraps, as Go converts it', async () => {
  const api = await testApi();
  const { body } = await apply(api, 'one', whole({ minReadySeconds: 2 ** 32 + 7 }));
  assert.equal((body['spec'] as JsonObject)['minReadySeconds'], 7);
});

test('a required list that no manager applies any more is written as null', async () => {
  const api = await testApi();
  const limitRange = (spec: object): object => ({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec });
  const send = (spec: object) =>
    api.send('PATCH', '/api/v1/namespaces/default/limitranges/l?fieldManager=one', limitRange(spec), applyType);
  await send({ limits: [{ type: 'Container', max: { cpu: '2' } }] });
  const { body } = await send({});
  assert.deepEqual(body['spec'], { limits: null });
});

test('a version that cannot be one hides the kind in the refusal', async () => {
  const api = await testApi();
  const { body } = await apply(api, 'one', { ...whole(), apiVersion: 'a/b/c' });
  assert.equal(body['message'], 'invalid object type: /, Kind=');
});

test('YAML with a mapping where none may be is refused in the words of the Go library', async () => {
  const api = await testApi();
  const { body } = await api.send('PATCH', `${deployments}/web?fieldManager=one`, 'a: b: c', applyType);
  assert.equal(body['message'], 'error encoding patch: yaml: mapping values are not allowed in this context');
});
