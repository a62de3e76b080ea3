/** Policies as kube-apiserver 1.37.2 answers for the same objects. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { testApi, type TestAnswer, type TestApi } from '../../../../test/support/api-server.ts';
import { virtualWorld } from '../../../../test/support/virtual-world.ts';
import { createDefinitions } from '../../../resources/all.ts';
import { createStore } from '../../../store/create-store.ts';
import { memoryTable } from '../../../store/memory/memory-table.ts';
import { createLiveRegistry } from '../../registry/live-registry.ts';
import { mutatingPolicies } from './mutating-policies.ts';
import { validatingPolicies } from './validating-policies.ts';

const group = '/apis/admissionregistration.k8s.io/v1';
const configMaps = '/api/v1/namespaces/default/configmaps';

let api: TestApi;
let count = 0;

before(async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable({ clock: world.clock }), world });
  const registry = createLiveRegistry({ definitions: createDefinitions() });
  const authorizer = { authorize: async (_: unknown, { verb }: { verb: string }) => ({ allowed: verb === 'get', reason: '' }) };
  const options = { store, registry, authorizer };
  api = await testApi({ store, world, admission: [mutatingPolicies(options), validatingPolicies(options)] });
});

interface Case {
  readonly policy: object;
  readonly binding?: object;
  readonly data?: Readonly<Record<string, string>>;
}

const validation = (expression: string, more: object = {}): object => ({ validations: [{ expression, ...more }] });

/** Puts the policy into effect for one ConfigMap, and creates that. */
async function asked({ policy, binding = { validationActions: ['Deny'] }, data = { n: '9' } }: Case): Promise<TestAnswer> {
  count += 1;
  const name = `p${count}`;
  const matchConstraints = {
    resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    objectSelector: { matchLabels: { p: name } },
  };
  const made = await api.send('POST', `${group}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints, ...policy },
  });
  if (made.status !== 201) return made;
  const bound = await api.send('POST', `${group}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, ...binding },
  });
  assert.equal(bound.status, 201, JSON.stringify(bound.body));
  return api.send('POST', configMaps, { metadata: { name, labels: { p: name } }, data });
}

const denied = (why: string): string =>
  `configmaps "p${count}" is forbidden: ValidatingAdmissionPolicy 'p${count}' with binding 'p${count}' denied request: ${why}`;

describe('a validating policy', () => {
  const small = 'int(object.data.n) < 5';
  const refusals: readonly (readonly [string, Case, number, string])[] = [
    ['refuses what breaks its rule', { policy: validation(small) }, 422, `failed expression: ${small}`],
    ['gives its message', { policy: validation(small, { message: 'too large' }) }, 422, 'too large'],
    ['gives its reason', { policy: validation(small, { reason: 'Forbidden' }) }, 403, `failed expression: ${small}`],
    ['computes its message', { policy: validation(small, { messageExpression: '"got " + object.data.n' }) }, 422, 'got 9'],
    [
      'refuses what its rule cannot be evaluated for',
      { policy: validation(small), data: {} },
      422,
      `expression '${small}' resulted in error: no such key: data`,
    ],
    [
      'finds no field of an object that is not there',
      { policy: validation('!has(oldObject.data) && oldObject.data.n == "9"') },
      422,
      `expression '!has(oldObject.data) && oldObject.data.n == "9"' resulted in error: no such key: data`,
    ],
    [
      'composes variables',
      {
        policy: {
          variables: [
            { name: 'n', expression: 'int(object.data.n)' },
            { name: 'twice', expression: 'variables.n * 2' },
          ],
          ...validation('variables.twice < 10', { messageExpression: '"twice is " + string(variables.twice)' }),
        },
      },
      422,
      'twice is 18',
    ],
    [
      'asks the authorizer',
      { policy: validation('authorizer.requestResource.check("delete").allowed()') },
      422,
      'failed expression: authorizer.requestResource.check("delete").allowed()',
    ],
  ];
  for (const [name, asking, status, why] of refusals) {
    test(`a validating policy ${name}`, async () => {
      const answer = await asked(asking);
      assert.equal(answer.status, status);
      assert.equal(answer.body['message'], denied(why));
    });
  }

  test('a validating policy lets pass what keeps its rule', async () => {
    assert.equal((await asked({ policy: validation(small), data: { n: '3' } })).status, 201);
    assert.equal((await asked({ policy: validation('authorizer.requestResource.check("get").allowed()') })).status, 201);
  });

  test('a validating policy ignores its own failures where it is asked to', async () => {
    assert.equal((await asked({ policy: { failurePolicy: 'Ignore', ...validation(small) }, data: {} })).status, 201);
  });

  test('a validating policy warns where its binding wants no more', async () => {
    const { status, headers } = await asked({ policy: validation(small), binding: { validationActions: ['Warn'] } });
    assert.equal(status, 201);
    const warning = `Validation failed for ValidatingAdmissionPolicy 'p${count}' with binding 'p${count}': failed expression: ${small}`;
    assert.equal(headers.get('warning'), `299 - ${JSON.stringify(warning)}`);
  });

  test('a validating policy is about no request that a condition leaves out', async () => {
    const matchConditions = [{ name: 'not-this', expression: 'object.data.n != "9"' }];
    assert.equal((await asked({ policy: { matchConditions, ...validation(small) } })).status, 201);
  });

  test('a validating policy reads the parameters of its binding', async () => {
    await api.send('POST', configMaps, { metadata: { name: 'limits' }, data: { max: '7' } });
    const policy = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, ...validation('int(object.data.n) < int(params.data.max)') };
    const binding = { validationActions: ['Deny'], paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } };
    assert.equal((await asked({ policy, binding, data: { n: '6' } })).status, 201);
    assert.equal((await asked({ policy, binding, data: { n: '8' } })).status, 422);
    const missing = { validationActions: ['Deny'], paramRef: { name: 'missing', parameterNotFoundAction: 'Deny' } };
    const { body } = await asked({ policy, binding: missing });
    assert.equal(
      body['message'],
      denied('failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction'),
    );
  });

  test('a validating policy is refused with an expression that does not compile', async () => {
    const { status, body } = await asked({ policy: validation('nope') });
    assert.equal(status, 422);
    const why = "compilation failed: ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope\n | ^";
    assert.equal(
      body['message'],
      `ValidatingAdmissionPolicy.admissionregistration.k8s.io "p${count}" is invalid: spec.validations[0].expression: Invalid value: "nope": ${why}`,
    );
  });
});

describe('a mutating policy', () => {
  async function changed(mutation: object, more: object = {}, data: Readonly<Record<string, string>> = { n: '9' }): Promise<TestAnswer> {
    count += 1;
    const name = `m${count}`;
    const matchConstraints = {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
      objectSelector: { matchLabels: { p: name } },
    };
    const spec = { matchConstraints, mutations: [mutation], reinvocationPolicy: 'Never', ...more };
    const made = await api.send('POST', `${group}/mutatingadmissionpolicies`, { metadata: { name }, spec });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    await api.send('POST', `${group}/mutatingadmissionpolicybindings`, { metadata: { name }, spec: { policyName: name } });
    return api.send('POST', configMaps, { metadata: { name, labels: { p: name } }, data });
  }
  const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
  const configuration = (expression: string): object => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });

  test('a mutating policy patches what is created', async () => {
    const { body } = await changed(patch('[JSONPatch{op: "add", path: "/data/x", value: object.data.n + "!"}]'));
    assert.deepEqual(body['data'], { n: '9', x: '9!' });
  });

  test('a mutating policy leaves the object as it is where a test of its patch fails', async () => {
    const operations = '[JSONPatch{op: "test", path: "/data/n", value: "1"}, JSONPatch{op: "remove", path: "/data/n"}]';
    assert.deepEqual((await changed(patch(operations))).body['data'], { n: '9' });
  });

  test('a mutating policy merges the configuration that it makes', async () => {
    const { body } = await changed(configuration('Object{metadata: Object.metadata{labels: {"z": object.data.n}}}'));
    assert.deepEqual((body['metadata'] as { labels: object }).labels, { p: `m${count}`, z: '9' });
  });

  test('a mutating policy is asked once more where it wants to be', async () => {
    const twice = patch('[JSONPatch{op: "add", path: "/data/z", value: string(size(object.data))}]');
    assert.deepEqual((await changed(twice, { reinvocationPolicy: 'IfNeeded' })).body['data'], { n: '9', z: '2' });
  });

  test('a mutating policy is not asked about a deletion', async () => {
    const condition = { name: 'c', expression: 'object.data.n == "9"' };
    const { status } = await changed(patch('[JSONPatch{op: "add", path: "/data/x", value: "y"}]'), { matchConditions: [condition] });
    assert.equal(status, 201);
    assert.equal((await api.send('DELETE', `${configMaps}/m${count}`)).status, 200);
  });

  test('a mutating policy refuses what it cannot change', async () => {
    const { status, body } = await changed(patch('[JSONPatch{op: "add", path: "/data/x", value: "y"}]'), {}, {});
    assert.equal(status, 403);
    const why = 'JSON Patch: add operation does not apply: doc is missing path: "/data/x": missing value';
    assert.equal(body['message'], `policy 'm${count}' with binding 'm${count}' denied request: ${why}`);
  });

  test('a mutating policy names types of objects by the paths of their fields', async () => {
    const { body: refused } = await changed(configuration('Object{metadata: Object.data{labels: {"z": "1"}}}'));
    const why =
      'type mismatch: unexpected type name "Object.data", expected "Object.metadata", which matches field name path from root Object type';
    assert.equal(refused['message'], `policy 'm${count}' with binding 'm${count}' denied request: ${why}`);
  });
});
