import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, namespace } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../kube/generated/types.ts';
import { annotationsOf, nameOf } from '../../kube/object.ts';
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses, volumeAttributesClasses } from '../../kube/resource-type.ts';

const volume = (name: string, storage: string, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume => ({
  metadata: { name },
  spec: { capacity: { storage }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/data/${name}` }, storageClassName: '', ...spec },
});

const claim = (name: string, storage: string, spec: Partial<PersistentVolumeClaim['spec']> = {}): PersistentVolumeClaim => ({
  metadata: { namespace, name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, storageClassName: '', ...spec },
});

const storageClass = (name: string, fields: Partial<StorageClass> = {}): StorageClass => ({
  metadata: { name },
  provisioner: 'example.com/disk',
  ...fields,
});

const podWith = (claimName: string, nodeName?: string): Pod => ({
  metadata: { namespace, name: 'user' },
  spec: {
    containers: [{ name: 'c', image: 'i' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    ...(nodeName !== undefined && { nodeName }),
  },
});

const createAll = async (cluster: Cluster, ...objects: (PersistentVolume | PersistentVolumeClaim)[]): Promise<void> => {
  for (const object of objects) {
    if (object.metadata.namespace === undefined) await cluster.client.create(persistentVolumes, object as PersistentVolume);
    else await cluster.client.create(persistentVolumeClaims, object as PersistentVolumeClaim);
  }
  await cluster.settle();
};

/** `data Bound to big`, `big Bound to data`. */
async function summary(cluster: Cluster): Promise<string[]> {
  const claims = (await cluster.client.list<PersistentVolumeClaim>(persistentVolumeClaims)).items;
  const volumes = (await cluster.client.list<PersistentVolume>(persistentVolumes)).items;
  return [
    ...claims.map((one) => `${nameOf(one)} ${one.status?.phase} to ${one.spec.volumeName}`),
    ...volumes.map((one) => `${nameOf(one)} ${one.status?.phase} to ${one.spec.claimRef?.name}`),
  ];
}

const removeClaim = async (cluster: Cluster, name: string): Promise<void> => {
  await cluster.client.delete(persistentVolumeClaims, { namespace, name });
  await cluster.settle();
};

describe('the binder of volumes', () => {
  test('the binder of volumes gives a claim the smallest volume that is large enough', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('big', '10Gi'), volume('small', '1Gi'), volume('right', '2Gi'), claim('data', '2Gi'));
    assert.deepEqual(await summary(cluster), [
      'data Bound to right',
      'big Available to undefined',
      'right Bound to data',
      'small Available to undefined',
    ]);
    const bound = await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data');
    assert.deepEqual(bound.status?.capacity, { storage: '2Gi' });
    assert.deepEqual(bound.status?.accessModes, ['ReadWriteOnce']);
    assert.deepEqual(annotationsOf(bound), {
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
    });
    await assertSettled(cluster);
  });

  test('the binder of volumes binds a volume to one claim only, and another volume to a waiting claim', async () => {
    const cluster = await createCluster();
    await createAll(cluster, claim('first', '1Gi'), claim('second', '1Gi'));
    assert.ok(cluster.events.includes('Normal FailedBinding no persistent volumes available for this claim and no storage class is set'));
    await createAll(cluster, volume('one', '1Gi'));
    assert.equal((await summary(cluster)).filter((text) => text.includes('Bound')).length, 2);
    await createAll(cluster, volume('two', '1Gi'));
    assert.equal((await summary(cluster)).filter((text) => text.includes('Bound')).length, 4);
  });

  test('the binder of volumes keeps a volume for the claim that it names', async () => {
    const cluster = await createCluster();
    const reserved = volume('kept', '1Gi', { claimRef: { namespace, name: 'later' } });
    await createAll(cluster, reserved, claim('other', '1Gi'), claim('later', '1Gi'));
    assert.deepEqual(await summary(cluster), ['later Bound to kept', 'other Pending to undefined', 'kept Bound to later']);
    assert.equal(
      annotationsOf(await cluster.get<PersistentVolume>(persistentVolumes, 'kept'))['pv.kubernetes.io/bound-by-controller'],
      undefined,
    );
  });

  test('the binder of volumes binds the volume that a claim names, or reports why it cannot', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('small', '1Gi'), claim('data', '2Gi', { volumeName: 'small' }));
    assert.ok(cluster.events.includes('Warning VolumeMismatch Cannot bind to requested volume "small": requested PV is too small'));
    await createAll(cluster, claim('fits', '1Gi', { volumeName: 'small' }));
    assert.deepEqual(await summary(cluster), ['data Pending to small', 'fits Bound to small', 'small Bound to fits']);
  });

  test('a claim binds only a volume with its labels, mode and class', async () => {
    const cluster = await createCluster();
    const labelled = volume('labelled', '5Gi');
    labelled.metadata.labels = { disk: 'fast' };
    await createAll(
      cluster,
      labelled,
      volume('plain', '1Gi'),
      volume('raw', '1Gi', { volumeMode: 'Block' }),
      volume('classy', '1Gi', { storageClassName: 'gold' }),
      claim('by-label', '1Gi', { selector: { matchLabels: { disk: 'fast' } } }),
      claim('by-class', '1Gi', { storageClassName: 'gold' }),
      claim('by-mode', '1Gi', { volumeMode: 'Block' }),
      claim('by-access', '1Gi', { accessModes: ['ReadWriteMany'] }),
    );
    assert.deepEqual((await summary(cluster)).slice(0, 4), [
      'by-access Pending to undefined',
      'by-class Bound to classy',
      'by-label Bound to labelled',
      'by-mode Bound to raw',
    ]);
  });

  test('the binder of volumes asks the provisioner of the class by an annotation', async () => {
    const cluster = await createCluster();
    await cluster.client.create(storageClasses, storageClass('disk'));
    await createAll(cluster, claim('data', '1Gi', { storageClassName: 'disk' }));
    const asked = await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data');
    assert.equal(annotationsOf(asked)['volume.kubernetes.io/storage-provisioner'], 'example.com/disk');
    assert.ok(
      cluster.events[0]?.startsWith(
        "Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'example.com/disk'",
      ),
    );
    await createAll(cluster, volume('made', '1Gi', { storageClassName: 'disk' }));
    assert.deepEqual(await summary(cluster), ['data Bound to made', 'made Bound to data']);
  });

  test('the binder of volumes leaves a claim of a class that waits for its first pod to the scheduler', async () => {
    const cluster = await createCluster();
    await cluster.client.create(storageClasses, storageClass('late', { volumeBindingMode: 'WaitForFirstConsumer' }));
    await createAll(cluster, volume('free', '1Gi', { storageClassName: 'late' }), claim('data', '1Gi', { storageClassName: 'late' }));
    assert.deepEqual(await summary(cluster), ['data Pending to undefined', 'free Available to undefined']);
    assert.equal(cluster.events[0], 'Normal WaitForFirstConsumer waiting for first consumer to be created before binding');
  });

  test('the binder of volumes gives a claim without a class the default one that comes later', async () => {
    const cluster = await createCluster();
    const { storageClassName: _class, ...spec } = claim('data', '1Gi').spec;
    await createAll(cluster, { metadata: { namespace, name: 'data' }, spec });
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await cluster.client.create(storageClasses, { ...storageClass('disk'), metadata: { name: 'disk', annotations } });
    await cluster.settle();
    assert.equal((await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data')).spec.storageClassName, 'disk');
  });

  test('the binder of volumes releases a volume whose claim is gone, and keeps its data', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('kept', '1Gi'), claim('data', '1Gi'));
    await removeClaim(cluster, 'data');
    assert.deepEqual(await summary(cluster), ['kept Released to data']);
    await cluster.client.delete(persistentVolumes, { namespace: '', name: 'kept' });
    await cluster.settle();
    assert.deepEqual(await summary(cluster), []);
  });

  test('the binder of volumes reports a volume that nothing can delete or recycle', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('gone', '1Gi', { persistentVolumeReclaimPolicy: 'Delete' }), claim('data', '1Gi'));
    await removeClaim(cluster, 'data');
    assert.deepEqual(await summary(cluster), ['gone Failed to data']);
    assert.ok(
      cluster.events.includes('Warning VolumeFailedDelete host_path deleter only supports /tmp/.+ but received provided /data/gone'),
    );
  });

  test('the binder of volumes reports a claim whose volume was taken away', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('lost', '1Gi'), claim('data', '1Gi'));
    const taken = copy(await cluster.get<PersistentVolume>(persistentVolumes, 'lost'));
    taken.metadata.finalizers = [];
    await cluster.client.delete(persistentVolumes, { namespace: '', name: 'lost' });
    const left = copy(await cluster.get<PersistentVolume>(persistentVolumes, 'lost'));
    left.metadata.finalizers = [];
    await cluster.client.update(persistentVolumes, left);
    await cluster.settle();
    assert.deepEqual(await summary(cluster), ['data Lost to lost']);
    assert.ok(cluster.events.includes('Warning ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!'));
  });

  test('the binder of volumes comes to the same end when any one call fails', async () => {
    await assertSurvivesAnyFailure(async (cluster) => {
      await createAll(cluster, volume('one', '1Gi', { storageClassName: 'gold' }), volume('two', '2Gi'));
      await createAll(cluster, claim('data', '1Gi', { storageClassName: 'gold' }), claim('more', '2Gi'));
      await cluster.runUntilStable();
      await removeClaim(cluster, 'data');
    }, summary);
  });
});

describe('the protection of volumes', () => {
  test('a claim that a pod uses stays until the pod is gone, and its volume until the claim is', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('disk', '1Gi'), claim('data', '1Gi'));
    await cluster.client.create(pods, podWith('data', 'node-a'));
    await cluster.settle();
    await cluster.client.delete(persistentVolumes, { namespace: '', name: 'disk' });
    await removeClaim(cluster, 'data');
    assert.deepEqual(await summary(cluster), ['data Bound to disk', 'disk Bound to data']);
    await cluster.client.delete(pods, { namespace, name: 'user' }, { gracePeriodSeconds: 0 });
    await cluster.settle();
    assert.deepEqual(await summary(cluster), []);
  });

  test('a claim whose pod has no node goes at once', async () => {
    const cluster = await createCluster();
    await createAll(cluster, claim('data', '1Gi'));
    await cluster.client.create(pods, podWith('data'));
    await removeClaim(cluster, 'data');
    assert.deepEqual(await summary(cluster), []);
  });

  test('a class of attributes stays until its last claim is gone', async () => {
    const cluster = await createCluster();
    await cluster.client.create(volumeAttributesClasses, { metadata: { name: 'gold' }, driverName: 'example.com', parameters: { a: 'b' } });
    await createAll(cluster, claim('data', '1Gi', { volumeAttributesClassName: 'gold' }));
    await cluster.client.delete(volumeAttributesClasses, { namespace: '', name: 'gold' });
    await cluster.settle();
    assert.equal(await cluster.exists(volumeAttributesClasses, 'gold'), true);
    await removeClaim(cluster, 'data');
    assert.equal(await cluster.exists(volumeAttributesClasses, 'gold'), false);
  });

  test('a bound claim shows whether a pod uses it', async () => {
    const cluster = await createCluster();
    await createAll(cluster, volume('disk', '1Gi'), claim('data', '1Gi'));
    const unused = async (): Promise<string | undefined> =>
      (await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'data')).status?.conditions?.find(({ type }) => type === 'Unused')
        ?.status;
    assert.equal(await unused(), 'True');
    await cluster.client.create(pods, podWith('data'));
    await cluster.settle();
    assert.equal(await unused(), 'False');
    await assertSettled(cluster);
  });
});

describe('an ephemeral volume', () => {
  const pod: Pod = {
    metadata: { namespace, name: 'user' },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: 'b' } }, spec: claim('', '1Gi').spec } } }],
    },
  };

  test('an ephemeral volume has a claim that is made for its pod, and made again when it is deleted', async () => {
    const cluster = await createCluster();
    const { metadata } = await cluster.client.create(pods, pod);
    for (let times = 0; times < 2; times += 1) {
      await cluster.settle();
      const made = await cluster.get<PersistentVolumeClaim>(persistentVolumeClaims, 'user-scratch');
      assert.deepEqual(made.metadata.labels, { a: 'b' });
      assert.deepEqual(made.metadata.ownerReferences, [
        { apiVersion: 'v1', kind: 'Pod', name: 'user', uid: metadata.uid, controller: true, blockOwnerDeletion: true },
      ]);
      await cluster.client.delete(persistentVolumeClaims, { namespace, name: 'user-scratch' });
    }
  });

  test('an ephemeral volume does not take a claim that is not its own', async () => {
    const cluster = await createCluster();
    await createAll(cluster, claim('user-scratch', '1Gi'));
    await cluster.client.create(pods, pod);
    await cluster.settle();
    assert.equal(
      cluster.events.at(-1),
      'Warning FailedBinding ephemeral volume scratch: PVC default/user-scratch was not created for pod default/user (pod is not owner)',
    );
  });
});
