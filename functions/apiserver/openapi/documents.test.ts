import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import { customKindSource } from '../../cluster-store.ts';
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

test('a kind takes each patch that its document names, which kubectl sends', async () => {
  const api = await testApi({ sources: [customKindSource] });
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const spec = {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Oven', plural: 'ovens', singular: 'oven' },
    versions: [{ name: 'v1', served: true, storage: true, schema }],
  };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'ovens.example.com' },
    spec,
  };
  assert.equal((await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)).status, 201);
  const [root, oven] = ['/apis/example.com/v1', { apiVersion: 'example.com/v1', kind: 'Oven', metadata: { name: 'a' } }];
  const ovens = `${root}/namespaces/default/ovens`;
  assert.equal((await api.send('POST', ovens, oven)).status, 201);
  const document = (await api.send('GET', `/openapi/v3${root}`)).body as unknown as Document;
  const named = Object.keys(document.paths[`${root}/namespaces/{namespace}/ovens/{name}`]?.['patch']?.requestBody?.content ?? {});
  assert.deepEqual(named, ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']);
  for (const type of named) {
    const patch = type.startsWith('application/json-patch') ? [] : oven;
    const { status, body } = await api.send('PATCH', `${ovens}/a?fieldManager=test`, patch, { 'content-type': type });
    assert.equal(status, 200, `${type}: ${JSON.stringify(body)}`);
  }
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

test('a schema names its kind', async () => {
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

test('an operation lists what it takes and what it answers', async () => {
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

/** A Response of the HTTPS host, where one has replaced the global class, has no bytes(). */
const bytesOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

const protobufType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

test('version 2 is protobuf for those who want it, by either of its names', async () => {
  const api = await testApi();
  for (const accept of [protobufType, 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf', `text/html, ${protobufType}, */*`]) {
    const response = await api.fetch('/openapi/v2', { headers: { accept } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), protobufType);
    assert.deepEqual([...(await bytesOf(response)).subarray(0, 5)], [0x0a, 3, ...Buffer.from('2.0')]);
  }
  for (const accept of ['*/*', 'application/*', `application/json, ${protobufType}`, `${protobufType};q=0.5, application/json`]) {
    assert.equal((await api.fetch('/openapi/v2', { headers: { accept } })).headers.get('content-type'), 'application/json', accept);
  }
});

test('both forms of version 2 have one tag, and depend on what was accepted', async () => {
  const api = await testApi();
  const json = await api.fetch('/openapi/v2');
  const protobuf = await api.fetch('/openapi/v2', { headers: { accept: protobufType } });
  assert.match(json.headers.get('etag') ?? '', /^"[0-9A-F]{128}"$/);
  assert.equal(protobuf.headers.get('etag'), json.headers.get('etag'));
  assert.equal(protobuf.headers.get('vary'), 'Accept, Accept-Encoding');
  const again = await api.fetch('/openapi/v2', { headers: { accept: protobufType, 'if-none-match': json.headers.get('etag') ?? '' } });
  assert.deepEqual([again.status, (await bytesOf(again)).length], [304, 0]);
});

test('what is not there is not acceptable', async () => {
  const api = await testApi();
  const v2 = await api.send('GET', '/openapi/v2', undefined, { accept: 'application/yaml' });
  assert.equal(v2.status, 406);
  assert.match(
    JSON.stringify(v2.body['message']),
    /only the following media types are accepted: application\/json, application\/com\.github\.proto/,
  );
  const v3 = await api.send('GET', '/openapi/v3', undefined, { accept: protobufType });
  assert.deepEqual([v3.status, v3.body['message']], [406, 'only the following media types are accepted: application/json']);
});

test('who can read gzip gets a tenth', async () => {
  const api = await testApi();
  for (const accept of ['application/json', protobufType]) {
    const plain = await bytesOf(await api.fetch('/openapi/v2', { headers: { accept } }));
    const response = await api.fetch('/openapi/v2', { headers: { accept, 'accept-encoding': 'gzip, deflate' } });
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(response.headers.get('content-type'), accept);
    const bytes = await bytesOf(response);
    assert.ok(bytes.length * 10 < plain.length, `${bytes.length} bytes for ${plain.length}`);
    assert.deepEqual(new Uint8Array(gunzipSync(bytes)), plain);
  }
  for (const accepted of ['', 'br', 'gzip;q=0'])
    assert.equal((await api.fetch('/openapi/v2', { headers: { 'accept-encoding': accepted } })).headers.get('content-encoding'), null);
});
