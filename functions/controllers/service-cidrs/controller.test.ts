import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSettled, createCluster, namespace } from '../../../test/support/cluster.ts';
import type { Service, ServiceCIDR } from '../../kube/generated/types.ts';
import { serviceCIDRs, services } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';

const at = { namespace: '', name: 'more' };
const cidr: ServiceCIDR = { metadata: { name: 'more' }, spec: { cidrs: ['192.168.96.0/24'] } };
const service = (clusterIP: string): Service => ({ metadata: { namespace, name: 's' }, spec: { ports: [{ port: 80 }], clusterIP } });

test('Services get addresses of a ServiceCIDR as soon as it is ready', async () => {
  const cluster = await createCluster();
  await assert.rejects(cluster.client.create(services, service('192.168.96.7')), StatusError);
  await cluster.client.create(serviceCIDRs, cidr);
  await cluster.settle();
  const made = await cluster.client.get(serviceCIDRs, at);
  assert.deepEqual(made.metadata.finalizers, ['networking.k8s.io/service-cidr-finalizer']);
  assert.deepEqual(
    made.status?.conditions?.map(({ type, status, reason, message }) => [type, status, reason, message]),
    [['Ready', 'True', '', 'Kubernetes Service CIDR is ready']],
  );
  await cluster.client.create(services, service('192.168.96.7'));
  assert.equal((await cluster.get(services, 's')).spec?.clusterIP, '192.168.96.7');
  await assertSettled(cluster);
});

test('a ServiceCIDR stays as long as a Service has an address of it, and gives out none meanwhile', async () => {
  const cluster = await createCluster();
  await cluster.client.create(serviceCIDRs, cidr);
  await cluster.settle();
  await cluster.client.create(services, service('192.168.96.7'));
  await cluster.client.delete(serviceCIDRs, at);
  await cluster.settle();
  const { status } = await cluster.client.get(serviceCIDRs, at);
  assert.deepEqual(
    status?.conditions?.map(({ status: value, reason }) => [value, reason]),
    [['False', 'Terminating']],
  );
  const other = { ...service('192.168.96.8'), metadata: { namespace, name: 'other' } };
  await assert.rejects(cluster.client.create(services, other), StatusError);
  await cluster.client.delete(services, { namespace, name: 's' });
  await cluster.settle();
  assert.equal((await cluster.client.list(serviceCIDRs)).items.length, 0);
});
