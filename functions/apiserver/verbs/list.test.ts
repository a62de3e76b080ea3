import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestAnswer, type TestApi } from '../../../test/support/api-server.ts';
import type { KubeList } from '../../kube/object.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

/** Revision 1 is the namespace; the configmaps are 2, 3, … */
async function withConfigMaps(...names: string[]): Promise<TestApi> {
  const api = await testApi();
  for (const name of names) await api.send('POST', configMaps, { metadata: { name, labels: { first: name.slice(0, 1) } } });
  return api;
}

const listOf = ({ body }: TestAnswer): KubeList => body as unknown as KubeList;
const namesOf = (answer: TestAnswer): unknown[] => listOf(answer).items.map(({ metadata }) => metadata.name);

test('a list is in key order and carries its revision', async () => {
  const api = await withConfigMaps('b', 'a');
  const answer = await api.send('GET', configMaps);
  assert.deepEqual(namesOf(answer), ['a', 'b']);
  assert.equal(answer.body['kind'], 'ConfigMapList');
  assert.deepEqual(answer.body['metadata'], { resourceVersion: '3' });
});

test('pages share the first revision and count what is left', async () => {
  const api = await withConfigMaps('a', 'b', 'c', 'd', 'e');
  const first = await api.send('GET', `${configMaps}?limit=2`);
  await api.send('POST', configMaps, { metadata: { name: 'bb' } });
  const second = await api.send('GET', `${configMaps}?limit=2&continue=${listOf(first).metadata.continue}`);
  const third = await api.send('GET', `${configMaps}?limit=2&continue=${listOf(second).metadata.continue}`);
  assert.deepEqual([first, second, third].map(namesOf), [['a', 'b'], ['c', 'd'], ['e']]);
  const metadata = [first, second, third].map((answer) => listOf(answer).metadata);
  assert.deepEqual(
    metadata.map(({ resourceVersion }) => resourceVersion),
    ['6', '6', '6'],
  );
  assert.deepEqual(
    metadata.map(({ remainingItemCount }) => remainingItemCount),
    [3, 1, undefined],
  );
  assert.equal(metadata[2]?.continue, undefined);
});

test('a page that a selector filled goes on, whatever the rest of the list holds', async () => {
  const api = await withConfigMaps('a1', 'a2', 'b1');
  const path = `${configMaps}?limit=2&labelSelector=first%3Da`;
  const answer = await api.send('GET', path);
  assert.deepEqual(namesOf(answer), ['a1', 'a2']);
  const { continue: token, ...rest } = answer.body['metadata'] as Record<string, string>;
  assert.deepEqual(rest, { resourceVersion: '4' });
  const last = await api.send('GET', `${path}&continue=${token}`);
  assert.deepEqual([namesOf(last), last.body['metadata']], [[], { resourceVersion: '4' }]);
});

test('a list of one name is not paged', async () => {
  const api = await withConfigMaps('a1', 'a2');
  const answer = await api.send('GET', `${configMaps}?limit=1&fieldSelector=metadata.name%3Da1`);
  assert.deepEqual([namesOf(answer), answer.body['metadata']], [['a1'], { resourceVersion: '3' }]);
});

test('label and field selectors narrow a list', async () => {
  const api = await withConfigMaps('a1', 'a2', 'b1');
  assert.deepEqual(namesOf(await api.send('GET', `${configMaps}?labelSelector=first+in+(b,c)`)), ['b1']);
  assert.deepEqual(namesOf(await api.send('GET', `${configMaps}?fieldSelector=metadata.name!%3Da1`)), ['a2', 'b1']);
});

test('selectors that cannot be parsed are refused in the words of the field', async () => {
  const api = await withConfigMaps();
  const unknown = await api.send('GET', `${configMaps}?fieldSelector=data.x%3D1`);
  assert.equal(unknown.status, 400);
  assert.equal(unknown.body['message'], '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"');
  const ofPods = await api.send('GET', '/api/v1/pods?fieldSelector=spec.x%3D1');
  assert.equal(ofPods.body['message'], 'field label not supported: spec.x');
  for (const field of ['none', 'metadata.namespace']) {
    const ofSlices = await api.send('GET', `/apis/resource.k8s.io/v1/resourceslices?fieldSelector=${field}%3Dx`);
    assert.equal(ofSlices.body['message'], `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`);
  }
});

test('an exact resourceVersion is the state of that time', async () => {
  const api = await withConfigMaps('a', 'b');
  await api.send('DELETE', `${configMaps}/a`);
  assert.deepEqual(namesOf(await api.send('GET', `${configMaps}?resourceVersion=3&resourceVersionMatch=Exact`)), ['a', 'b']);
  assert.deepEqual(namesOf(await api.send('GET', `${configMaps}?resourceVersion=3&limit=500`)), ['a', 'b']);
  assert.deepEqual(namesOf(await api.send('GET', `${configMaps}?resourceVersion=3&resourceVersionMatch=NotOlderThan`)), ['b']);
  assert.deepEqual(namesOf(await api.send('GET', `${configMaps}?resourceVersion=0`)), ['b']);
});

test('a match without a resourceVersion is invalid', async () => {
  const api = await withConfigMaps();
  const { status, body } = await api.send('GET', `${configMaps}?resourceVersionMatch=Exact`);
  assert.equal(status, 422);
  assert.equal(
    body['message'],
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  );
});

test('a resourceVersion from the future times out with a cause that clients know', async () => {
  const api = await withConfigMaps();
  const asked = api.send('GET', `${configMaps}?resourceVersion=100`);
  await api.world.advance(4000);
  const { status, body, headers } = await asked;
  assert.equal(status, 504);
  assert.equal(body['reason'], 'Timeout');
  assert.equal(headers.get('retry-after'), '1');
  assert.deepEqual(body['details'], {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
});

/** Moves the compact revision above everything that was there. */
async function compact(api: TestApi): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await api.store.housekeep();
    await api.send('POST', configMaps, { metadata: { name: `round-${round}` } });
    await api.world.advance(25 * 3600 * 1000);
  }
  await api.store.housekeep();
}

test('an expired token comes with one that goes on without consistency', async () => {
  const api = await withConfigMaps('a', 'b', 'c');
  const first = await api.send('GET', `${configMaps}?limit=1`);
  await compact(api);
  const expired = await api.send('GET', `${configMaps}?limit=1&continue=${listOf(first).metadata.continue}`);
  assert.equal(expired.status, 410);
  assert.equal(expired.body['reason'], 'Expired');
  const token = (expired.body['metadata'] as { continue: string }).continue;
  const second = await api.send('GET', `${configMaps}?limit=1&continue=${token}`);
  assert.deepEqual(namesOf(second), ['b']);
});

test('a list of a revision that is gone is expired', async () => {
  const api = await withConfigMaps('a');
  await compact(api);
  const { status, body } = await api.send('GET', `${configMaps}?resourceVersion=1&resourceVersionMatch=Exact`);
  assert.equal(status, 410);
  assert.equal(body['message'], 'The resourceVersion for the provided list is too old.');
});

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

test('kubectl gets a table, with the metadata of each object', async () => {
  const api = await withConfigMaps('a');
  const { body } = await api.send('GET', configMaps, undefined, { accept: table });
  assert.equal(body['kind'], 'Table');
  assert.equal(body['apiVersion'], 'meta.k8s.io/v1');
  const [row] = body['rows'] as unknown as { cells: unknown[]; object: { kind: string; metadata: { name: string } } }[];
  assert.deepEqual(row?.cells, ['a', 0, '0s']);
  assert.equal(row?.object.kind, 'PartialObjectMetadata');
  assert.equal(row?.object.metadata.name, 'a');
});

test('a metadata-only client gets nothing else', async () => {
  const api = await withConfigMaps('a');
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
  const { body } = await api.send('GET', configMaps, undefined, { accept });
  assert.equal(body['kind'], 'PartialObjectMetadataList');
  const [item] = body['items'] as { kind: string }[];
  assert.deepEqual(Object.keys(item ?? {}), ['kind', 'apiVersion', 'metadata']);
});

test('a client that asks for a deprecated version gets a warning', async () => {
  const api = await testApi();
  const { headers } = await api.fetch('/api/v1/namespaces/default/endpoints');
  assert.equal(headers.get('warning'), '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"');
});
