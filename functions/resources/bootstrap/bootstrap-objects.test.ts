import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, ClusterRoleBinding, Service } from '../../kube/generated/types.ts';
import { copy } from '../../kube/copy.ts';
import type { Json, KubeObject } from '../../kube/object.ts';
import { nameOf } from '../../kube/object.ts';
import { apiVersionOf } from '../../kube/resource-type.ts';
import { controllerRoles } from '../../controllers/roles.ts';
import { createDefinitions } from '../all.ts';
import { validateObjectMeta } from '../metadata-validation.ts';
import { bootstrapObjects } from './bootstrap-objects.ts';

const place = { apiserverAddress: '192.168.0.1', apiserverPort: 6443, serviceCidr: '10.96.0.0/12' };
const objects = bootstrapObjects(place, controllerRoles);
const definitions = createDefinitions();
const definitionOf = ({ kind, apiVersion }: KubeObject) => {
  const found = definitions.find(({ type }) => type.kind === kind && apiVersionOf(type) === apiVersion);
  assert.ok(found !== undefined, `no definition of ${kind}`);
  return found;
};

test('everything that a cluster starts with is of a kind that it serves, and valid', () => {
  for (const object of objects) {
    const definition = definitionOf(object);
    const { object: decoded, unknown } = definition.schema.decode(copy(object) as unknown as Json);
    assert.deepEqual(unknown, []);
    const next = decoded as unknown as KubeObject;
    definition.setDefaults?.(next);
    definition.prepareForCreate?.(next, { nowMs: 0, userName: 'test', random: () => 0 });
    const rules = { namespaced: definition.type.namespaced, validateName: definition.validateName ?? (() => []) };
    assert.deepEqual([...validateObjectMeta(next.metadata, rules), ...(definition.validate?.(next) ?? [])], [], nameOf(object));
  }
});

test('no two of them are the same object', () => {
  const keys = objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
  assert.equal(new Set(keys).size, keys.length);
});

test('the four namespaces come first', () => {
  assert.deepEqual(objects.slice(0, 4).map(nameOf), ['default', 'kube-system', 'kube-public', 'kube-node-lease']);
});

test('every binding binds a role that exists', () => {
  const roles = new Set(objects.filter(({ kind }) => kind === 'ClusterRole').map(nameOf));
  for (const { roleRef } of objects.filter(({ kind }) => kind === 'ClusterRoleBinding') as ClusterRoleBinding[]) {
    assert.ok(roles.has(roleRef.name), roleRef.name);
  }
});

test('who may view may not see secrets, and who may edit may not give rights', () => {
  const role = (name: string): ClusterRole =>
    objects.find((object) => object.kind === 'ClusterRole' && nameOf(object) === name) as ClusterRole;
  const resources = (name: string): string[] => (role(name).rules ?? []).flatMap((rule) => rule.resources ?? []);
  assert.equal(resources('view').includes('secrets'), false);
  assert.equal(resources('edit').includes('secrets'), true);
  assert.equal(resources('edit').includes('roles'), false);
  assert.equal(resources('admin').includes('roles'), true);
});

test('pods find the apiserver at the first address of the range', () => {
  const [service, endpoints, slice] = objects.slice(-3);
  assert.equal((service as Service).spec.clusterIP, '10.96.0.1');
  assert.deepEqual(endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: '192.168.0.1' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
  });
  assert.equal(slice?.metadata.labels?.['kubernetes.io/service-name'], 'kubernetes');
});
