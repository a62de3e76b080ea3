import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import { customKindSource } from '../../cluster-store.ts';
import type { JsonObject } from '../../kube/object.ts';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All';
const at = 'spec.validation.openAPIV3Schema';

const definition = (spec: object, parts: object = {}): object => ({
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', kind: 'Boat' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } }, ...parts },
    ],
  },
});
const object = (properties: object, rest: object = {}): object => ({ type: 'object', properties, ...rest });
const text = { type: 'string' };

const refused: readonly (readonly [fact: string, spec: object, cause: string])[] = [
  ['a default of another type', object({ a: { type: 'integer', default: 'x' } }), `${at}.properties[spec].properties[a].default`],
  [
    'a default with unknown fields',
    object({ a: object({ b: text }, { default: { c: 1 } }) }),
    `${at}.properties[spec].properties[a].default`,
  ],
  ['dependencies', object({}, { dependencies: { a: ['b'] } }), `${at}.properties[spec].dependencies`],
  [
    'definitions in a junctor',
    object({ a: { ...text, not: { uniqueItems: true } } }),
    `${at}.properties[spec].properties[a].not.uniqueItems`,
  ],
  ['a type in a junctor', object({ a: { ...text, anyOf: [{ type: 'string' }] } }), `${at}.properties[spec].properties[a].anyOf[0].type`],
  [
    'a list map whose key may be absent',
    { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: object({ k: text }) },
    `${at}.properties[spec].items.properties[k].default`,
  ],
  [
    'a list type of what is no list',
    object({ a: { ...text, 'x-kubernetes-list-type': 'set' } }),
    `${at}.properties[spec].properties[a].type`,
  ],
  ['a $schema within a schema', object({ a: { ...text, not: { $schema: 'x' } } }), at],
  ['a schema for each item of a list', object({ a: { type: 'array', items: [text] } }), `${at}.properties[spec].properties[a].items`],
  ['an embedded object without a schema', { type: 'object', 'x-kubernetes-embedded-resource': true }, `${at}.properties[spec].properties`],
];

describe('a definition of a custom kind', () => {
  let api: TestApi;
  before(async () => {
    api = await testApi({ sources: [customKindSource] });
  });

  for (const [fact, spec, cause] of refused) {
    test(`a definition of a custom kind is refused for ${fact}`, async () => {
      const { status, body } = await api.send('POST', path, definition(spec));
      const { causes = [] } = body['details'] as { causes?: { field: string }[] };
      assert.deepEqual([status, causes.map(({ field }) => field)], [422, [cause]], body['message'] as string);
    });
  }

  test('a definition with a column path without a dot is refused with the internal field’s name', async () => {
    const columns = { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'a' }] };
    const { body } = await api.send('POST', path, definition(object({}), columns));
    assert.equal(
      body['message'],
      'CustomResourceDefinition.apiextensions.k8s.io "boats.example.com" is invalid: spec.additionalPrinterColumns[0].JSONPath: Invalid value: "a": must be a simple json path starting with .',
    );
  });

  const misread: readonly (readonly [fact: string, a: object, found: string])[] = [
    [
      'text for a schema below a list',
      { type: 'array', items: { properties: { b: 'x' } } },
      'string|properties.items.properties|v1.JSONSchemaProps',
    ],
    [
      'an object for a rule',
      { items: { 'x-kubernetes-validations': [{ rule: {} }] } },
      'object|properties.items.x-kubernetes-validations.rule|string',
    ],
    ['text for an enumeration', { enum: 'x' }, 'string|properties.enum|[]v1.JSON'],
  ];
  for (const [fact, a, found] of misread) {
    test(`a definition of a custom kind is not read with ${fact}`, async () => {
      const { status, body } = await api.send('POST', path, definition(object({ a })));
      const [value, field, type] = found.split('|');
      const struct = 'JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties';
      const why = `json: cannot unmarshal ${value} into Go struct field ${struct}.${field} of type ${type}`;
      assert.deepEqual(
        [status, body['message']],
        [400, `CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: ${why}`],
      );
    });
  }

  const selected: readonly (readonly [fact: string, jsonPath: string, why: string])[] = [
    ['that is not there', '.spec.b', 'is an invalid path: does not refer to a valid field'],
    ['without a dot', 'spec', 'is an invalid path: expected [ or . but got: spec'],
    ['of a list', ".spec['a']", 'is an invalid path: array notation is not allowed'],
    [
      'that is an object',
      '.spec',
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
    ],
  ];
  for (const [fact, jsonPath, why] of selected) {
    test(`a definition of a custom kind selects by no field ${fact}`, async () => {
      const { body } = await api.send('POST', path, definition(object({ a: text }), { selectableFields: [{ jsonPath }] }));
      const { causes = [] } = body['details'] as { causes?: { field: string; message: string }[] };
      assert.deepEqual(
        causes.map(({ field, message }) => [field, message]),
        [['spec.selectableFields[0].jsonPath', `Invalid value: ${JSON.stringify(jsonPath)}: ${why}`]],
      );
    });
  }

  test('a definition of a custom kind needs a storage version, and shows the versions without what they share', async () => {
    const { body } = await api.send('POST', path, definition(object({}), { storage: false }));
    const { causes = [] } = body['details'] as { causes?: { field: string; message: string }[] };
    const shown =
      '[{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]';
    assert.deepEqual(
      causes.map(({ field, message }) => `${field}: ${message}`),
      [
        `spec.versions: Invalid value: ${shown}: must have exactly one version marked as storage version`,
        'status.storedVersions: Invalid value: null: must have at least one stored version',
      ],
    );
  });

  const transition = { ...text, maxLength: 9, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
  const uncorrelated: readonly (readonly [fact: string, a: object, within: string])[] = [
    ['the outer of two lists', { type: 'array', maxItems: 2, items: { type: 'array', maxItems: 2, items: transition } }, ''],
    [
      'the list in a map by keys',
      {
        type: 'array',
        maxItems: 2,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['b'],
        items: { type: 'object', required: ['b'], properties: { b: text, c: { type: 'array', maxItems: 2, items: transition } } },
      },
      '.items.properties[c]',
    ],
  ];
  for (const [fact, a, within] of uncorrelated) {
    test(`a definition of a custom kind has no rule about the former value below ${fact}`, async () => {
      const { body } = await api.send('POST', path, definition(object({ a })));
      const { causes = [] } = body['details'] as { causes?: { message: string }[] };
      assert.deepEqual(
        causes.map(({ message }) => message.replace(/^.* within /, '')),
        [`spec.validation.openAPIV3Schema.properties[spec].properties[a]${within}`],
      );
    });
  }

  test('a definition of a custom kind has rules about the former value of what an atomic map holds', async () => {
    const map = { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { b: transition } };
    assert.equal((await api.send('POST', path, definition(object({ map })))).status, 201);
  });

  test('a definition of a custom kind that is not stored holds no names yet', async () => {
    const { body } = await api.send('POST', path, definition(object({})));
    assert.deepEqual(body['status'], { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: ['v1'] });
  });

  test('a definition of a custom kind has its status managed by the server', async () => {
    const { body } = await api.send('POST', path.replace('?dryRun=All', ''), definition(object({})));
    const entries = (body['metadata'] as { managedFields: { manager: string; subresource?: string; fieldsV1: JsonObject }[] })
      .managedFields;
    const own = entries.find(({ subresource }) => subresource === 'status');
    assert.deepEqual([own?.manager, Object.keys(own?.fieldsV1['f:status'] ?? {})], ['kube-apiserver', ['f:acceptedNames', 'f:conditions']]);
  });
});
