import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { testApi } from '../../../test/support/api-server.ts';
import type { JsonObject } from '../../kube/object.ts';
import { documentV2Protobuf } from './document-v2-protobuf.ts';

/** As clients read it: the numbers of the fields a second time, in the language that they come from. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Any { string yaml = 2; }
  message NamedAny { string name = 1; Any value = 2; }
  message Document { string swagger = 1; Info info = 2; Paths paths = 8; Definitions definitions = 9;
    repeated SecurityRequirement security = 12; SecurityDefinitions securityDefinitions = 13; }
  message Info { string title = 1; string version = 2; }
  message Paths { repeated NamedPathItem path = 2; }
  message NamedPathItem { string name = 1; PathItem value = 2; }
  message PathItem { Operation get = 2; Operation put = 3; Operation post = 4; Operation delete = 5; Operation patch = 8;
    repeated ParametersItem parameters = 9; }
  message Operation { repeated string tags = 1; string operationId = 5; repeated string produces = 6; repeated string consumes = 7;
    repeated ParametersItem parameters = 8; Responses responses = 9; repeated NamedAny extensions = 13; }
  message ParametersItem { Parameter parameter = 1; }
  message Parameter { BodyParameter body = 1; NonBodyParameter nonBody = 2; }
  message BodyParameter { string name = 2; string in = 3; bool required = 4; Schema schema = 5; }
  message NonBodyParameter { QueryParameter query = 3; PathParameter path = 4; }
  message QueryParameter { string in = 2; string name = 4; string type = 6; Items items = 8; string collectionFormat = 9; }
  message PathParameter { bool required = 1; string in = 2; string name = 4; string type = 5; }
  message Items { string type = 1; }
  message Responses { repeated NamedResponse code = 1; }
  message NamedResponse { string name = 1; ResponseValue value = 2; }
  message ResponseValue { Response response = 1; }
  message Response { string description = 1; SchemaItem schema = 2; }
  message SchemaItem { Schema schema = 1; }
  message Definitions { repeated NamedSchema entries = 1; }
  message NamedSchema { string name = 1; Schema value = 2; }
  message Schema { string ref = 1; string format = 2; string description = 4; Any default = 5; double maximum = 7; int64 maxLength = 11;
    repeated string required = 19; repeated Any enum = 20; SchemaItem additionalProperties = 21; Strings type = 22; Schemas items = 23;
    Definitions properties = 25; repeated NamedAny extensions = 31; }
  message Strings { repeated string value = 1; }
  message Schemas { repeated Schema schema = 1; }
  message SecurityRequirement { repeated NamedStrings entries = 1; }
  message NamedStrings { string name = 1; Strings value = 2; }
  message SecurityDefinitions { repeated NamedSecurity entries = 1; }
  message NamedSecurity { string name = 1; Security value = 2; }
  message Security { ApiKey apiKey = 2; }
  message ApiKey { string type = 1; string name = 2; string in = 3; }
`);
const documentType = root.lookupType('Document');

const read = (bytes: Uint8Array): object => documentType.toObject(documentType.decode(bytes), { longs: Number });

const definition = (schema: JsonObject): object => read(documentV2Protobuf({ definitions: { Some: schema } }));
const decoded = (value: object): object => ({ definitions: { entries: [{ name: 'Some', value }] } });

test('a schema is encoded in full', () => {
  const schema = {
    description: 'Some thing.',
    type: 'object',
    required: ['a', ''],
    properties: {
      a: { $ref: '#/definitions/Other', default: {} },
      constructor: { type: 'array', items: { type: 'string', enum: ['', 1], maxLength: 63 } },
      map: { type: 'object', additionalProperties: { type: 'number', format: 'double', maximum: 1.5 } },
    },
  };
  const strings = (...value: string[]): object => ({ value });
  const properties = [
    { name: 'a', value: { ref: '#/definitions/Other', default: { yaml: '{}' } } },
    {
      name: 'constructor',
      value: {
        type: strings('array'),
        items: { schema: [{ type: strings('string'), enum: [{ yaml: '""' }, { yaml: '1' }], maxLength: 63 }] },
      },
    },
    {
      name: 'map',
      value: {
        type: strings('object'),
        additionalProperties: { schema: { type: strings('number'), format: 'double', maximum: 1.5 } },
      },
    },
  ];
  assert.deepEqual(
    definition(schema),
    decoded({ description: 'Some thing.', type: strings('object'), required: ['a', ''], properties: { entries: properties } }),
  );
});

test('extensions are YAML', () => {
  const kinds = [{ group: 'apps', kind: 'Deployment', version: 'v1' }];
  assert.deepEqual(
    definition({ 'x-kubernetes-group-version-kind': kinds, 'x-kubernetes-list-type': 'atomic', 'x-zero': 0 }),
    decoded({
      extensions: [
        { name: 'x-kubernetes-group-version-kind', value: { yaml: JSON.stringify(kinds) } },
        { name: 'x-kubernetes-list-type', value: { yaml: '"atomic"' } },
        { name: 'x-zero', value: { yaml: '0' } },
      ],
    }),
  );
});

test('an operation is encoded in full, each parameter by its kind', () => {
  const operation: JsonObject = {
    operationId: 'patchThing',
    tags: ['core'],
    consumes: ['a/b'],
    produces: ['c/d', 'e/f'],
    parameters: [
      { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/Some' } },
      { name: 'more', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' },
    ],
    responses: { '200': { description: 'OK', schema: { $ref: '#/definitions/Some' } }, default: { description: 'No' } },
    'x-kubernetes-action': 'patch',
  };
  const path = { patch: operation, parameters: [{ name: 'name', in: 'path', required: true, type: 'string' }] };
  const schema = { ref: '#/definitions/Some' };
  assert.deepEqual(read(documentV2Protobuf({ paths: { '/things/{name}': path } })), {
    paths: {
      path: [
        {
          name: '/things/{name}',
          value: {
            patch: {
              operationId: 'patchThing',
              tags: ['core'],
              consumes: ['a/b'],
              produces: ['c/d', 'e/f'],
              parameters: [
                { parameter: { body: { name: 'body', in: 'body', required: true, schema } } },
                {
                  parameter: {
                    nonBody: { query: { name: 'more', in: 'query', type: 'array', items: { type: 'string' }, collectionFormat: 'multi' } },
                  },
                },
              ],
              responses: {
                code: [
                  { name: '200', value: { response: { description: 'OK', schema: { schema } } } },
                  { name: 'default', value: { response: { description: 'No' } } },
                ],
              },
              extensions: [{ name: 'x-kubernetes-action', value: { yaml: '"patch"' } }],
            },
            parameters: [{ parameter: { nonBody: { path: { name: 'name', in: 'path', required: true, type: 'string' } } } }],
          },
        },
      ],
    },
  });
});

test('security definitions are encoded', () => {
  const document = {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1' },
    security: [{ BearerToken: [] }],
    securityDefinitions: { BearerToken: { type: 'apiKey', name: 'authorization', in: 'header' } },
  };
  assert.deepEqual(read(documentV2Protobuf(document)), {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1' },
    security: [{ entries: [{ name: 'BearerToken', value: {} }] }],
    securityDefinitions: { entries: [{ name: 'BearerToken', value: { apiKey: { type: 'apiKey', name: 'authorization', in: 'header' } } }] },
  });
});

test('what the messages have no place for is an error, not a silence', () => {
  assert.throws(() => documentV2Protobuf({ definitions: { Some: { oneOf: [] } } }), /^Error: no field for "oneOf" among \$ref, /);
  assert.throws(() => documentV2Protobuf({ securityDefinitions: { a: { type: 'oauth2' } } }), /^Error: no message for type "oauth2"$/);
  assert.throws(() => documentV2Protobuf({ info: 'Kubernetes' }), /^Error: "Kubernetes" is no Info$/);
});

interface Entries<T> {
  readonly entries: readonly { readonly name: string; readonly value: T }[];
}

test('the document that is served has all definitions with all their fields, in no more bytes than JSON', async () => {
  const text = await (await (await testApi()).fetch('/openapi/v2')).text();
  const document = JSON.parse(text) as JsonObject & { definitions: Record<string, { properties?: object }> };
  const bytes = documentV2Protobuf(document);
  const { definitions } = read(bytes) as { definitions: Entries<{ properties?: Entries<object> }> };
  assert.deepEqual(
    definitions.entries.map(({ name, value }) => [name, value.properties?.entries.map((property) => property.name)]),
    Object.entries(document.definitions).map(([name, { properties }]) => [name, properties && Object.keys(properties)]),
  );
  assert.ok(bytes.length < text.length, `${bytes.length} bytes for ${text.length}`);
});
