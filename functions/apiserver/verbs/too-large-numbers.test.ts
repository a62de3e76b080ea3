/** Numbers that neither Go nor JavaScript can hold: kube-apiserver 1.37.2 refuses them, or keeps their text. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import { customKindSource } from '../../cluster-store.ts';

const namespace = '/api/v1/namespaces/default';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions';

const definition = (field: string): string =>
  `{"metadata":{"name":"ys.example.com"},"spec":{"group":"example.com","names":{"kind":"Y","plural":"ys"},"scope":"Cluster","versions":[
    {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"number","${field}":1e400}}}}}]}}`;

const untyped = 'json: cannot unmarshal number 1e400 into Go value of type float64';
const asDefinition = 'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: ';

const refusals: readonly [what: string, method: string, path: string, type: string, body: string, message: string][] = [
  ['a merge patch', 'PATCH', namespace, 'merge-patch+json', '{"metadata":{"labels":{"a":1e400}}}', `error decoding patch: ${untyped}`],
  ['a strategic merge patch', 'PATCH', namespace, 'strategic-merge-patch+json', '{"metadata":{"labels":{"a":1e400}}}', untyped],
  [
    'a JSON patch',
    'PATCH',
    namespace,
    'json-patch+json',
    '[{"op":"add","path":"/metadata/labels/a","value":1e400}]',
    'error decoding patch: json: cannot unmarshal number 1e400 into Go struct field jsonPatchOp.value of type float64',
  ],
  [
    'data of no type',
    'POST',
    revisions,
    'json',
    '{"metadata":{"name":"r"},"revision":1,"data":{"a":[1e400]}}',
    `ControllerRevision in version "v1" cannot be handled as a ControllerRevision: ${untyped}`,
  ],
  ['the default of a schema', 'POST', definitions, 'json', definition('default'), asDefinition + untyped],
  [
    'the maximum of a schema',
    'POST',
    definitions,
    'json',
    definition('maximum'),
    `${asDefinition}json: cannot unmarshal number 1e400 into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties.maximum of type float64`,
  ],
];

for (const [what, method, path, type, body, message] of refusals) {
  test(`${what} cannot hold 1e400`, async () => {
    const api = await testApi();
    const answer = await api.send(method, path, body, { 'content-type': `application/${type}` });
    assert.deepEqual([answer.status, answer.body['message']], [400, message]);
  });
}

describe('an object of a custom kind', () => {
  const bags = '/apis/example.com/v1/bags';
  const bag = (value: string): string => `{"apiVersion":"example.com/v1","kind":"Bag","metadata":{"name":"b"},"a":${value}}`;

  async function apiWithBags() {
    const api = await testApi({ sources: [customKindSource] });
    const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    await api.send('POST', definitions, {
      metadata: { name: 'bags.example.com' },
      spec: {
        group: 'example.com',
        names: { kind: 'Bag', plural: 'bags' },
        scope: 'Cluster',
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
      },
    });
    return api;
  }

  test('an object of a custom kind cannot hold 1e400', async () => {
    const api = await apiWithBags();
    const { status, body } = await api.send('POST', bags, bag('1e400'));
    assert.deepEqual([status, body['message']], [400, `Bag in version "v1" cannot be handled as a Bag: ${untyped}`]);
  });

  test('a custom object keeps the text of a number that YAML cannot hold, also when it is applied', async () => {
    const api = await apiWithBags();
    const posted = await api.send('POST', `${bags}?dryRun=All`, `${bag('[1e400, -1e999, 1e3]')}\n`, { 'content-type': 'application/yaml' });
    assert.deepEqual(posted.body['a'], ['1e400', '-1e999', 1000]);
    const applied = await api.send('PATCH', `${bags}/b?fieldManager=m`, bag('1e400'), { 'content-type': 'application/apply-patch+yaml' });
    assert.deepEqual(applied.body['a'], '1e400');
  });
});
