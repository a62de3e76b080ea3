import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';

interface Operation {
  readonly parameters: { readonly name: string }[];
  readonly 'x-kubernetes-group-version-kind': object;
  readonly 'x-kubernetes-action': string;
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, JsonObject> };
  readonly definitions: Record<string, JsonObject>;
}

test('the index leads to a document under its hash, which may be kept for ever', async () => {
  const api = await testApi();
  const { body } = await api.send('GET', '/openapi/v3');
  const url = (body['paths'] as Record<string, { serverRelativeURL: string }>)['apis/apps/v1']?.serverRelativeURL ?? '';
  assert.match(url, /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
  const { status, headers } = await api.send('GET', url);
  assert.equal(status, 200);
  assert.equal(headers.get('cache-control'), 'public, immutable');
  assert.equal(headers.get('etag'), `"${url.split('hash=')[1]}"`);
  assert.equal((await api.fetch(url, { headers: { 'if-none-match': headers.get('etag') ?? '' } })).status, 304);
});

test('a wrong hash is led to the right one', async () => {
  const api = await testApi();
  const response = await api.fetch('/openapi/v3/apis/apps/v1?hash=OLD', { redirect: 'manual' });
  assert.equal(response.status, 301);
  assert.match(response.headers.get('location') ?? '', /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/);
});

test('kubectl finds that the server validates fields', async () => {
  const api = await testApi();
  const document = (await api.send('GET', '/openapi/v3/apis/apps/v1')).body as unknown as Document;
  const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.['patch'];
  assert.deepEqual(patch?.['x-kubernetes-group-version-kind'], { group: 'apps', version: 'v1', kind: 'Deployment' });
  assert.equal(patch?.['x-kubernetes-action'], 'patch');
  assert.equal(
    patch?.parameters.some(({ name }) => name === 'fieldValidation'),
    true,
  );
});

/** All references of a document, wherever they stand. */
const referencesIn = (document: object): string[] =>
  [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target = '']) => target);

test('every reference of every document leads somewhere', async () => {
  const api = await testApi();
  const index = (await api.send('GET', '/openapi/v3')).body['paths'] as Record<string, { serverRelativeURL: string }>;
  for (const { serverRelativeURL } of Object.values(index)) {
    const document = (await api.send('GET', serverRelativeURL)).body as unknown as Document;
    const known = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    assert.deepEqual(
      referencesIn(document).filter((target) => !known.has(target)),
      [],
      serverRelativeURL,
    );
  }
  const v2 = (await api.send('GET', '/openapi/v2')).body as unknown as Document;
  const definitions = new Set(Object.keys(v2.definitions).map((name) => `#/definitions/${name}`));
  assert.deepEqual(
    referencesIn(v2).filter((target) => !definitions.has(target)),
    [],
  );
});

test('a schema says which kind it is', async () => {
  const api = await testApi();
  const document = (await api.send('GET', '/openapi/v3/api/v1')).body as unknown as Document;
  assert.deepEqual(document.components.schemas['io.k8s.api.core.v1.Pod']?.['x-kubernetes-group-version-kind'], [
    { group: '', version: 'v1', kind: 'Pod' },
  ]);
});

test('in version 3 nothing stands beside a reference', async () => {
  const api = await testApi();
  const document = (await api.send('GET', '/openapi/v3/api/v1')).body as unknown as Document;
  const properties = document.components.schemas['io.k8s.api.core.v1.Pod']?.['properties'] as Record<string, JsonObject> | undefined;
  assert.deepEqual(properties?.['spec'], { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }], default: {} });
});
