import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../functions/kube/object.ts';
import { adopted } from './applied-fields.ts';

test('a field that kubectl applied from the client’s side is removed by an apply without it', () => {
  const fields = { fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {} } } };
  const entry = { manager: 'kubectl-client-side-apply', operation: 'Update', apiVersion: 'v1', ...fields };
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' };
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', annotations, managedFields: [entry] } };
  const { metadata } = adopted(object);
  assert.deepEqual(metadata.annotations, { kept: 'yes' });
  assert.deepEqual(metadata.managedFields, [{ ...entry, manager: 'kubectl', operation: 'Apply' }]);
});

test('fields of a client-side and of a server-side apply become those of one manager', () => {
  const entry = (manager: string, operation: string, fields: object) => ({
    manager,
    operation,
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': fields },
  });
  const managedFields = [entry('kubectl', 'Apply', { 'f:a': {} }), entry('kubectl-client-side-apply', 'Update', { 'f:b': {} })];
  const { metadata } = adopted({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', managedFields } });
  assert.deepEqual(metadata.managedFields, [entry('kubectl', 'Apply', { 'f:a': {}, 'f:b': {} })]);
});
