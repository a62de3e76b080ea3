import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { testApi, type TestAnswer, type TestApi } from '../../../test/support/api-server.ts';
import { customKindSource } from '../../cluster-store.ts';
import type { JsonObject } from '../../kube/object.ts';

const text = { type: 'string' };
const schemaOf = (properties: object, status: object = {}): object => ({
  openAPIV3Schema: {
    type: 'object',
    properties: { spec: { type: 'object', properties }, status: { type: 'object', properties: { phase: text }, ...status } },
  },
});

const definition = {
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: schemaOf({ shared: text, added: { ...text, default: 'new' } }, { default: { phase: 'Fresh' } }),
      },
      { name: 'v1beta1', served: true, storage: false, schema: schemaOf({ shared: text, removed: text }) },
      { name: 'v1beta2', served: true, storage: false, schema: schemaOf({ shared: text, filled: { ...text, default: 'former' } }) },
      {
        name: 'v1alpha1',
        served: true,
        storage: false,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const at = (version: string): string => `/apis/example.com/${version}/namespaces/default/boats`;
const boat = (version: string, name: string, spec: object): object => ({
  apiVersion: `example.com/${version}`,
  kind: 'Boat',
  metadata: { name },
  spec,
});
const part = ({ body }: TestAnswer, name: string): JsonObject => body[name] as JsonObject;
const managersOf = (answer: TestAnswer): unknown =>
  (part(answer, 'metadata')['managedFields'] as readonly JsonObject[]).map(({ apiVersion, fieldsV1 }) => [apiVersion, fieldsV1]);

describe('a custom kind of several versions', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi({ sources: [customKindSource] });
    assert.equal((await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)).status, 201);
  });

  test('a custom kind of several versions stores only what the stored version knows, and its defaults', async () => {
    await api.send('POST', at('v1beta1'), boat('v1beta1', 'one', { shared: 'a', removed: 'b' }));
    assert.deepEqual(part(await api.send('GET', `${at('v1')}/one`), 'spec'), { shared: 'a', added: 'new' });
    assert.deepEqual(part(await api.send('GET', `${at('v1beta1')}/one`), 'spec'), { shared: 'a' });
  });

  test('a custom kind of several versions records the fields that a client wrote in its own version', async () => {
    const created = await api.send('POST', at('v1beta1'), boat('v1beta1', 'two', { shared: 'a', removed: 'b' }));
    assert.deepEqual(managersOf(created), [['example.com/v1beta1', { 'f:spec': { '.': {}, 'f:removed': {}, 'f:shared': {} } }]]);
  });

  test('a custom object keeps its field managers although it does not fit the version of one of them', async () => {
    await api.send('POST', at('v1beta1'), boat('v1beta1', 'three', { shared: 'a' }));
    const patched = await api.send(
      'PATCH',
      `${at('v1')}/three`,
      { spec: { shared: 'b' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.deepEqual(managersOf(patched), [['example.com/v1beta1', { 'f:spec': { '.': {}, 'f:shared': {} } }]]);
  });

  test('an apply to a custom object that does not fit a manager’s version is refused with upstream’s message', async () => {
    await api.send('POST', at('v1beta1'), boat('v1beta1', 'six', { shared: 'a' }));
    const configuration = { ...boat('v1', 'six', { shared: 'a' }) };
    const applied = await api.send('PATCH', `${at('v1')}/six?fieldManager=one`, configuration, {
      'content-type': 'application/apply-patch+yaml',
    });
    assert.deepEqual([applied.status, applied.body['message']], [500, '.spec.added: field not declared in schema']);
  });

  test('a custom kind of several versions counts no generation for fields that only another version has', async () => {
    await api.send('POST', at('v1'), boat('v1', 'four', { shared: 'a' }));
    const patched = await api.send(
      'PATCH',
      `${at('v1beta1')}/four`,
      { metadata: { labels: { a: 'b' } } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.equal(part(patched, 'metadata')['generation'], 1);
  });

  test('a custom kind of several versions counts no generation for an apply that changes nothing', async () => {
    await api.send('POST', at('v1'), boat('v1', 'seven', { shared: 'a' }));
    const applyWith = (configuration: object): Promise<TestAnswer> =>
      api.send('PATCH', `${at('v1beta2')}/seven?fieldManager=one`, configuration, { 'content-type': 'application/apply-patch+yaml' });
    const same = await applyWith(boat('v1beta2', 'seven', { shared: 'a' }));
    assert.deepEqual([part(same, 'metadata')['generation'], part(same, 'spec')], [1, { shared: 'a' }]);
    const labelled = await applyWith({ ...boat('v1beta2', 'seven', { shared: 'a' }), metadata: { name: 'seven', labels: { a: 'b' } } });
    assert.equal(part(labelled, 'metadata')['generation'], 2);
  });

  test('a custom kind of several versions fills in the default of a status that a new object may not bring', async () => {
    const created = await api.send('POST', at('v1'), { ...boat('v1', 'five', {}), status: { phase: 'Old' } });
    assert.deepEqual(part(created, 'status'), { phase: 'Fresh' });
  });

  test('a custom kind of several versions is listed with an empty continue where nothing follows', async () => {
    const list = await api.send('GET', at('v1'));
    assert.equal(part(list, 'metadata')['continue'], '');
  });

  test('a custom kind of several versions names the patches that it takes', async () => {
    const patch = await api.send('PATCH', `${at('v1')}/five`, {}, { 'content-type': 'application/strategic-merge-patch+json' });
    assert.deepEqual(
      [patch.status, patch.body['message']],
      [
        415,
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
      ],
    );
  });

  test('a custom kind of several versions has no fields of an open version in OpenAPI v2', async () => {
    const { body } = await api.send('GET', '/openapi/v2');
    const open = (body['definitions'] as JsonObject)['com.example.v1alpha1.Boat'] as JsonObject;
    assert.deepEqual(Object.keys(open).sort(), ['type', 'x-kubernetes-group-version-kind']);
  });
});
