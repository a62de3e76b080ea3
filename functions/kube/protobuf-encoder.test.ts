import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from './object.ts';
import { encodeProtobuf, encodeProtobufEvent, encodeProtobufList } from './protobuf-encoder.ts';
import { decodeProtobuf, decodeProtobufEvent } from './protobuf.ts';

/** kube-apiserver 1.37.2: a ConfigMap without managed fields, and a Status. */
const upstream = {
  configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: 'b', x: 'y' } },
  status: {
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    message: 'namespaces "nope" not found',
    reason: 'NotFound',
    details: { name: 'nope', kind: 'namespaces' },
    code: 404,
  },
};

const objects: Readonly<Record<string, JsonObject>> = {
  ...upstream,
  'pointers to zero': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {},
    spec: { replicas: 0, template: { metadata: {}, spec: {} } },
  },
  'a time, and one with microseconds': {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { creationTimestamp: '2026-01-02T03:04:05Z' },
    spec: { renewTime: '2026-01-02T03:04:05.678901Z', leaseTransitions: -1 },
  },
  'a time before 1970': { apiVersion: 'v1', kind: 'ConfigMap', metadata: { creationTimestamp: '1969-12-31T23:59:58Z' } },
  'fields that Go inlines': {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { managedFields: [{ manager: 'm', fieldsV1: { 'f:spec': { 'k:{"name":"ä"}': {} } } }] },
    spec: {
      volumes: [
        { name: 'v', configMap: { name: 'c', defaultMode: 420 } },
        { name: 'e', emptyDir: {} },
      ],
      containers: [
        {
          name: 'c',
          resources: { limits: { cpu: '100m', memory: '1Gi' } },
          livenessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 3 },
          readinessProbe: { tcpSocket: { port: 80 } },
        },
      ],
    },
  },
  bytes: { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { password: 'aHVudGVyMg==', empty: '' } },
  'lists of texts, numbers and durations': {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec: { token: 't' },
    status: { user: { username: 'u', extra: { 'example.com/x': ['1', '2'] } } },
  },
  'a schema': {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {},
    spec: {
      group: 'example.com',
      versions: [
        {
          name: 'v1',
          schema: {
            openAPIV3Schema: {
              type: 'object',
              maximum: 1.5,
              enum: [null, 1, 'a'],
              default: { a: [1] },
              items: { type: 'string' },
              additionalProperties: { type: 'integer' },
              dependencies: { a: ['b'], c: { type: 'object' } },
              'x-kubernetes-preserve-unknown-fields': true,
            },
          },
        },
      ],
    },
  },
};

describe('an object in protobuf is the same object', () => {
  for (const [what, object] of Object.entries(objects)) {
    test(`an object in protobuf is the same object: ${what}`, () => {
      const bytes = encodeProtobuf(object);
      assert.ok(bytes !== undefined);
      assert.deepEqual(decodeProtobuf(bytes).object, object);
    });
  }
});

test('an object has the bytes that kube-apiserver 1.37.2 sends, but for fields that are empty', () => {
  const sent = 'k8s\0\n\x0f\n\x02v1\x12\tConfigMap\x12\x15\n\x03\n\x01c\x12\x06\n\x01a\x12\x01b\x12\x06\n\x01x\x12\x01y\x1a\0"\0';
  assert.equal(Buffer.from(encodeProtobuf(upstream.configMap) ?? []).toString('latin1'), sent);
});

test('a list holds its items without their type', () => {
  const items = ['a', 'b'].map((name) => (): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
  const bytes = encodeProtobufList(
    { apiVersion: 'v1', kind: 'ConfigMapList', metadata: { resourceVersion: '7', remainingItemCount: 3 } },
    items,
  );
  assert.deepEqual(decodeProtobuf(bytes ?? new Uint8Array()).object, {
    apiVersion: 'v1',
    kind: 'ConfigMapList',
    metadata: { resourceVersion: '7', remainingItemCount: 3 },
    items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
  });
});

test('an event of a watch begins with its length', () => {
  const bytes = Buffer.from(encodeProtobufEvent('ADDED', upstream.configMap) ?? []);
  assert.equal(bytes.readUInt32BE(), bytes.length - 4);
  assert.deepEqual(decodeProtobufEvent(bytes.subarray(4)), { type: 'ADDED', object: upstream.configMap });
});

test('a long message outgrows the first buffer', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { text: 'ö'.repeat(100_000) } };
  assert.deepEqual(decodeProtobuf(encodeProtobuf(object) ?? new Uint8Array()).object, object);
});

test('a custom kind has no message', () => {
  assert.equal(encodeProtobuf({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: {} }), undefined);
});
