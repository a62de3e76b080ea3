import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSettled, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { ResourceQuota } from '../../kube/generated/types.ts';
import { configMaps, pods, resourceQuotas } from '../../kube/resource-type.ts';

const quota = (hard: Record<string, string>): ResourceQuota => ({ metadata: { namespace, name: 'q' }, spec: { hard } });

test('a quota counts objects that were created before it', async () => {
  const cluster = await createCluster();
  await cluster.client.create(configMaps, { metadata: { namespace, name: 'a' } });
  await cluster.client.create(resourceQuotas, quota({ 'count/configmaps': '3', pods: '2', 'requests.memory': '1Gi' }));
  await cluster.settle();
  // One ConfigMap is the certificate of the cluster's authority.
  assert.deepEqual((await cluster.get(resourceQuotas, 'q')).status, {
    hard: { 'count/configmaps': '3', pods: '2', 'requests.memory': '1Gi' },
    used: { 'count/configmaps': '2', pods: '0', 'requests.memory': '0' },
  });
  await assertSettled(cluster);
});

test('a pod that ended takes nothing of a quota any more', async () => {
  const cluster = await createCluster();
  await cluster.client.create(resourceQuotas, quota({ pods: '2', 'requests.cpu': '1' }));
  const resources = { requests: { cpu: '300m' } };
  await cluster.client.create(pods, {
    metadata: { namespace, name: 'p' },
    spec: { containers: [{ name: 'c', image: 'c:1', resources }] },
  });
  await cluster.settle();
  assert.deepEqual((await cluster.get(resourceQuotas, 'q')).status?.used, { pods: '1', 'requests.cpu': '300m' });
  const pod = copy(await cluster.get(pods, 'p'));
  await cluster.client.update(pods, { ...pod, status: { phase: 'Succeeded' } }, 'status');
  await cluster.settle();
  assert.deepEqual((await cluster.get(resourceQuotas, 'q')).status?.used, { pods: '0', 'requests.cpu': '0' });
});

test('a quota whose spec changes shows the new limits in its status at once', async () => {
  const cluster = await createCluster();
  await cluster.client.create(resourceQuotas, quota({ pods: '2' }));
  await cluster.settle();
  await cluster.edit<ResourceQuota>(resourceQuotas, 'q', ({ spec }) => {
    spec.hard = { pods: '5', services: '1' };
  });
  await cluster.settle();
  assert.deepEqual((await cluster.get(resourceQuotas, 'q')).status, {
    hard: { pods: '5', services: '1' },
    used: { pods: '0', services: '0' },
  });
});
