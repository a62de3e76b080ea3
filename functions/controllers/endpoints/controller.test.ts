import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, deployment, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { EndpointSlice, Endpoints, Service } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { deployments, endpoints, endpointSlices, pods, services } from '../../kube/resource-type.ts';

const service = (spec: Service['spec'] = {}): Service => ({
  metadata: { namespace, name: 'web' },
  spec: { clusterIP: '10.96.0.1', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }], ...spec },
});

const slices = async (cluster: Cluster): Promise<readonly EndpointSlice[]> =>
  (await cluster.client.list(endpointSlices, { namespace })).items;

async function running(replicas: number, spec?: Service['spec']): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(services, service(spec));
  await cluster.client.create(deployments, deployment({ replicas }));
  await cluster.runUntilStable();
  return cluster;
}

describe('the endpoints of a Service', () => {
  test('the endpoints of a Service are its ready pods, in both forms', async () => {
    const cluster = await running(2);
    const ips = (await cluster.pods()).map(({ status }) => status?.podIP).toSorted((a = '', b = '') => (a < b ? -1 : 1));
    const legacy = await cluster.get<Endpoints>(endpoints, 'web');
    assert.deepEqual(legacy.metadata.labels, { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
    assert.deepEqual(
      legacy.subsets?.map(({ ports }) => ports),
      [[{ port: 8080, protocol: 'TCP' }]],
    );
    assert.deepEqual(
      legacy.subsets?.[0]?.addresses?.map(({ ip }) => ip),
      ips,
    );
    const [slice] = await slices(cluster);
    assert.deepEqual(
      slice?.endpoints?.flatMap(({ addresses }) => addresses).toSorted((a, b) => (a < b ? -1 : 1)),
      ips,
    );
    await assertSettled(cluster);
  });

  test('the endpoints of a Service follow a pod that becomes unready', async () => {
    const cluster = await running(2);
    const [pod] = await cluster.pods();
    assert.ok(pod);
    await cluster.client.update(
      pods,
      { ...copy(pod), status: { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] } },
      'status',
    );
    await cluster.settle();
    const [subset] = (await cluster.get<Endpoints>(endpoints, 'web')).subsets ?? [];
    assert.deepEqual([subset?.addresses?.length, subset?.notReadyAddresses?.map(({ targetRef }) => targetRef?.name)], [1, [nameOf(pod)]]);
    const endpoint = (await slices(cluster))[0]?.endpoints?.find(({ targetRef }) => targetRef?.name === nameOf(pod));
    assert.deepEqual(endpoint?.conditions, { ready: false, serving: false, terminating: false });
  });

  test('the endpoints of a Service lose a pod that the selector no longer matches', async () => {
    const cluster = await running(1);
    const [pod] = await cluster.pods();
    assert.ok(pod);
    await cluster.client.patch(pods, { namespace, name: nameOf(pod) }, { metadata: { labels: { app: 'debug' } } });
    await cluster.runUntilStable();
    const [slice] = await slices(cluster);
    assert.deepEqual(
      slice?.endpoints?.map(({ targetRef }) => targetRef?.name === nameOf(pod)),
      [false],
    );
  });

  test('the endpoints of a Service are left as they are when the Service has no selector, and mirrored to slices', async () => {
    const cluster = await createCluster();
    await cluster.client.create(services, service({ selector: undefined }));
    await cluster.client.create(endpoints, { metadata: { namespace, name: 'web' }, subsets: [{ addresses: [{ ip: '192.0.2.1' }] }] });
    await cluster.settle();
    assert.deepEqual([(await slices(cluster)).length, (await cluster.get<Endpoints>(endpoints, 'web')).subsets?.length], [1, 1]);
    await cluster.client.delete(services, { namespace, name: 'web' });
    await cluster.settle();
    assert.equal(await cluster.exists(endpoints, 'web'), true);
  });

  test('the endpoints of a Service go with their Service', async () => {
    const cluster = await running(1);
    await cluster.client.delete(services, { namespace, name: 'web' });
    await cluster.settle();
    assert.deepEqual([await slices(cluster), await cluster.exists(endpoints, 'web')], [[], false]);
  });

  test('the endpoints of a Service come to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await cluster.client.create(services, service());
        await cluster.client.create(deployments, deployment({ replicas: 2 }));
      },
      async (cluster) => [
        (await slices(cluster)).map((slice) => slice.endpoints?.length),
        (await cluster.get<Endpoints>(endpoints, 'web')).subsets?.[0]?.addresses?.length,
      ],
    );
  });
});
