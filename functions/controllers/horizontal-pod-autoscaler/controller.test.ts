import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { createCluster, deployment, namespace } from '../../../test/support/cluster.ts';
import type {
  AutoscalingHorizontalPodAutoscaler as Autoscaler,
  AutoscalingHorizontalPodAutoscalerSpec as AutoscalerSpec,
} from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nameOf } from '../../kube/object.ts';
import { customResourceDefinitions, deployments, horizontalPodAutoscalers, resourceType } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';

const podUsages = resourceType<KubeObject & Record<string, unknown>>('metrics.k8s.io/v1beta1', 'pods', 'PodMetrics');

const autoscaler = (spec: Partial<AutoscalerSpec> = {}): Autoscaler => ({
  metadata: { namespace, name: 'web' },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    minReplicas: 1,
    maxReplicas: 10,
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
    ...spec,
  },
});

/** Serves the API of resource metrics as a kind of its own. */
async function serveMetrics(cluster: Cluster): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await cluster.client.create(customResourceDefinitions, {
    metadata: { name: 'pods.metrics.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
    spec: {
      group: 'metrics.k8s.io',
      scope: 'Namespaced',
      names: { plural: 'pods', kind: 'PodMetrics' },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema }],
    },
  });
  await cluster.settle();
}

async function useCpu(cluster: Cluster, cpu: string): Promise<void> {
  await cluster.client.deleteCollection(podUsages, { namespace });
  for (const pod of await cluster.pods()) {
    await cluster.client.create(podUsages, {
      metadata: { namespace, name: nameOf(pod), labels: { app: 'web' } },
      timestamp: timestamp(cluster.world.clock.now()),
      window: '30s',
      containers: [{ name: 'web', usage: { cpu } }],
    });
  }
}

async function running(spec: Partial<AutoscalerSpec> = {}, replicas = 2): Promise<Cluster> {
  const cluster = await createCluster();
  await serveMetrics(cluster);
  const web = deployment({ replicas });
  web.spec.template.spec!.containers[0]!.resources = { requests: { cpu: '100m' } };
  await cluster.client.create(deployments, web);
  await cluster.runUntilStable();
  for (const pod of await cluster.pods()) await markStarted(cluster, nameOf(pod));
  await useCpu(cluster, '50m');
  await cluster.client.create(horizontalPodAutoscalers, autoscaler(spec));
  await cluster.settle();
  return cluster;
}

async function markStarted(cluster: Cluster, name: string): Promise<void> {
  const { pods } = await import('../../kube/resource-type.ts');
  const pod = await cluster.get(pods, name);
  const startTime = timestamp(cluster.world.clock.now() - 3_600_000);
  await cluster.client.update(pods, { ...pod, status: { ...pod.status, startTime } }, 'status');
}

const replicasOf = async (cluster: Cluster): Promise<number | undefined> => (await cluster.get(deployments, 'web')).spec.replicas;
const statusOf = async (cluster: Cluster): Promise<NonNullable<Autoscaler['status']>> =>
  (await cluster.get(horizontalPodAutoscalers, 'web')).status!;
const conditionsOf = async (cluster: Cluster): Promise<string[]> =>
  ((await statusOf(cluster)).conditions ?? []).map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);

describe('an autoscaler in a cluster', () => {
  test('an autoscaler in a cluster leaves a Deployment alone that uses what it should', async () => {
    const cluster = await running();
    assert.equal(await replicasOf(cluster), 2);
    assert.deepEqual(await conditionsOf(cluster), [
      'AbleToScale=True ReadyForNewScale: recommended size matches current size',
      'ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
      'ScalingLimited=False DesiredWithinRange: the desired count is within the acceptable range',
    ]);
    const { currentMetrics, currentReplicas, desiredReplicas } = await statusOf(cluster);
    assert.deepEqual([currentReplicas, desiredReplicas], [2, 2]);
    assert.deepEqual(currentMetrics, [
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 50, averageValue: '50m' } } },
    ]);
  });

  test('an autoscaler in a cluster grows with what the pods use, and shrinks five minutes after', async () => {
    const cluster = await running();
    await useCpu(cluster, '100m');
    await cluster.advance(20_000);
    assert.equal(await replicasOf(cluster), 4);
    assert.ok(
      cluster.events.includes(
        'Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target',
      ),
    );
    assert.ok((await statusOf(cluster)).lastScaleTime);
    await cluster.runUntilStable();
    for (const pod of await cluster.pods()) await markStarted(cluster, nameOf(pod));
    await useCpu(cluster, '10m');
    await cluster.advance(200_000);
    assert.equal(await replicasOf(cluster), 4);
    await cluster.advance(150_000);
    assert.equal(await replicasOf(cluster), 1);
  });

  test('an autoscaler in a cluster brings the number of replicas between its limits', async () => {
    assert.equal(await replicasOf(await running({ maxReplicas: 3 }, 5)), 3);
    assert.equal(await replicasOf(await running({ minReplicas: 4 }, 2)), 4);
  });

  test('an autoscaler in a cluster of a Deployment with no replicas does nothing', async () => {
    const cluster = await running({}, 0);
    assert.equal(await replicasOf(cluster), 0);
    assert.equal(
      (await conditionsOf(cluster))[1],
      'ScalingActive=False ScalingDisabled: scaling is disabled since the replica count of the target is zero',
    );
  });

  test('an autoscaler whose target does not exist reports FailedGetScale', async () => {
    const cluster = await createCluster();
    await cluster.client.create(horizontalPodAutoscalers, autoscaler());
    await cluster.settle();
    const why = 'deployments.apps "web" not found';
    assert.deepEqual(await conditionsOf(cluster), [
      `AbleToScale=False FailedGetScale: the HPA controller was unable to get the target's current scale: ${why}`,
    ]);
    assert.deepEqual(cluster.events, [`Warning FailedGetScale ${why}`]);
  });

  test('an autoscaler without a metrics API reports client-go’s message', async () => {
    const cluster = await createCluster();
    await cluster.client.create(deployments, deployment({ replicas: 2 }));
    await cluster.runUntilStable();
    await cluster.client.create(horizontalPodAutoscalers, autoscaler());
    await cluster.settle();
    const why =
      'failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: ' +
      'the server could not find the requested resource (get pods.metrics.k8s.io)';
    assert.deepEqual(await conditionsOf(cluster), [
      "AbleToScale=True SucceededGetScale: the HPA controller was able to get the target's current scale",
      `ScalingActive=False FailedGetResourceMetric: the HPA was unable to compute the replica count: ${why}`,
    ]);
    assert.deepEqual(cluster.events.slice(-2), [
      `Warning FailedGetResourceMetric ${why}`,
      `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${why}`,
    ]);
  });

  test('an autoscaler in a cluster refuses pods that another autoscaler counts, too', async () => {
    const cluster = await running();
    await cluster.client.create(horizontalPodAutoscalers, { ...autoscaler(), metadata: { namespace, name: 'other' } });
    await cluster.advance(20_000);
    assert.equal(
      (await conditionsOf(cluster))[1],
      'ScalingActive=False AmbiguousSelector: pods by selector app=web are controlled by more than one HPA (e.g. [default/web default/other])',
    );
  });
});
