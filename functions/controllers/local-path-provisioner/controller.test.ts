import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/generated/types.ts';
import { localPathFinalizer, localPathProvisioner } from '../../kube/local-path.ts';
import { nameOf } from '../../kube/object.ts';
import { nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from '../../kube/resource-type.ts';

async function claimed(spec: Partial<PersistentVolumeClaim['spec']> = {}, nodeName = 'node-b'): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(storageClasses, {
    metadata: { name: 'local-path' },
    provisioner: localPathProvisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
    parameters: { path: '/data' },
  });
  const annotations = { 'volume.kubernetes.io/selected-node': nodeName };
  await cluster.client.create(persistentVolumeClaims, {
    metadata: { namespace, name: 'data', annotations },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'local-path', ...spec },
  });
  await cluster.settle();
  return cluster;
}

const volumesOf = async (cluster: Cluster): Promise<readonly PersistentVolume[]> => (await cluster.client.list(persistentVolumes)).items;

describe('the local path provisioner', () => {
  test('the local path provisioner gives a claim a directory of the chosen node', async () => {
    const cluster = await claimed();
    const [volume] = await volumesOf(cluster);
    const claim = await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data');
    assert.ok(volume);
    assert.deepEqual([claim.status?.phase, claim.spec.volumeName], ['Bound', `pvc-${claim.metadata.uid}`]);
    assert.equal(volume.spec.local?.path, `/data/${nameOf(volume)}`);
    assert.deepEqual(volume.spec.nodeAffinity?.required?.nodeSelectorTerms, [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-b'] }] },
    ]);
    assert.ok(cluster.events.includes(`Normal ProvisioningSucceeded Successfully provisioned volume ${nameOf(volume)}`));
    await assertSettled(cluster);
  });

  test('the local path provisioner deletes the volume after its claim, and waits for the node to remove the data', async () => {
    const cluster = await claimed();
    await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'data' });
    await cluster.settle();
    const [volume] = await volumesOf(cluster);
    assert.ok(volume);
    assert.deepEqual(volume.metadata.finalizers, [localPathFinalizer]);
    await cluster.client.update(persistentVolumes, { ...copy(volume), metadata: { ...volume.metadata, finalizers: [] } });
    await cluster.settle();
    assert.deepEqual(await volumesOf(cluster), []);
  });

  test('the local path provisioner does not wait for a node that is gone', async () => {
    const cluster = await claimed();
    await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'data' });
    await cluster.settle();
    await cluster.client.delete(nodes, { namespace: '', name: 'node-b' });
    await cluster.settle();
    assert.deepEqual(await volumesOf(cluster), []);
  });

  test('the local path provisioner lets the scheduler choose again when the node is gone', async () => {
    const cluster = await claimed({}, 'node-x');
    const claim = await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data');
    assert.equal(claim.metadata.annotations?.['volume.kubernetes.io/selected-node'], undefined);
    assert.deepEqual(await volumesOf(cluster), []);
  });

  test('the local path provisioner reports what a directory cannot be', async () => {
    const cluster = await claimed({ accessModes: ['ReadWriteMany'] });
    assert.ok(
      cluster.events.includes(
        'Warning ProvisioningFailed failed to provision volume with StorageClass "local-path": access mode ReadWriteMany is not supported: the volume is on one node',
      ),
    );
  });
});
