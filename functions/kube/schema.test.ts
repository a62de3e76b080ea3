import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json } from './object.ts';
import { builtIn, enumErrors, requiredErrors, schemaFor } from './schema.ts';

const deployment = 'io.k8s.api.apps.v1.Deployment';
const pod = 'io.k8s.api.core.v1.Pod';

const decodedPod = (spec: Json): Json => builtIn(pod).decode({ spec }).object['spec'] ?? null;

function failure(schemaName: string, json: Json): string {
  try {
    builtIn(schemaName).decode(json);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
  return 'decoded';
}

describe('decoding', () => {
  test('drops unknown fields and says where they were', () => {
    const { object, unknown } = builtIn(deployment).decode({
      apiVersion: 'apps/v1',
      bogus: 1,
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'a' }, { name: 'b', imagePolicy: 'x' }] } } },
    });
    assert.deepEqual(unknown, ['bogus', 'spec.template.spec.containers[1].imagePolicy']);
    assert.equal(object['bogus'], undefined);
  });

  test('fills in the structs that Go always prints', () => {
    assert.deepEqual(builtIn(deployment).decode({ spec: { replicas: 0 } }).object, {
      spec: { replicas: 0, strategy: {}, template: { metadata: {}, spec: {} } },
      metadata: {},
      status: {},
    });
  });

  test('fills in defaults that the API declares', () => {
    assert.deepEqual(decodedPod({ containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] }), {
      containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }], resources: {} }],
    });
  });

  test('drops nulls, and zero values that Go omits', () => {
    const spec = { nodeName: null, hostNetwork: false, hostUsers: false, hostname: '', nodeSelector: {}, containers: [], tolerations: [] };
    assert.deepEqual(decodedPod(spec), { hostUsers: false, containers: [] });
  });

  test('keeps a null value of a map as the empty value', () => {
    assert.deepEqual(builtIn('io.k8s.api.core.v1.ConfigMap').decode({ data: { a: null, __proto__x: 'b' } }).object['data'], {
      a: '',
      __proto__x: 'b',
    });
  });

  test('prints quantities, times and durations in their canonical form', () => {
    const limits = { cpu: '1000m', memory: '1024Mi', 'example.com/gpu': 2 };
    const spec = { containers: [{ name: 'a', resources: { limits } }] };
    assert.deepEqual(decodedPod(spec), {
      containers: [{ name: 'a', resources: { limits: { cpu: '1', memory: '1Gi', 'example.com/gpu': '2' } } }],
    });
    const lease = { spec: { renewTime: '2026-01-02T03:04:05.678+01:00' }, metadata: { creationTimestamp: '2026-01-02T03:04:05.6+01:00' } };
    assert.deepEqual(builtIn('io.k8s.api.coordination.v1.Lease').decode(lease).object, {
      spec: { renewTime: '2026-01-02T02:04:05.678000Z' },
      metadata: { creationTimestamp: '2026-01-02T02:04:05Z' },
    });
  });

  test('keeps free-form parts as they are', () => {
    const managedFields = [{ manager: 'a', fieldsV1: { 'f:spec': { '.': {}, x: null } } }];
    assert.deepEqual(builtIn(pod).decode({ metadata: { managedFields } }).object['metadata'], { managedFields });
  });

  const errors: [string, Json, string][] = [
    [
      'a string for a number',
      { spec: { replicas: 'two' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a fraction',
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a too large number',
      { spec: { replicas: 3e9 } },
      'json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a number for a label',
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'a bool in a list',
      { spec: { template: { spec: { containers: [{ args: [true] }] } } } },
      'json: cannot unmarshal bool into Go struct field Container.spec.template.spec.containers.args of type string',
    ],
    [
      'an object for a list',
      { spec: { template: { spec: { containers: {} } } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
    ],
    ['a list for a struct', { spec: [] }, 'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec'],
    ['a list for the object', [], 'json: cannot unmarshal array into Go value of type v1.Deployment'],
    [
      'a bool for int-or-string',
      { spec: { strategy: { rollingUpdate: { maxSurge: true } } } },
      'json: cannot unmarshal bool into Go value of type int32',
    ],
    [
      'a bad time',
      { metadata: { creationTimestamp: 'now' } },
      'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"',
    ],
    [
      'a bad quantity',
      { spec: { template: { spec: { containers: [{ resources: { limits: { cpu: 'x' } } }] } } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [what, json, expected] of errors) {
    test(`refuses ${what} in upstream's words`, () => {
      assert.equal(failure(deployment, json), `Deployment in version "v1" cannot be handled as a Deployment: ${expected}`);
    });
  }

  test('refuses bytes that are not base64', () => {
    const expected = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4';
    assert.equal(failure('io.k8s.api.core.v1.Secret', { data: { a: 'abcd!' } }), expected);
  });
});

test('kinds are found by apiVersion', () => {
  assert.equal(schemaFor('apps/v1', 'Deployment'), deployment);
  assert.equal(schemaFor('v1', 'Pod'), pod);
  assert.equal(schemaFor('rbac.authorization.k8s.io/v1', 'Role'), 'io.k8s.api.rbac.v1.Role');
  assert.equal(schemaFor('apiextensions.k8s.io/v1', 'CustomResourceDefinition')?.endsWith('v1.CustomResourceDefinition'), true);
  assert.equal(schemaFor('v1', 'DeleteOptions'), 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions');
  assert.equal(schemaFor('stable.example.com/v1', 'CronTab'), undefined);
});

test('missing fields are required ones', () => {
  const spec = { containers: [{ image: 'nginx', env: [{ value: 'x' }] }], volumes: [{ name: 'a' }] };
  assert.deepEqual(requiredErrors(builtIn(pod), { spec }), [
    { type: 'FieldValueRequired', field: 'spec.containers[0].name', message: 'Required value' },
    { type: 'FieldValueRequired', field: 'spec.containers[0].env[0].name', message: 'Required value' },
  ]);
});

test('values outside an enumeration are not supported', () => {
  const spec = { restartPolicy: 'Sometimes', containers: [{ name: 'a', ports: [{ containerPort: 1, protocol: 'ICMP' }] }] };
  const supported = 'supported values: "Always", "Never", "OnFailure"';
  assert.deepEqual(enumErrors(builtIn(pod), { spec }), [
    { type: 'FieldValueNotSupported', field: 'spec.restartPolicy', message: `Unsupported value: "Sometimes": ${supported}` },
    {
      type: 'FieldValueNotSupported',
      field: 'spec.containers[0].ports[0].protocol',
      message: 'Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
    },
  ]);
});

test('a decoded object decodes to itself', () => {
  const spec = { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: '' }], resources: { limits: { cpu: '1000m' } } }] };
  const once = builtIn(pod).decode({ metadata: { labels: {} }, spec }).object;
  assert.deepEqual(builtIn(pod).decode(once), { object: once, unknown: [] });
});
