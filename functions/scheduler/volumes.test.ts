import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCluster, nodeNames, type Cluster } from '../../test/support/cluster.ts';
import { createControllers } from '../controllers/all.ts';
import { conditionOf } from '../kube/conditions.ts';
import { copy } from '../kube/copy.ts';
import type { PersistentVolumeClaim, Pod } from '../kube/generated/types.ts';
import { annotationsOf } from '../kube/object.ts';
import * as types from '../kube/resource-type.ts';
import { createDefinitions } from '../resources/all.ts';
import { quotaRules } from '../resources/core/resourcequota/quota-rules.ts';
import { createScheduler } from './scheduler.ts';

const resourceTypes = createDefinitions().map(({ type }) => type);
const namespace = 'default';

async function twoNodes(): Promise<Cluster> {
  const controllers = createControllers({
    resourceTypes: () => resourceTypes,
    quotaRules,
    certificateAuthorityPem: 'PEM',
    listeningSinceMs: 0,
  });
  const cluster = await createCluster({ controllers: [...controllers, createScheduler()] });
  for (const name of nodeNames) {
    const node = copy(await cluster.client.get(types.nodes, { namespace: '', name }));
    node.metadata.labels = { 'kubernetes.io/hostname': name };
    const updated = await cluster.client.update(types.nodes, node);
    const status = { ...updated.status, allocatable: { cpu: '2', memory: '8Gi', pods: '110' } };
    await cluster.client.update(types.nodes, { ...updated, status }, 'status');
  }
  for (const [name, provisioner] of [
    ['local', 'kubernetes.io/no-provisioner'],
    ['made', 'example.com/disk'],
  ] as const)
    await cluster.client.create(types.storageClasses, {
      metadata: { name },
      provisioner,
      volumeBindingMode: 'WaitForFirstConsumer',
    });
  return cluster;
}

const createVolume = (cluster: Cluster, name: string, nodeName: string, storage = '1Gi'): Promise<unknown> =>
  cluster.client.create(types.persistentVolumes, {
    metadata: { name },
    spec: {
      capacity: { storage },
      accessModes: ['ReadWriteOnce'],
      local: { path: `/disks/${name}` },
      storageClassName: 'local',
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] }] }],
        },
      },
    },
  });

const createClaim = (cluster: Cluster, name: string, storageClassName: string): Promise<PersistentVolumeClaim> =>
  cluster.client.create(types.persistentVolumeClaims, {
    metadata: { namespace, name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName },
  });

const createPod = (cluster: Cluster, name: string, claimName: string, nodeName?: string): Promise<Pod> =>
  cluster.client.create(types.pods, {
    metadata: { namespace, name },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
      ...(nodeName !== undefined && { nodeSelector: { 'kubernetes.io/hostname': nodeName } }),
    },
  });

const nodeOf = async (cluster: Cluster, name: string): Promise<string | undefined> =>
  (await cluster.get<Pod>(types.pods, name)).spec.nodeName;

const waitsFor = async (cluster: Cluster, name: string): Promise<string | undefined> =>
  conditionOf((await cluster.get<Pod>(types.pods, name)).status?.conditions, 'PodScheduled')?.message;

const noPreemption = 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.';

describe('a pod with claims', () => {
  test('a pod with claims goes where its volume is', async () => {
    const cluster = await twoNodes();
    await createVolume(cluster, 'disk', 'node-b');
    await createClaim(cluster, 'data', 'local');
    await cluster.settle();
    await createPod(cluster, 'user', 'data');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'user'), 'node-b');
    const claim = await cluster.get<PersistentVolumeClaim>(types.persistentVolumeClaims, 'data');
    assert.deepEqual([claim.status?.phase, claim.spec.volumeName], ['Bound', 'disk']);
  });

  test('a pod with claims shares no volume with another pod of the same pass', async () => {
    const cluster = await twoNodes();
    for (const [index, nodeName] of nodeNames.entries()) await createVolume(cluster, `disk-${index}`, nodeName);
    for (const name of ['one', 'two']) await createClaim(cluster, name, 'local');
    for (const name of ['one', 'two']) await createPod(cluster, name, name);
    await cluster.settle();
    assert.deepEqual([await nodeOf(cluster, 'one'), await nodeOf(cluster, 'two')].map((name) => name ?? '').sort(), nodeNames);
  });

  test('a pod with claims waits for a claim that is absent, and starts once it is there', async () => {
    const cluster = await twoNodes();
    await createPod(cluster, 'user', 'nope');
    await cluster.settle();
    assert.equal(await waitsFor(cluster, 'user'), `0/2 nodes are available: persistentvolumeclaim "nope" not found. not found`);
    await createVolume(cluster, 'disk', 'node-a');
    await createClaim(cluster, 'nope', 'local');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'user'), 'node-a');
  });

  test('a pod with claims waits for a claim that is to be bound without it', async () => {
    const cluster = await twoNodes();
    await createClaim(cluster, 'data', '');
    await createPod(cluster, 'user', 'data');
    await cluster.settle();
    assert.equal(await waitsFor(cluster, 'user'), `0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found`);
  });

  test('a pod with claims waits while its volume is on a node that it must not use', async () => {
    const cluster = await twoNodes();
    await createVolume(cluster, 'disk', 'node-b');
    await createClaim(cluster, 'data', 'local');
    await createPod(cluster, 'first', 'data');
    await cluster.settle();
    await createPod(cluster, 'second', 'data', 'node-a');
    await cluster.settle();
    assert.equal(
      await waitsFor(cluster, 'second'),
      `0/2 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, 1 node(s) didn't match Pod's node affinity/selector. ${noPreemption}`,
    );
  });

  test('a pod with claims waits when no free volume is left', async () => {
    const cluster = await twoNodes();
    await createClaim(cluster, 'data', 'local');
    await createPod(cluster, 'user', 'data');
    await cluster.settle();
    assert.equal(
      await waitsFor(cluster, 'user'),
      `0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind. ${noPreemption}`,
    );
  });

  test('a pod with claims chooses the node for which a provisioner makes the volume, and is bound after that', async () => {
    const cluster = await twoNodes();
    await createClaim(cluster, 'data', 'made');
    await createPod(cluster, 'user', 'data', 'node-b');
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'user'), undefined);
    const claim = await cluster.get<PersistentVolumeClaim>(types.persistentVolumeClaims, 'data');
    assert.equal(annotationsOf(claim)['volume.kubernetes.io/selected-node'], 'node-b');
    assert.equal(annotationsOf(claim)['volume.kubernetes.io/storage-provisioner'], 'example.com/disk');
    const { uid } = claim.metadata;
    await cluster.client.create(types.persistentVolumes, {
      metadata: { name: 'made-disk' },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        csi: { driver: 'example.com', volumeHandle: 'x' },
        storageClassName: 'made',
        claimRef: { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name: 'data', uid },
      },
    });
    await cluster.settle();
    assert.equal(await nodeOf(cluster, 'user'), 'node-b');
  });
});
