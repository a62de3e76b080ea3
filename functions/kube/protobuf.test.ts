import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeProtobuf } from './protobuf.ts';

/** Bodies that kubectl 1.33 sent. */
const sent = {
  'create deployment web --image=nginx:1.27 --replicas=2 --port=80': `azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Er0BCh8KA3dlYhIAGgAiACoAMgA4AEIA
    WgoKA2FwcBIDd2ViEosBCAISDAoKCgNhcHASA3dlYhpxChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViElESMwoFbmdpbngSCm5naW54OjEuMjcqADIKCgAQABhQIgAqAEIA
    agByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==`,
  'create configmap c --from-literal=a=b --from-literal=x=y':
    'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiMKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESAWISBgoBeBIBeRoAIgA=',
  'create secret generic s --from-literal=password=hunter2':
    'azhzAAoMCgJ2MRIGU2VjcmV0EioKEQoBcxIAGgAiACoAMgA4AEIAEhMKCHBhc3N3b3JkEgdodW50ZXIyGgAaACIA',
  'create token default --duration=1h':
    'azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIdChAKABIAGgAiACoAMgA4AEIAEgMgkBwaBAoAEgAaACIA',
  'auth can-i create pods': `azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSPwoQCgASABoAIgAqADIAOABCABIhCh8KB2RlZmF1bHQS
    BmNyZWF0ZRoAIgAqBHBvZHMyADoAGggIABIAGgAgABoAIgA=`,
};

const decoded = (command: keyof typeof sent): unknown => decodeProtobuf(Buffer.from(sent[command], 'base64')).object;

const bytes = (...parts: (string | number[])[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part as string)));
const field = (number: number, content: Buffer): Buffer => Buffer.concat([Buffer.from([number * 8 + 2, content.length]), content]);

/** The envelope around the bytes of an object. */
function envelope(apiVersion: string, kind: string, raw: Buffer): Buffer {
  const typeMeta = Buffer.concat([field(1, bytes(apiVersion)), field(2, bytes(kind))]);
  return Buffer.concat([bytes('k8s\0'), field(1, typeMeta), field(2, raw)]);
}

describe('protobuf bodies of kubectl', () => {
  test('a deployment', () => {
    assert.deepEqual(decoded('create deployment web --image=nginx:1.27 --replicas=2 --port=80'), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx:1.27', ports: [{ containerPort: 80 }], resources: {} }] },
        },
        strategy: {},
      },
      status: {},
    });
  });

  test('a config map', () => {
    const expected = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b', x: 'y' } };
    assert.deepEqual(decoded('create configmap c --from-literal=a=b --from-literal=x=y'), expected);
  });

  test('a secret, whose values are base64 in JSON', () => {
    const expected = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { password: 'aHVudGVyMg==' } };
    assert.deepEqual(decoded('create secret generic s --from-literal=password=hunter2'), expected);
  });

  test('a token request', () => {
    assert.deepEqual(decoded('create token default --duration=1h'), {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: { expirationSeconds: 3600 },
      status: { token: '' },
    });
  });

  test('an access review', () => {
    assert.deepEqual(decoded('auth can-i create pods'), {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: { resourceAttributes: { namespace: 'default', verb: 'create', resource: 'pods' } },
      status: { allowed: false },
    });
  });
});

describe('protobuf messages', () => {
  test('delete options are known in every group, and keep a grace of 0', () => {
    const raw = Buffer.concat([Buffer.from([8, 0]), field(4, bytes('Background'))]);
    assert.deepEqual(decodeProtobuf(envelope('policy/v1', 'DeleteOptions', raw)).object, {
      apiVersion: 'policy/v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      propagationPolicy: 'Background',
    });
  });

  test('a volume source is part of its volume', () => {
    const volume = Buffer.concat([field(1, bytes('tmp')), field(2, field(2, bytes('')))]);
    assert.deepEqual(decodeProtobuf(envelope('v1', 'Pod', field(2, field(1, volume)))).object['spec'], {
      volumes: [{ name: 'tmp', emptyDir: {} }],
    });
  });

  test('times, quantities and int-or-string have their form of JSON', () => {
    const time = field(8, Buffer.from([8, 0x80, 0xe2, 0xcf, 0xaa, 6]));
    const hard = field(1, Buffer.concat([field(1, bytes('cpu')), field(2, field(1, bytes('100m')))]));
    const quota = decodeProtobuf(envelope('v1', 'ResourceQuota', Buffer.concat([field(1, time), field(2, hard)])));
    assert.deepEqual(quota.object['metadata'], { creationTimestamp: '2023-11-14T22:13:20Z' });
    assert.deepEqual(quota.object['spec'], { hard: { cpu: '100m' } });
    const budget = field(1, Buffer.concat([Buffer.from([8, 1]), field(3, bytes('50%'))]));
    assert.deepEqual(decodeProtobuf(envelope('policy/v1', 'PodDisruptionBudget', field(2, budget))).object['spec'], {
      minAvailable: '50%',
    });
  });

  test('fields that we do not know are dropped', () => {
    assert.deepEqual(decodeProtobuf(envelope('v1', 'ConfigMap', field(15, bytes('x')))).object, { apiVersion: 'v1', kind: 'ConfigMap' });
  });

  const refused: [string, Uint8Array, string][] = [
    ['JSON', bytes('{}'), 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]'],
    [
      'a kind that does not exist',
      envelope('v1', 'Widget', bytes('')),
      'no kind "Widget" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [
      'a time beyond all years',
      envelope('v1', 'Pod', field(1, field(8, Buffer.from([8, 255, 255, 255, 255, 255, 255, 127])))),
      'Pod in version "v1" cannot be handled as a Pod: proto: time out of range',
    ],
    ['a message that ends early', Buffer.concat([bytes('k8s\0'), Buffer.from([10, 50, 1])]), 'unexpected EOF'],
  ];
  for (const [what, body, message] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(() => decodeProtobuf(body), { message });
    });
  }
});

test('a JSON schema, with names and unions that Go has no fields for', () => {
  const bool = (number: number): Buffer => Buffer.from([...varint(number * 8), 1]);
  const long = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(content.length)]), content]);
  const text = (number: number, value: string): Buffer => long(number, Buffer.from(value));
  const schema = Buffer.concat([
    text(5, 'object'),
    text(3, '#/definitions/x'),
    bool(38),
    long(8, text(1, '{"a":1}')),
    long(24, long(1, text(5, 'string'))),
    long(30, bool(1)),
    long(32, Buffer.concat([text(1, 'a'), long(2, text(2, 'b'))])),
  ]);
  const version = Buffer.concat([text(1, 'v1'), long(4, long(1, schema))]);
  const object = decodeProtobuf(envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', long(2, long(7, version)))).object as {
    spec: { versions: { schema: { openAPIV3Schema: object } }[] };
  };
  assert.deepEqual(object.spec.versions[0]!.schema.openAPIV3Schema, {
    type: 'object',
    $ref: '#/definitions/x',
    'x-kubernetes-preserve-unknown-fields': true,
    default: { a: 1 },
    items: { type: 'string' },
    additionalProperties: true,
    dependencies: { a: ['b'] },
  });
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}
