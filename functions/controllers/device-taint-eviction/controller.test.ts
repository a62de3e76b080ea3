import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { assertSettled, type Cluster, createCluster, namespace } from '../../../test/support/cluster.ts';
import { conditionOf } from '../../kube/conditions.ts';
import type { DeviceTaint, DeviceToleration, Pod } from '../../kube/generated/types.ts';
import { deviceTaintRules, pods, resourceClaims, resourceSlices } from '../../kube/resource-type.ts';

const driver = 'gpu.example.com';
const broken: DeviceTaint = { key: 'broken', effect: 'NoExecute' };

/** A cluster with a pod on `node-a` that uses the device `gpu-0` of the pool `node-a`. */
async function withPod(tolerations: DeviceToleration[] = []): Promise<Cluster> {
  const cluster = await createCluster();
  const { client } = cluster;
  await client.create(resourceSlices, {
    metadata: { name: 'slice' },
    spec: {
      driver,
      nodeName: 'node-a',
      pool: { name: 'node-a', generation: 1, resourceSliceCount: 1 },
      devices: [{ name: 'gpu-0' }, { name: 'gpu-1' }],
    },
  });
  const requests = [{ name: 'gpu', exactly: { deviceClassName: 'gpu' } }];
  const claim = await client.create(resourceClaims, { metadata: { namespace, name: 'gpu' }, spec: { devices: { requests } } });
  const pod = await client.create(pods, {
    metadata: { namespace, name: 'user' },
    spec: {
      nodeName: 'node-a',
      containers: [{ name: 'main', image: 'i', resources: { claims: [{ name: 'gpu' }] } }],
      resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
    },
  });
  const result = { driver, pool: 'node-a', device: 'gpu-0', request: 'gpu', ...(tolerations.length > 0 && { tolerations }) };
  const reservedFor = [{ resource: 'pods', name: 'user', uid: pod.metadata.uid ?? '' }];
  await client.update(resourceClaims, { ...claim, status: { allocation: { devices: { results: [result] } }, reservedFor } }, 'status');
  await cluster.settle();
  return cluster;
}

const addRule = (cluster: Cluster, taint: DeviceTaint, device = 'gpu-0'): Promise<unknown> =>
  cluster.client.create(deviceTaintRules, { metadata: { name: 'rule' }, spec: { deviceSelector: { device }, taint } });

const podOf = async (cluster: Cluster): Promise<Pod | undefined> => (await cluster.pods()).find(({ metadata }) => metadata.name === 'user');
const isLeaving = async (cluster: Cluster): Promise<boolean> => {
  const pod = await podOf(cluster);
  return pod === undefined || pod.metadata.deletionTimestamp !== undefined;
};

const statusOf = async (cluster: Cluster): Promise<readonly (string | undefined)[]> => {
  const { status } = await cluster.client.get(deviceTaintRules, { namespace: '', name: 'rule' });
  const condition = conditionOf(status?.conditions, 'EvictionInProgress');
  return [condition?.status, condition?.reason, condition?.message];
};

const evictions = ({ events }: Cluster): readonly string[] => events.filter((event) => event.includes('DeviceTaintManagerEviction'));

describe('a pod whose device', () => {
  let cluster: Cluster;
  const begin = async (tolerations?: DeviceToleration[]): Promise<void> => void (cluster = await withPod(tolerations));
  afterEach(() => cluster.close());

  test('a pod whose device gets a NoExecute taint by a rule is deleted, and the rule counts it', async () => {
    await begin();
    await addRule(cluster, broken);
    await cluster.settle();
    assert.equal(await isLeaving(cluster), true);
    assert.deepEqual(evictions(cluster), ['Normal DeviceTaintManagerEviction Marking for deletion']);
    const condition = conditionOf((await podOf(cluster))?.status?.conditions, 'DisruptionTarget');
    assert.deepEqual(
      [condition?.reason, condition?.message],
      ['DeletionByDeviceTaintManager', 'Device Taint manager: deleting due to NoExecute taint'],
    );
    await cluster.advance(20_000);
    assert.deepEqual(await statusOf(cluster), ['False', 'Completed', '1 pod evicted since starting the controller.']);
    await assertSettled(cluster);
  });

  test('a pod whose device gets a NoExecute taint from its driver is deleted', async () => {
    await begin();
    await cluster.client.patch(
      resourceSlices,
      { namespace: '', name: 'slice' },
      { spec: { devices: [{ name: 'gpu-0', taints: [broken] }, { name: 'gpu-1' }] } },
    );
    await cluster.settle();
    assert.equal(await isLeaving(cluster), true);
  });

  test('a pod whose device gets a taint that its claim tolerates for a minute is deleted after that minute', async () => {
    await begin([{ key: 'broken', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
    await addRule(cluster, broken);
    await cluster.settle();
    await cluster.advance(50_000);
    assert.equal(await isLeaving(cluster), false);
    assert.deepEqual(await statusOf(cluster), ['True', 'PodsPendingEviction', '1 pod needs to be evicted in 1 namespace.']);
    await cluster.advance(10_000);
    assert.equal(await isLeaving(cluster), true);
  });

  test('a pod whose device loses the taint in time stays', async () => {
    await begin([{ key: 'broken', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]);
    await addRule(cluster, broken);
    await cluster.settle();
    await cluster.client.delete(deviceTaintRules, { namespace: '', name: 'rule' });
    await cluster.advance(120_000);
    assert.equal(await isLeaving(cluster), false);
    assert.deepEqual(evictions(cluster), ['Normal DeviceTaintManagerEviction Cancelling deletion']);
  });

  const harmless: readonly (readonly [string, DeviceTaint, string, readonly string[]])[] = [
    ['is not the one that a rule selects stays', broken, 'gpu-1', ['False', 'NotStarted', '']],
    [
      'gets a NoSchedule taint stays',
      { key: 'broken', effect: 'NoSchedule' },
      'gpu-0',
      ['False', 'OtherEffect', 'Eviction only happens for the NoExecute effect.'],
    ],
    [
      'is selected by a rule without effect stays, and the rule shows what it would do',
      { key: 'broken', effect: 'None' },
      'gpu-0',
      [
        'False',
        'NoEffect',
        '1 published device selected. 1 allocated device selected. 1 pod would be evicted in 1 namespace if the effect was NoExecute. ' +
          'This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.',
      ],
    ],
  ];
  for (const [name, taint, device, status] of harmless)
    test(`a pod whose device ${name}`, async () => {
      await begin();
      await addRule(cluster, taint, device);
      await cluster.advance(20_000);
      assert.equal(await isLeaving(cluster), false);
      assert.deepEqual(await statusOf(cluster), status);
      await assertSettled(cluster);
    });
});
