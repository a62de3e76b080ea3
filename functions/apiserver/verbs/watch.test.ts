import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { KubeObject } from '../../kube/object.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, labels: Record<string, string> = {}): object => ({ metadata: { name, labels } });

interface Event {
  readonly type: string;
  readonly object: KubeObject;
}

interface Watching {
  /** The events that arrived since the last call. */
  arrived(): Promise<string[]>;
  events(): Promise<Event[]>;
  leave(): Promise<void>;
  readonly isOver: () => boolean;
}

async function watch(api: TestApi, query: string, headers: Record<string, string> = {}, path = configMaps): Promise<Watching> {
  const response = await api.fetch(`${path}?watch=true&${query}`, { headers });
  assert.equal(response.status, 200);
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let over = false;
  const read = async (): Promise<void> => {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) text += decoder.decode(chunk.value);
    over = true;
  };
  void read();
  const events = async (): Promise<Event[]> => {
    await api.world.settle();
    const lines = text.split('\n').filter((line) => line !== '');
    text = '';
    return lines.map((line) => JSON.parse(line) as Event);
  };
  return {
    events,
    arrived: async () =>
      (await events()).map(({ type, object }) => `${type} ${object.metadata.name ?? ''}@${object.metadata.resourceVersion}`),
    leave: () => reader.cancel(),
    isOver: () => over,
  };
}

test('a watch from a revision sends what came after it, in order', async () => {
  const api = await testApi();
  await api.send('POST', configMaps, configMap('a'));
  const watching = await watch(api, 'resourceVersion=2');
  await api.send('POST', configMaps, configMap('b'));
  await api.send('PATCH', `${configMaps}/a`, { data: { x: '1' } }, { 'content-type': 'application/merge-patch+json' });
  await api.send('DELETE', `${configMaps}/b`);
  assert.deepEqual(await watching.arrived(), ['ADDED b@3', 'MODIFIED a@4', 'DELETED b@5']);
});

test('an event is a line with the whole object', async () => {
  const api = await testApi();
  const watching = await watch(api, 'resourceVersion=1');
  const { body } = await api.send('POST', configMaps, configMap('a'));
  assert.deepEqual(await watching.events(), [{ type: 'ADDED', object: body }]);
});

test('a watch without a revision begins with what is there', async () => {
  const api = await testApi();
  await api.send('POST', configMaps, configMap('a'));
  const watching = await watch(api, '');
  await api.send('POST', configMaps, configMap('b'));
  assert.deepEqual(await watching.arrived(), ['ADDED a@2', 'ADDED b@3']);
});

test('a bookmark ends the initial events of a watch list', async () => {
  const api = await testApi();
  await api.send('POST', configMaps, configMap('a'));
  const watching = await watch(api, 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true');
  const [added, bookmark] = await watching.events();
  assert.equal(added?.object.metadata.name, 'a');
  assert.equal(bookmark?.type, 'BOOKMARK');
  assert.deepEqual(bookmark?.object, {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: {
      resourceVersion: '2',
      annotations: { 'k8s.io/initial-events-end': 'true' },
    },
  });
  await api.send('POST', configMaps, configMap('b'));
  assert.deepEqual(await watching.arrived(), ['ADDED b@3']);
});

test('a watch list must name the state that it wants', async () => {
  const api = await testApi();
  const { status, body } = await api.send('GET', `${configMaps}?watch=true&sendInitialEvents=true`);
  assert.equal(status, 422);
  assert.equal(
    body['message'],
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  );
});

test('a selector sees objects come and go as their labels change', async () => {
  const api = await testApi();
  const watching = await watch(api, 'resourceVersion=1&labelSelector=a%3D1');
  const label = (value: string): Promise<unknown> =>
    api.send('PATCH', `${configMaps}/c`, { metadata: { labels: { a: value } } }, { 'content-type': 'application/merge-patch+json' });
  await api.send('POST', configMaps, configMap('c', { a: '0' }));
  await label('1');
  await api.send('PATCH', `${configMaps}/c`, { data: { x: '1' } }, { 'content-type': 'application/merge-patch+json' });
  await label('2');
  await label('3');
  await label('1');
  await api.send('DELETE', `${configMaps}/c`);
  assert.deepEqual(await watching.arrived(), ['ADDED c@3', 'MODIFIED c@4', 'DELETED c@5', 'ADDED c@7', 'DELETED c@8']);
});

test('other namespaces and resources are not seen', async () => {
  const api = await testApi();
  await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
  const watching = await watch(api, 'resourceVersion=2');
  await api.send('POST', '/api/v1/namespaces/other/configmaps', configMap('x'));
  await api.send('POST', '/api/v1/namespaces/default/secrets', configMap('y'));
  assert.deepEqual(await watching.arrived(), []);
});

test('the watch ends when its time is up, with a last bookmark', async () => {
  const api = await testApi();
  const watching = await watch(api, 'resourceVersion=1&timeoutSeconds=30&allowWatchBookmarks=true');
  await api.world.advance(29_000);
  assert.equal(watching.isOver(), false);
  await api.world.advance(2_000);
  assert.deepEqual(await watching.arrived(), ['BOOKMARK @1']);
  assert.equal(watching.isOver(), true);
});

test('bookmarks come every minute, to those who asked for them', async () => {
  const api = await testApi();
  const asked = await watch(api, 'resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=600');
  const silent = await watch(api, 'resourceVersion=1&timeoutSeconds=600');
  await api.send('POST', configMaps, configMap('a'));
  await api.world.advance(61_000);
  assert.deepEqual(await asked.arrived(), ['ADDED a@2', 'BOOKMARK @2']);
  assert.deepEqual(await silent.arrived(), ['ADDED a@2']);
});

test('an error event reports that the revision is gone', async () => {
  const api = await testApi();
  for (let round = 0; round < 3; round += 1) {
    await api.store.housekeep();
    await api.send('POST', configMaps, configMap(`round-${round}`));
    await api.world.advance(25 * 3600 * 1000);
  }
  await api.store.housekeep();
  const watching = await watch(api, 'resourceVersion=1');
  const [event] = await watching.events();
  assert.deepEqual(event, {
    type: 'ERROR',
    object: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'The resourceVersion for the provided watch is too old.',
      reason: 'Expired',
      code: 410,
    },
  });
  assert.equal(watching.isOver(), true);
});

test('only the first table of a watch describes the columns', async () => {
  const api = await testApi();
  const watching = await watch(api, 'resourceVersion=1', { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  await api.send('POST', configMaps, configMap('a'));
  await api.send('POST', configMaps, configMap('b'));
  const tables = (await watching.events()).map(
    ({ object }) => object as unknown as { columnDefinitions: unknown; rows: { cells: unknown[] }[] },
  );
  assert.equal(Array.isArray(tables[0]?.columnDefinitions), true);
  assert.equal(tables[1]?.columnDefinitions, null);
  assert.deepEqual(
    tables.map(({ rows }) => rows[0]?.cells[0]),
    ['a', 'b'],
  );
});

test('a bookmark of events, which have no time, is a row of a table', async () => {
  const api = await testApi();
  const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const response = await api.fetch(`/api/v1/namespaces/default/events?${query}`, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  });
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  const { type, object } = JSON.parse(Buffer.from(value!).toString()) as { type: string; object: { rows: { cells: unknown[] }[] } };
  assert.deepEqual([type, object.rows[0]?.cells[0]], ['BOOKMARK', '<unknown>']);
});

test('a client that leaves ends the watch', async () => {
  const api = await testApi();
  const watching = await watch(api, 'resourceVersion=1');
  await watching.leave();
  await api.send('POST', configMaps, configMap('a'));
  assert.deepEqual(await watching.arrived(), []);
  assert.deepEqual(api.world.lines, []);
});

const mergePatch = { 'content-type': 'application/merge-patch+json' };

for (const [form, accept] of [
  ['object', 'application/json'],
  ['Table', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
  ['PartialObjectMetadata', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'],
] as const) {
  test(`an object that leaves a label selector is deleted with its former labels, as ${form}`, async () => {
    const api = await testApi();
    await api.send('POST', configMaps, { ...configMap('a', { watched: '' }), data: { a: '1' } });
    const watching = await watch(api, 'labelSelector=watched&resourceVersion=2&includeObject=Object', { accept });
    const change = { metadata: { labels: { watched: null, other: 'x' } }, data: { a: '2' } };
    await api.send('PATCH', `${configMaps}/a`, change, mergePatch);
    const [{ type, object } = assert.fail('no event')] = await watching.events();
    const { rows } = object as KubeObject & { rows?: readonly { object: KubeObject }[] };
    const former = (rows?.[0]?.object ?? object) as KubeObject & { data?: object };
    assert.equal(type, 'DELETED');
    assert.deepEqual([former.metadata.labels, former.metadata.resourceVersion], [{ watched: '' }, '3']);
    assert.deepEqual(former.data, form === 'PartialObjectMetadata' ? undefined : { a: '1' });
  });
}

test('an object that leaves a field selector is deleted as it was', async () => {
  const api = await testApi();
  const pods = '/api/v1/namespaces/default/pods';
  await api.send('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const watching = await watch(api, 'fieldSelector=status.phase%3DPending&resourceVersion=2', {}, pods);
  await api.send('PATCH', `${pods}/p/status`, { status: { phase: 'Running' } }, mergePatch);
  const [{ type, object } = assert.fail('no event')] = await watching.events();
  const { status } = object as KubeObject & { status: { phase: string } };
  assert.deepEqual([type, status.phase, object.metadata.resourceVersion], ['DELETED', 'Pending', '3']);
});

test('a watch from any state marks where that state ends, for a client of bookmarks', async () => {
  const api = await testApi();
  await api.send('POST', configMaps, configMap('a'));
  for (const [query, marks] of [
    ['allowWatchBookmarks=true', ['true']],
    ['allowWatchBookmarks=true&resourceVersion=0', ['true']],
    ['resourceVersion=0', []],
    ['allowWatchBookmarks=true&resourceVersion=1', []],
  ] as const) {
    const watching = await watch(api, query);
    const events = await watching.events();
    await watching.leave();
    const ends = events.flatMap(({ object }) => object.metadata.annotations?.['k8s.io/initial-events-end'] ?? []);
    assert.deepEqual(ends, marks, query);
  }
});
