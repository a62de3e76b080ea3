import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { testApi, type TestAnswer, type TestApi } from '../../../test/support/api-server.ts';
import { customKindSource } from '../../cluster-store.ts';
import type { JsonObject } from '../../kube/object.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const crontabs = '/apis/stable.example.com/v1/namespaces/default/crontabs';
const patchTypesMessage =
  'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';
const merge = { 'content-type': 'application/merge-patch+json' };

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
        image: { type: 'string', default: 'busybox' },
        replicas: { type: 'integer', minimum: 1, maximum: 10 },
        policy: { type: 'string', enum: ['Allow', 'Forbid'] },
        port: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
  },
};

const crontabDefinition = (parts: object = {}): object => ({
  metadata: { name: 'crontabs.stable.example.com' },
  spec: {
    group: 'stable.example.com',
    scope: 'Namespaced',
    names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
        },
        additionalPrinterColumns: [
          { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas', priority: 1 },
        ],
        selectableFields: [{ jsonPath: '.spec.policy' }],
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
    ...parts,
  },
});

const crontab = (name: string, spec: object = { cronSpec: '* * * * */5' }): object => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'CronTab',
  metadata: { name },
  spec,
});

let api: TestApi;
const specOf = ({ body }: TestAnswer): JsonObject => body['spec'] as JsonObject;
const messageOf = ({ body }: TestAnswer): unknown => body['message'];

before(async () => {
  api = await testApi({ sources: [customKindSource] });
  const { status, body } = await api.send('POST', definitions, crontabDefinition());
  assert.equal(status, 201, JSON.stringify(body));
});

describe('a custom kind', () => {
  test('a custom kind is accepted with the names that it asks for', async () => {
    const { body } = await api.send('GET', `${definitions}/crontabs.stable.example.com`);
    const status = body['status'] as {
      acceptedNames: object;
      storedVersions: string[];
      conditions: { type: string; status: string; reason: string }[];
    };
    assert.deepEqual(status.acceptedNames, {
      plural: 'crontabs',
      singular: 'crontab',
      shortNames: ['ct'],
      kind: 'CronTab',
      listKind: 'CronTabList',
      categories: ['all'],
    });
    assert.deepEqual(status.storedVersions, ['v1']);
    assert.deepEqual(
      status.conditions.map(({ type, status: value, reason }) => [type, value, reason]),
      [
        ['NamesAccepted', 'True', 'NoConflicts'],
        ['Established', 'True', 'InitialNamesAccepted'],
      ],
    );
  });

  test('a custom kind prunes unknown fields, fills in defaults and keeps free parts', async () => {
    const spec = { cronSpec: '* * * * */5', other: 1, port: 'http', free: { a: { b: 1 } } };
    assert.deepEqual(specOf(await api.send('POST', crontabs, crontab('pruned', spec))), {
      cronSpec: '* * * * */5',
      image: 'busybox',
      port: 'http',
      free: { a: { b: 1 } },
    });
  });

  const refused: readonly (readonly [string, object, string])[] = [
    ['a missing field', {}, 'spec.cronSpec: Required value'],
    ['a wrong type', { cronSpec: 7 }, 'spec.cronSpec: Invalid value: "integer": spec.cronSpec in body must be of type string: "integer"'],
    [
      'a number that is too small',
      { cronSpec: '* * * * *', replicas: 0 },
      'spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1',
    ],
    [
      'a value outside the enumeration',
      { cronSpec: '* * * * *', policy: 'Maybe' },
      'spec.policy: Unsupported value: "Maybe": supported values: "Allow", "Forbid"',
    ],
    ['a set with an item twice', { cronSpec: '* * * * *', tags: ['a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
  ];
  for (const [what, spec, message] of refused) {
    test(`a custom kind refuses ${what}`, async () => {
      const answer = await api.send('POST', crontabs, crontab('refused', spec));
      assert.equal(answer.status, 422);
      assert.equal(messageOf(answer), `CronTab.stable.example.com "refused" is invalid: ${message}`);
    });
  }

  test('a custom kind is refused a null that an apply leaves in it, which other writes drop', async () => {
    const spec = { cronSpec: '* * * * */5', image: 'a', free: null };
    const applied = await api.send('PATCH', `${crontabs}/nulled?fieldManager=one`, crontab('nulled', spec), {
      'content-type': 'application/apply-patch+yaml',
    });
    assert.equal(
      messageOf(applied),
      'CronTab.stable.example.com "nulled" is invalid: spec.free: Invalid value: "null": spec.free in body must be of type object: "null"',
    );
    assert.deepEqual(specOf(await api.send('POST', crontabs, crontab('nulled', spec))), { cronSpec: '* * * * */5', image: 'a' });
  });

  test('a patch that changes the type is refused by the rules of the kind', async () => {
    const api = await testApi({ sources: [customKindSource] });
    await api.send('POST', definitions, crontabDefinition());
    await api.send('POST', crontabs, {
      apiVersion: 'stable.example.com/v1',
      kind: 'CronTab',
      metadata: { name: 'typed' },
      spec: { cronSpec: '* * * * *' },
    });
    const refused = async (patch: object) => (await api.send('PATCH', `${crontabs}/typed`, patch, merge)).body['message'];
    assert.equal(
      await refused({ apiVersion: 'other.example.com/v1', kind: 'Other' }),
      'Other.other.example.com "typed" is invalid: [kind: Invalid value: "Other": must be CronTab, apiVersion: Invalid value: "other.example.com/v1": must be stable.example.com/v1]',
    );
    assert.equal(
      await refused({ apiVersion: '/v1' }),
      'CronTab "typed" is invalid: apiVersion: Invalid value: "v1": must be stable.example.com/v1',
    );
    assert.equal(
      await refused({ apiVersion: 'other.example.com/v1', metadata: { name: 'renamed' } }),
      'the name of the object (renamed) does not match the name on the URL (typed)',
    );
  });

  test('a write that could not be answered changes nothing', async () => {
    const api = await testApi({ sources: [customKindSource] });
    await api.send('POST', definitions, crontabDefinition());
    const body = JSON.stringify({
      apiVersion: 'stable.example.com/v1',
      kind: 'CronTab',
      metadata: { name: 'silent' },
      spec: { cronSpec: '* * * * *' },
    });
    const headers = { accept: 'application/vnd.kubernetes.protobuf', 'content-type': 'application/json' };
    const refused = await api.fetch(crontabs, { method: 'POST', headers, body });
    assert.equal(refused.status, 406);
    assert.equal((await api.send('GET', `${crontabs}/silent`)).status, 404);
  });

  test('a custom kind names another kind that comes in its place, and a version or kind that is missing', async () => {
    const message = async (body: object): Promise<unknown> => messageOf(await api.send('POST', crontabs, body));
    const object = crontab('identity') as { apiVersion?: string; kind?: string };
    assert.equal(
      await message({ ...object, kind: 'Other' }),
      'Other.stable.example.com "identity" is invalid: kind: Invalid value: "Other": must be CronTab',
    );
    const { apiVersion, ...unversioned } = object;
    assert.equal(
      await message({ ...unversioned, kind: 'Other' }),
      'the API version in the data () does not match the expected API version (stable.example.com/v1)',
    );
    const problem = `Object 'Kind' is missing in '{"apiVersion":"stable.example.com/v1","metadata":{}}'`;
    assert.equal(
      await message({ apiVersion, metadata: {} }),
      `the object provided is unrecognized (must be of type CronTab): ${problem} ({"apiVersion":"stable.example. ...)`,
    );
    assert.equal(
      messageOf(await api.send('POST', `${crontabs}?fieldValidation=Ignore`, { apiVersion, metadata: {} })),
      `CronTab in version "v1" cannot be handled as a CronTab: ${problem}`,
    );
  });

  test('a custom kind reads the metadata of an object of another type, and nothing else of it', async () => {
    const body = { apiVersion: 'stable.example.com/v1', kind: 'Other', spec: { unknown: 1 } };
    const message = async (metadata: unknown, query = ''): Promise<unknown> =>
      messageOf(await api.send('POST', `${crontabs}${query}`, { ...body, metadata }));
    assert.equal(
      await message({ name: 1.5 }),
      'Other in version "v1" cannot be handled as a CronTab: json: cannot unmarshal number into Go struct field ObjectMeta.name of type string',
    );
    assert.equal(
      await message({ name: 'a', other: 1 }, '?fieldValidation=Strict'),
      'Other in version "v1" cannot be handled as a Other: strict decoding error: unknown field "metadata.other"',
    );
    assert.equal(
      await message({ name: 'A_', labels: { a: 'b c' } }),
      'Other.stable.example.com "A_" is invalid: kind: Invalid value: "Other": must be CronTab',
    );
  });

  test('a custom kind takes requests as its one handler does', async () => {
    const answers: readonly (readonly [method: string, path: string, status: number, message: string | undefined])[] = [
      ['DELETE', `${crontabs}/x/status`, 405, 'delete is not supported on resources of kind "crontabs.stable.example.com"'],
      ['OPTIONS', `${crontabs}/x`, 405, ' is not supported on resources of kind "crontabs.stable.example.com"'],
      ['GET', `${crontabs}/x/none`, 404, 'crontabs.stable.example.com "x" not found'],
      ['PUT', crontabs, 400, 'name must be provided'],
      ['PATCH', crontabs, 415, patchTypesMessage],
      ['POST', `${crontabs}/named`, 201, undefined],
      ['HEAD', `${crontabs}/named`, 200, undefined],
    ];
    for (const [method, path, status, message] of answers) {
      const isWrite = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS';
      const answer = await api.send(method, path, isWrite ? crontab('named') : undefined);
      assert.deepEqual([method, path, answer.status, answer.body['message']], [method, path, status, message]);
    }
  });

  test('a custom kind matches patterns in time that grows with the text', async () => {
    const answer = await api.send('POST', crontabs, crontab('pattern', { cronSpec: `${'* '.repeat(5000)}x` }));
    assert.equal(answer.status, 422);
  });

  test('a custom kind has a status and a scale of its own', async () => {
    await api.send('POST', crontabs, { ...crontab('scaled', { cronSpec: '* * * * *', replicas: 3 }), status: { replicas: 9 } });
    assert.equal((await api.send('GET', `${crontabs}/scaled`)).body['status'], undefined);
    await api.send('PATCH', `${crontabs}/scaled/status`, { status: { replicas: 2, selector: 'a=b' }, spec: { replicas: 7 } }, merge);
    const { body } = await api.send('GET', `${crontabs}/scaled/scale`);
    assert.deepEqual([body['spec'], body['status']], [{ replicas: 3 }, { replicas: 2, selector: 'a=b' }]);
    await api.send('PATCH', `${crontabs}/scaled/scale`, { spec: { replicas: 5 } }, merge);
    const scaled = await api.send('GET', `${crontabs}/scaled`);
    assert.equal(specOf(scaled)['replicas'], 5);
    assert.equal((scaled.body['metadata'] as JsonObject)['generation'], 2);
  });

  test('a custom kind is printed by its own columns', async () => {
    await api.send('POST', crontabs, crontab('printed'));
    const { body } = await api.send('GET', `${crontabs}/printed`, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    assert.deepEqual(
      (body['columnDefinitions'] as JsonObject[]).map(({ name, priority }) => [name, priority]),
      [
        ['Name', 0],
        ['Spec', 0],
        ['Replicas', 1],
      ],
    );
    assert.deepEqual((body['rows'] as JsonObject[])[0]?.['cells'], ['printed', '* * * * */5', null]);
  });

  test('a custom kind is selected by the fields that it declares', async () => {
    await api.send('POST', crontabs, crontab('forbids', { cronSpec: '* * * * *', policy: 'Forbid' }));
    const { body } = await api.send('GET', `${crontabs}?fieldSelector=spec.policy%3DForbid`);
    assert.deepEqual(
      (body['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
      ['forbids'],
    );
  });

  test('a custom kind is served by each version', async () => {
    await api.send('POST', crontabs, crontab('versions'));
    const { body } = await api.send('GET', '/apis/stable.example.com/v1beta1/namespaces/default/crontabs/versions');
    assert.equal(body['apiVersion'], 'stable.example.com/v1beta1');
  });

  test('a custom kind takes no strategic merge patch', async () => {
    await api.send('POST', crontabs, crontab('patched'));
    const answer = await api.send(
      'PATCH',
      `${crontabs}/patched`,
      { spec: {} },
      { 'content-type': 'application/strategic-merge-patch+json' },
    );
    assert.equal(answer.status, 415);
  });

  test('a custom kind is described for kubectl explain', async () => {
    const { body } = await api.send('GET', '/openapi/v3/apis/stable.example.com/v1');
    const schemas = (body['components'] as { schemas: Record<string, JsonObject> }).schemas;
    const described = Object.values(schemas).find((one) =>
      JSON.stringify(one['x-kubernetes-group-version-kind'] ?? '').includes('"CronTab"'),
    );
    assert.ok('spec' in ((described ?? {})['properties'] as JsonObject));
  });
});

describe('a definition', () => {
  test('a definition that wants a name that another one holds is not established', async () => {
    const names = { plural: 'others', kind: 'CronTab' };
    const { body } = await api.send('POST', definitions, {
      ...crontabDefinition({ names }),
      metadata: { name: 'others.stable.example.com' },
    });
    const { conditions } = body['status'] as { conditions: { status: string; message: string }[] };
    assert.deepEqual(
      conditions.map(({ status, message }) => [status, message]),
      [
        ['False', '"CronTabList" is already in use'],
        ['False', 'not all names are accepted'],
      ],
    );
    assert.equal((await api.fetch('/apis/stable.example.com/v1/namespaces/default/others')).status, 404);
  });

  test('a definition whose name is not made of its plural and group is refused', async () => {
    const answer = await api.send('POST', definitions, { ...crontabDefinition(), metadata: { name: 'wrong.stable.example.com' } });
    assert.equal(answer.status, 422);
  });

  test('a definition keeps its objects until they are deleted', async () => {
    const answer = await api.send('DELETE', `${definitions}/crontabs.stable.example.com`);
    assert.equal(answer.status, 200);
    const { body } = await api.send('GET', `${definitions}/crontabs.stable.example.com`);
    assert.deepEqual((body['metadata'] as JsonObject)['finalizers'], ['customresourcecleanup.apiextensions.k8s.io']);
  });
});

describe('rules of a custom kind', () => {
  const parts = (rules: readonly object[], limits: object = {}): object => ({
    metadata: { name: 'limits.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      scope: 'Cluster',
      names: { plural: 'limits', kind: 'Limit' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  properties: {
                    low: { type: 'integer' },
                    high: { type: 'integer' },
                    names: { type: 'array', items: { type: 'string' }, ...limits },
                  },
                  'x-kubernetes-validations': rules,
                },
              },
            },
          },
        },
      ],
    },
  });
  const limits = '/apis/stable.example.com/v1/limits';

  test('rules of a custom kind refuse what breaks them, and what changes against them', async () => {
    const limited = await testApi({ sources: [customKindSource] });
    const rules = [{ rule: 'self.low <= self.high', fieldPath: '.low', message: 'low is too high' }, { rule: 'self.high == oldSelf.high' }];
    assert.equal((await limited.send('POST', definitions, parts(rules))).status, 201);
    const limit = (spec: object): object => ({ apiVersion: 'stable.example.com/v1', kind: 'Limit', metadata: { name: 'a' }, spec });
    const refused = await limited.send('POST', limits, limit({ low: 2, high: 1 }));
    assert.equal(messageOf(refused), 'Limit.stable.example.com "a" is invalid: spec.low: Invalid value: low is too high');
    assert.equal((await limited.send('POST', limits, limit({ low: 1, high: 2 }))).status, 201);
    const changed = await limited.send('PATCH', `${limits}/a`, { spec: { high: 3 } }, merge);
    assert.equal(
      messageOf(changed),
      'Limit.stable.example.com "a" is invalid: spec: Invalid value: failed rule: self.high == oldSelf.high',
    );
  });

  test('rules of a custom kind that may cost too much are refused with their definition', async () => {
    const costly = { rule: 'self.names.all(a, self.names.all(b, a != b))' };
    const { status, body } = await api.send('POST', definitions, parts([costly]));
    assert.equal(status, 422);
    const [cause] = (body['details'] as { causes: { field: string; message: string }[] }).causes;
    assert.equal(cause?.field, 'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule');
    assert.match(cause?.message ?? '', /^Forbidden: estimated rule cost exceeds budget by factor of more than 100x/);
    const bounded = parts([costly], { maxItems: 10, items: { type: 'string', maxLength: 20 } });
    assert.equal((await api.send('POST', `${definitions}?dryRun=All`, bounded)).status, 201);
  });
});
