import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJson } from './json-document.ts';
import type { Json, JsonObject } from './object.ts';
import { builtIn, enumErrors, schemaFor } from './schema.ts';

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
  test('decoding drops unknown fields and lists their places', () => {
    const { object, unknown } = builtIn(deployment).decode({
      apiVersion: 'apps/v1',
      bogus: 1,
      spec: { replicas: 2, template: { spec: { containers: [{ name: 'a' }, { name: 'b', imagePolicy: 'x' }] } } },
    });
    assert.deepEqual(unknown, ['bogus', 'spec.template.spec.containers[1].imagePolicy']);
    assert.equal(object['bogus'], undefined);
  });

  test('decoding fills in the structs that Go always prints', () => {
    assert.deepEqual(builtIn(deployment).decode({ spec: { replicas: 0 } }).object, {
      spec: { replicas: 0, strategy: {}, template: { metadata: {}, spec: {} } },
      metadata: {},
      status: {},
    });
  });

  test('decoding fills in the zeros and nulls that Go always prints', () => {
    const event = builtIn('io.k8s.api.core.v1.Event').decode({}).object;
    assert.deepEqual([event['eventTime'], event['reportingComponent']], [null, '']);
    const from = { resourceFieldRef: { resource: 'limits.cpu' } };
    const decoded = decodedPod({ containers: [{ name: 'a', env: [{ name: 'A', valueFrom: from }] }] });
    assert.deepEqual(decoded, {
      containers: [
        { name: 'a', env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '0' } } }], resources: {} },
      ],
    });
    assert.equal(builtIn('io.k8s.api.rbac.v1.ClusterRole').decode({ rules: [] }).object['rules'], null);
  });

  test('decoding fills in defaults that the API declares', () => {
    assert.deepEqual(decodedPod({ containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] }), {
      containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }], resources: {} }],
    });
  });

  test('decoding drops nulls, and zero values that Go omits', () => {
    const spec = { nodeName: null, hostNetwork: false, hostUsers: false, hostname: '', nodeSelector: {}, containers: [], tolerations: [] };
    assert.deepEqual(decodedPod(spec), { hostUsers: false, containers: [] });
  });

  test('decoding keeps a null value of a map as the empty value', () => {
    assert.deepEqual(builtIn('io.k8s.api.core.v1.ConfigMap').decode({ data: { a: null, __proto__x: 'b' } }).object['data'], {
      a: '',
      __proto__x: 'b',
    });
  });

  test('decoding prints quantities, times and durations in their canonical form', () => {
    const limits = { cpu: '1000m', memory: '1024Mi', 'example.com/gpu': 2 };
    const spec = { containers: [{ name: 'a', resources: { limits } }] };
    assert.deepEqual(decodedPod(spec), {
      containers: [{ name: 'a', resources: { limits: { cpu: '1', memory: '1Gi', 'example.com/gpu': '2' } } }],
    });
    const lease = {
      spec: { renewTime: '2026-01-02T03:04:05.678000+01:00' },
      metadata: { creationTimestamp: '2026-01-02T03:04:05.6+01:00' },
    };
    assert.deepEqual(builtIn('io.k8s.api.coordination.v1.Lease').decode(lease).object, {
      spec: { renewTime: '2026-01-02T02:04:05.678000Z' },
      metadata: { creationTimestamp: '2026-01-02T02:04:05Z' },
    });
  });

  test('decoding drops fields of features that are off, and knows them all the same', () => {
    const probe = { httpGet: { port: 80, protocol: 'HTTP2' } };
    const containers: Json[] = [
      { name: 'a', livenessProbe: probe, lifecycle: { stopSignal: 'SIGTERM' } },
      { name: 'b', lifecycle: { stopSignal: 'SIGTERM', preStop: { sleep: { seconds: 1 } } } },
      { name: 'c', lifecycle: {} },
    ];
    const spec = { schedulingGroup: { podGroupName: 'a' }, volumes: [{ name: 'a', emptyDir: { mode: 511 } }], containers };
    assert.deepEqual(decodedPod(spec), {
      volumes: [{ name: 'a', emptyDir: {} }],
      containers: [
        { name: 'a', livenessProbe: { httpGet: { port: 80 } }, resources: {} },
        { name: 'b', lifecycle: { preStop: { sleep: { seconds: 1 } } }, resources: {} },
        { name: 'c', lifecycle: {}, resources: {} },
      ],
    });
    assert.match(failure(pod, { spec: { schedulingGroup: 5 } }), /number into Go struct field PodSpec.spec.schedulingGroup/);
  });

  test('decoding keeps free-form parts as they are', () => {
    const managedFields = [{ manager: 'a', fieldsV1: { 'f:spec': { '.': {}, x: null } } }];
    assert.deepEqual(builtIn(pod).decode({ metadata: { managedFields } }).object['metadata'], { managedFields });
  });

  test('decoding keeps the zero of a scalar that is null when it is not there', () => {
    const parametersOf = (parameters: object): unknown =>
      builtIn('io.k8s.api.networking.v1.IngressClass').decode({ metadata: {}, spec: { controller: 'a/b', parameters } as JsonObject })
        .object['spec'];
    const named = { kind: 'K', name: 'n' };
    assert.deepEqual(parametersOf({ ...named, scope: '' }), { controller: 'a/b', parameters: { ...named, scope: '' } });
    assert.deepEqual(parametersOf(named), { controller: 'a/b', parameters: { ...named, scope: null } });
  });

  test('decoding names the keys of a map that have a type of their own', () => {
    assert.match(
      failure('io.k8s.api.resource.v1.ResourceSlice', { spec: { devices: [{ capacity: [] }] } }),
      /Device\.spec\.devices\.capacity of type map\[v1\.QualifiedName\]v1\.DeviceCapacity$/,
    );
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
      'json: cannot unmarshal bool into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32',
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
    test(`decoding refuses ${what} in upstream's words`, () => {
      assert.equal(failure(deployment, json), `Deployment in version "v1" cannot be handled as a Deployment: ${expected}`);
    });
  }

  const podErrors: [string, Json, string][] = [
    [
      'names the struct that Go embeds',
      { volumes: [{ nfs: 5 }] },
      'number into Go struct field Volume.spec.volumes.VolumeSource.nfs of type v1.NFSVolumeSource',
    ],
    [
      'names each of several embedded structs',
      { volumes: [{ configMap: { name: 5 } }] },
      'number into Go struct field ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.LocalObjectReference.name of type string',
    ],
    ['names the type of a text', { restartPolicy: 5 }, 'number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy'],
    [
      'names the field of a value with a form of its own',
      { containers: [{ livenessProbe: { httpGet: { port: true } } }] },
      'bool into Go struct field HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port of type int32',
    ],
  ];
  for (const [what, spec, expected] of podErrors) {
    test(`${what} in an error`, () => {
      assert.equal(failure(pod, { spec }), `Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal ${expected}`);
    });
  }

  const times: [string, string][] = [
    ['2026-01-02T03:04:05Z', 'cannot parse "Z" as ".000000"'],
    ['2026-01-02T03:04:05.5Z', 'cannot parse ".5Z" as ".000000"'],
    ['2026-01-02T03:04:05.1234567Z', 'cannot parse "7Z" as "Z07:00"'],
    ['2026-01-02', 'cannot parse "" as "T"'],
  ];
  for (const [renewTime, expected] of times) {
    test(`decoding refuses ${renewTime} as a time with microseconds`, () => {
      const problem = `parsing time "${renewTime}" as "2006-01-02T15:04:05.000000Z07:00": ${expected}`;
      assert.equal(
        failure('io.k8s.api.coordination.v1.Lease', { spec: { renewTime } }),
        `Lease in version "v1" cannot be handled as a Lease: ${problem}`,
      );
    });
  }

  for (const text of ['1000.0', '1e3', '3e9', '99999999999999999999999']) {
    test(`decoding refuses ${text} as an integer, in the client's spelling`, () => {
      const { value, numbers = new Map() } = parseJson(`{"spec":{"replicas":${text}}}`);
      assert.throws(() => builtIn(deployment).decode(value, { numbers }), {
        message: `Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal number ${text} into Go struct field DeploymentSpec.spec.replicas of type int32`,
      });
    });
  }

  test('decoding takes the largest integer of 64 bits, and refuses the next', () => {
    const decode = (text: string): unknown => {
      const { value, numbers = new Map() } = parseJson(`{"spec":{"activeDeadlineSeconds":${text}}}`);
      return builtIn(pod).decode(value, { numbers });
    };
    assert.doesNotThrow(() => decode('9223372036854775807'));
    assert.throws(
      () => decode('9223372036854775808'),
      /number 9223372036854775808 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64/,
    );
  });

  test('decoding refuses bytes that are not base64', () => {
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

test('what an apply emptied is shown empty, and never stored so', () => {
  const schema = builtIn('io.k8s.api.core.v1.ResourceQuota');
  const sent = { kind: 'ResourceQuota', apiVersion: 'v1', metadata: {}, spec: { scopes: [], hard: {} } };
  const { object } = schema.decode(sent, { isRestored: true, isSent: true, keepsEmpty: true });
  assert.deepEqual(object['spec'], { scopes: [], hard: {} });
  schema.settle(object);
  assert.deepEqual(object['spec'], {});
});

test('a value that a type itself refuses counts before one of the wrong type, wherever it stands', () => {
  const schema = builtIn('io.k8s.api.core.v1.Pod');
  const sent = { metadata: { name: [null], creationTimestamp: 'x' }, spec: { containers: 7 } };
  assert.throws(() => schema.decode(sent), /parsing time "x"/);
  assert.throws(
    () => schema.decode({ metadata: { name: [null] }, spec: { containers: 7 } }),
    /cannot unmarshal array into Go struct field ObjectMeta.metadata.name/,
  );
});
