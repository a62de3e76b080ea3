import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { builtIn } from '../../kube/schema.ts';
import type { JsonObject } from '../../kube/object.ts';
import { definition, type AnyDefinition } from '../../resources/definition.ts';
import { customKindSource } from '../../cluster-store.ts';
import type { KindSource } from './live-registry.ts';

/** Each ConfigMap of `kube-kinds` declares a kind whose plural is its name. */
const declaredByConfigMaps: KindSource = {
  resource: 'configmaps',
  kinds: (view) => view.list('configmaps', 'kube-kinds').map(({ key }) => declared(key.name)),
};

const declared = (resource: string): AnyDefinition =>
  definition({
    type: { group: 'example.com', version: 'v1', resource, kind: 'Widget', namespaced: true },
    schema: builtIn('io.k8s.api.core.v1.ConfigMap'),
    singular: 'widget',
    columns: [],
    hasStrategicMerge: false,
  });

async function twoProcesses() {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const first = await testApi({ sources: [declaredByConfigMaps], world, table });
  const second = await testApi({ sources: [declaredByConfigMaps], world, table });
  await first.send('POST', '/api/v1/namespaces', { metadata: { name: 'kube-kinds' } });
  return { first, second };
}

const widgets = '/apis/example.com/v1/namespaces/default/widgets';
const widget = (name: string): JsonObject => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name } });
const declaration = '/api/v1/namespaces/kube-kinds/configmaps';

test('a kind is served by every process from the revision on that declares it', async () => {
  const { first, second } = await twoProcesses();
  assert.equal((await second.fetch(widgets)).status, 404);
  await first.send('POST', declaration, { metadata: { name: 'widgets' } });
  assert.equal((await second.send('POST', widgets, { ...widget('w'), data: { a: '1' } })).status, 201);
  const listed = await first.send('GET', widgets);
  assert.deepEqual([listed.status, listed.body['kind']], [200, 'WidgetList']);
  const patch = { 'content-type': 'application/merge-patch+json' };
  assert.equal((await first.send('PATCH', `${widgets}/w`, { data: { a: '2' } }, patch)).status, 200);
  for (const api of [first, second]) {
    const { body } = await api.send('GET', '/apis/example.com/v1');
    assert.deepEqual(
      (body['resources'] as JsonObject[]).map(({ name }) => name),
      ['widgets'],
    );
    assert.ok('apis/example.com/v1' in ((await api.send('GET', '/openapi/v3')).body['paths'] as JsonObject));
  }
});

test('a process that has not read that a kind is gone writes no object of it', async () => {
  const { first, second } = await twoProcesses();
  await first.send('POST', declaration, { metadata: { name: 'widgets' } });
  assert.equal((await second.send('POST', widgets, widget('before'))).status, 201);
  await first.send('DELETE', `${declaration}/widgets`);
  assert.equal((await second.send('POST', widgets, widget('after'))).status, 404);
  const stored = (await first.store.fresh()).list('widgets.example.com');
  assert.deepEqual(
    stored.map(({ key }) => key.name),
    ['before'],
  );
});

test('a process that has not read that a kind is gone lists no objects of it', async () => {
  const { first, second } = await twoProcesses();
  await first.send('POST', declaration, { metadata: { name: 'widgets' } });
  assert.equal((await second.send('GET', widgets)).status, 200);
  await first.send('DELETE', `${declaration}/widgets`);
  assert.equal((await second.send('GET', widgets)).status, 404);
});

test('a kind is gone from every process once its declaration is', async () => {
  const { first, second } = await twoProcesses();
  await first.send('POST', declaration, { metadata: { name: 'widgets' } });
  assert.equal((await second.send('GET', widgets)).status, 200);
  await first.send('DELETE', `${declaration}/widgets`);
  for (const api of [first, second]) {
    assert.equal((await api.fetch('/apis/example.com/v1')).status, 404);
    assert.equal((await api.fetch(widgets)).status, 404);
  }
});

test('two clusters of one process serve a kind of the same name by the schema of each', async () => {
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const definitionWith = (field: string): JsonObject => {
    const schema = { type: 'object', properties: { spec: { type: 'object', properties: { [field]: { type: 'string' } } } } };
    const names = { plural: 'widgets', kind: 'Widget' };
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }];
    return { metadata: { name: 'widgets.example.com' }, spec: { group: 'example.com', scope: 'Namespaced', names, versions } };
  };
  const specOf = async (field: string): Promise<unknown> => {
    const api = await testApi({ sources: [customKindSource] });
    await api.send('POST', definitions, definitionWith(field));
    return (await api.send('POST', widgets, { ...widget('w'), spec: { size: 's', tone: 't' } })).body['spec'];
  };
  assert.deepEqual(await Promise.all([specOf('size'), specOf('tone')]), [{ size: 's' }, { tone: 't' }]);
});
