import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';

const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

interface Discovered {
  readonly metadata: { readonly name?: string };
  readonly versions: { readonly version: string; readonly resources: (JsonObject & { resource: string; subresources?: JsonObject[] })[] }[];
}

test('aggregated discovery describes everything at once', async () => {
  const api = await testApi();
  const { body, headers } = await api.send('GET', '/apis', undefined, { accept: aggregated });
  assert.equal(headers.get('content-type'), 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  assert.equal(headers.get('vary'), 'Accept');
  const apps = (body['items'] as unknown as Discovered[]).find(({ metadata }) => metadata.name === 'apps');
  const deployments = apps?.versions[0]?.resources.find(({ resource }) => resource === 'deployments');
  assert.deepEqual(deployments, {
    resource: 'deployments',
    responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
    scope: 'Namespaced',
    singularResource: 'deployment',
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    shortNames: ['deploy'],
    categories: ['all'],
    subresources: [
      { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get', 'patch', 'update'] },
      { subresource: 'status', responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' }, verbs: ['get', 'patch', 'update'] },
    ],
  });
});

test('an older client gets the older form', async () => {
  const api = await testApi();
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
  const { body } = await api.send('GET', '/api', undefined, { accept });
  assert.equal(body['apiVersion'], 'apidiscovery.k8s.io/v2beta1');
});

test('a client that has the document already gets 304', async () => {
  const api = await testApi();
  const first = await api.fetch('/apis', { headers: { accept: aggregated } });
  const etag = first.headers.get('etag') ?? '';
  const again = await api.fetch('/apis', { headers: { accept: aggregated, 'if-none-match': etag } });
  assert.equal(again.status, 304);
  assert.equal(again.headers.get('etag'), etag);
});

test('without aggregation, groups and versions are read one by one', async () => {
  const api = await testApi();
  assert.deepEqual((await api.send('GET', '/api')).body['versions'], ['v1']);
  const groups = (await api.send('GET', '/apis')).body['groups'] as JsonObject[];
  assert.equal(groups[0]?.['name'], 'apiregistration.k8s.io');
  assert.deepEqual(groups[0]?.['preferredVersion'], { groupVersion: 'apiregistration.k8s.io/v1', version: 'v1' });
  assert.equal((await api.send('GET', '/apis/apps')).body['kind'], 'APIGroup');
  const { body } = await api.send('GET', '/api/v1');
  const resources = body['resources'] as JsonObject[];
  assert.deepEqual(
    resources.find(({ name }) => name === 'pods/eviction'),
    {
      name: 'pods/eviction',
      singularName: '',
      namespaced: true,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    },
  );
});

test('a group or version that is not served is not found', async () => {
  const api = await testApi();
  for (const path of ['/apis/nothing.example', '/apis/apps/v9', '/api/v2']) assert.equal((await api.fetch(path)).status, 404, path);
});
