import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../../../test/support/view.ts';
import type { FieldError } from '../../kube/field-error.ts';
import type { ConfigMap, Event, Namespace, ReplicationController, Secret } from '../../kube/generated/types.ts';
import { configKeyErrors } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/object.ts';
import type { AnyDefinition } from '../definition.ts';
import { configMapDefinition } from './configmap/definition.ts';
import { validateConfigMap, validateConfigMapUpdate } from './configmap/validation.ts';
import { endpointsDefinition } from './endpoints/definition.ts';
import { eventDefinition } from './event/definition.ts';
import { validateEvent } from './event/validation.ts';
import { namespaceDefinition } from './namespace/definition.ts';
import { validateNamespaceStatusUpdate } from './namespace/validation.ts';
import { replicationControllerDefinition } from './replicationcontroller/definition.ts';
import { secretDefinition } from './secret/definition.ts';
import { setSecretDefaults } from './secret/defaults.ts';
import { validateSecret, validateSecretUpdate } from './secret/validation.ts';
import { serviceAccountDefinition } from './serviceaccount/definition.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const now = Date.parse('2026-01-01T01:00:00Z');
const context = { nowMs: now, userName: 'test', random: () => 0 };
const metadata = { name: 'a', namespace: 'default', creationTimestamp: '2026-01-01T00:55:00Z' };
const row = ({ columns }: AnyDefinition, object: KubeObject): unknown[] => columns.map(({ value }) => value(object, now));
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('a new namespace has its name as a label, the finalizer and is active', () => {
  const object: Namespace = { metadata: { name: 'team' }, spec: {} };
  namespaceDefinition.setDefaults?.(object);
  namespaceDefinition.prepareForCreate?.(object, context);
  assert.deepEqual(object, {
    metadata: { name: 'team', labels: { 'kubernetes.io/metadata.name': 'team' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
});

test('a namespace is held until it is finalized', () => {
  const object: Namespace = { metadata: { name: 'team' }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
  namespaceDefinition.prepareForTermination?.(object, context);
  assert.equal(object.status?.phase, 'Terminating');
  assert.equal(namespaceDefinition.isHeld?.(object), true);
  const [finalize] = namespaceDefinition.subresources ?? [];
  assert.ok(finalize?.kind === 'object');
  const result = finalize.write(object, { metadata: {}, spec: { finalizers: [] } }, context, viewOf());
  assert.ok(result.outcome === 'update');
  assert.equal(namespaceDefinition.isHeld?.(result.object), false);
});

test('an ordinary update cannot take the finalizer of a namespace away', () => {
  const next: Namespace = { metadata: { name: 'team' }, spec: {} };
  namespaceDefinition.prepareForUpdate?.(next, { metadata: { name: 'team' }, spec: { finalizers: ['kubernetes'] } } as Namespace, context);
  assert.deepEqual(next.spec, { finalizers: ['kubernetes'] });
});

test('only a namespace that is going may have the phase Terminating', () => {
  assert.deepEqual(texts(validateNamespaceStatusUpdate({ metadata: {}, spec: {}, status: { phase: 'Terminating' } })), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ]);
});

const configMap = (more: Partial<ConfigMap>): ConfigMap => ({ metadata, ...more });

test('keys of a config map can be names of files, and are either text or bytes', () => {
  const errors = texts(validateConfigMap(configMap({ data: { '..': '', c: '' }, binaryData: { c: '' } })));
  assert.deepEqual(errors, [
    ...configKeyErrors('..').map((why) => `data[..]: Invalid value: "..": ${why}`),
    'data[c]: Invalid value: "c": duplicate of key present in binaryData',
  ]);
});

test('a config map holds a mebibyte', () => {
  assert.deepEqual(texts(validateConfigMap(configMap({ data: { a: 'x'.repeat(1024 * 1024 + 1) } }))), [
    '[]: Too long: may not be more than 1048576 bytes',
  ]);
});

test('an immutable config map stays as it is', () => {
  const errors = validateConfigMapUpdate(configMap({ data: { a: '2' } }), configMap({ immutable: true, data: { a: '1' } }));
  assert.deepEqual(texts(errors), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
  ]);
});

test('the text of a secret becomes its data', () => {
  const object: Secret = { metadata, data: { a: base64('1'), b: base64('2') }, stringData: { b: '3' } };
  setSecretDefaults(object);
  assert.deepEqual(object, { metadata, type: 'Opaque', data: { a: base64('1'), b: base64('3') } });
});

for (const [type, data, errors] of [
  ['Opaque', {}, []],
  ['kubernetes.io/tls', {}, ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
  ['kubernetes.io/basic-auth', {}, ['data[username]: Required value', 'data[password]: Required value']],
  ['kubernetes.io/basic-auth', { password: '' }, []],
  ['kubernetes.io/ssh-auth', {}, ['data[ssh-privatekey]: Required value']],
  ['kubernetes.io/service-account-token', {}, ['metadata.annotations[kubernetes.io/service-account.name]: Required value']],
  ['kubernetes.io/dockerconfigjson', { '.dockerconfigjson': base64('{}') }, []],
  ['kubernetes.io/dockercfg', {}, ['data[.dockercfg]: Required value']],
] as const) {
  test(`a secret of type ${type} with ${Object.keys(data).length} keys gets ${errors.length} errors`, () =>
    assert.deepEqual(texts(validateSecret({ metadata, type, data })), errors));
}

test('the type of a secret cannot change', () => {
  assert.deepEqual(texts(validateSecretUpdate({ metadata, type: 'b' }, { metadata, type: 'a' })), [
    'type: Invalid value: "b": field is immutable',
  ]);
});

const event = (more: Partial<Event> = {}): Event => ({
  metadata,
  involvedObject: { kind: 'Pod', namespace: 'default', name: 'web', fieldPath: 'spec.containers{c}' },
  reason: 'Pulled',
  message: ' done \n',
  type: 'Normal',
  count: 3,
  source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: '2026-01-01T00:50:00Z',
  lastTimestamp: '2026-01-01T00:59:00Z',
  ...more,
});

test('an event shows what happened, and when', () => {
  assert.deepEqual(row(eventDefinition, event()), [
    '60s',
    'Normal',
    'Pulled',
    'pod/web',
    'spec.containers{c}',
    'kubelet, n1',
    'done',
    '10m',
    3,
    'a',
  ]);
});

test('an event of the newer kind shows its own time and counts once', () => {
  const newer = event({ firstTimestamp: undefined, lastTimestamp: undefined, count: undefined, eventTime: '2026-01-01T00:58:00.000000Z' });
  const cells = row(eventDefinition, newer);
  assert.deepEqual([cells[0], cells[7], cells[8]], ['2m', '2m', 1]);
});

test('an Event must be in the namespace of its object', () => {
  assert.deepEqual(texts(validateEvent(event())), []);
  assert.deepEqual(texts(validateEvent(event({ involvedObject: { namespace: 'other' } }))), [
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ]);
  assert.deepEqual(texts(validateEvent(event({ involvedObject: { kind: 'Node', name: 'n' } }))), []);
});

test('Events can be selected by fields of their object and by their source', () => {
  assert.equal(eventDefinition.fields?.(event())['involvedObject.name'], 'web');
  assert.equal(eventDefinition.fields?.(event())['source'], 'kubelet');
});

for (const [what, subsets, text] of [
  ['none', undefined, '<none>'],
  ['some', [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ port: 80 }] }], '10.0.0.1:80,10.0.0.2:80'],
  ['many', [{ addresses: ['1', '2', '3', '4'].map((ip) => ({ ip })), ports: [{ port: 80 }] }], '1:80,2:80,3:80 + 1 more...'],
  ['no ports', [{ addresses: [{ ip: '10.0.0.1' }] }], '10.0.0.1'],
] as const) {
  test(`endpoints with ${what} show as ${text}`, () =>
    assert.deepEqual(row(endpointsDefinition, { metadata, subsets } as KubeObject), ['a', text, '5m']));
}

test('small kinds show their size', () => {
  assert.deepEqual(row(configMapDefinition, configMap({ data: { a: '' }, binaryData: { b: '' } })), ['a', 2, '5m']);
  const secret: Secret = { metadata, type: 'Opaque', data: { a: '' } };
  assert.deepEqual(row(secretDefinition, secret), ['a', 'Opaque', 1, '5m']);
  assert.deepEqual(row(serviceAccountDefinition, { metadata }), ['a', '5m']);
});

test('a replication controller takes labels and selector from its template', async () => {
  await replicationControllerDefinition.load?.();
  const object: ReplicationController = {
    metadata: { name: 'a' },
    spec: { template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } } },
  };
  replicationControllerDefinition.setDefaults?.(object);
  assert.deepEqual([object.metadata.labels, object.spec.selector, object.spec.replicas], [{ app: 'x' }, { app: 'x' }, 1]);
  assert.deepEqual(texts(replicationControllerDefinition.validate?.(object) ?? []), []);
  assert.equal(replicationControllerDefinition.defaultPropagation, 'Orphan');
  assert.deepEqual(row(replicationControllerDefinition, object).slice(1), [1, 0, 0, '<unknown>', 'c', 'i:1', 'app=x']);
});
