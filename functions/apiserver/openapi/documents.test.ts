import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';
import type { Descriptions } from './descriptions.ts';

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: object; readonly required?: boolean };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
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

async function documentsOf(api: TestApi): Promise<Document[]> {
  const index = (await api.send('GET', '/openapi/v3')).body['paths'] as Record<string, { serverRelativeURL: string }>;
  const answers = await Promise.all(Object.values(index).map(({ serverRelativeURL }) => api.send('GET', serverRelativeURL)));
  return answers.map(({ body }) => body as unknown as Document);
}

const operationsOf = ({ paths }: Document): Operation[] =>
  Object.values(paths).flatMap((path) =>
    Object.entries(path).flatMap(([method, operation]) => (method === 'parameters' ? [] : [operation])),
  );

test('no two operations have one name', async () => {
  const ids = (await documentsOf(await testApi())).flatMap(operationsOf).map(({ operationId }) => operationId);
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  );
  assert.ok(ids.includes('createAppsV1NamespacedDeployment'));
  assert.ok(ids.includes('listCoreV1PodForAllNamespaces'));
  assert.ok(ids.includes('connectCoreV1GetNamespacedPodExec'));
});

test('an operation says what it takes and what it answers', async () => {
  const api = await testApi();
  const { paths } = (await api.send('GET', '/openapi/v3/api/v1')).body as unknown as Document;
  const reference = (name: string): object => ({ schema: { $ref: `#/components/schemas/${name}` } });
  const answers = (path: string, method: string): object =>
    Object.fromEntries(
      Object.entries(paths[path]?.[method]?.responses ?? {}).map(([code, { content = {} }]) => [code, content['application/json'] ?? {}]),
    );
  const status = reference('io.k8s.apimachinery.pkg.apis.meta.v1.Status');
  const pods = '/api/v1/namespaces/{namespace}/pods';
  assert.deepEqual(answers(pods, 'post'), { '201': reference('io.k8s.api.core.v1.Pod'), default: status });
  assert.deepEqual(answers(`${pods}/{name}/binding`, 'post'), { '201': status, default: status });
  assert.deepEqual(paths[pods]?.['get']?.responses['200']?.content?.['application/json;stream=watch'], {
    ...reference('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent'),
  });
  assert.deepEqual(paths[`${pods}/{name}/log`]?.['get']?.responses['200']?.content, { 'text/plain': { schema: { type: 'string' } } });
  assert.deepEqual(answers('/api/v1/namespaces/{namespace}/configmaps/{name}', 'delete'), {
    '200': status,
    '202': status,
    default: status,
  });
  assert.equal(paths[`${pods}/{name}`]?.['delete']?.requestBody?.required, undefined);
});

test('descriptions that are handed in reach kinds and fields, and are asked for once', async () => {
  let asked = 0;
  const descriptions = async (): Promise<Descriptions> => {
    asked += 1;
    return { 'io.k8s.api.core.v1.Pod': { '': 'Runs containers.', spec: 'What is wanted.' } };
  };
  const api = await testApi({ descriptions });
  assert.equal(asked, 0);
  const document = (await api.send('GET', '/openapi/v3/api/v1')).body as unknown as Document;
  const pod = document.components.schemas['io.k8s.api.core.v1.Pod'] as { description: string; properties: Record<string, object> };
  assert.equal(pod.description, 'Runs containers.');
  assert.deepEqual(pod.properties['spec'], {
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
    description: 'What is wanted.',
    default: {},
  });
  await api.send('GET', '/openapi/v2');
  assert.equal(asked, 1);
});
