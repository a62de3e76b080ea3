import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCluster, type Cluster } from '../../../test/support/cluster.ts';
import { copy } from '../../kube/copy.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import {
  csiDrivers,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  serviceAccounts,
  volumeAttachments,
} from '../../kube/resource-type.ts';
import { UnreadableObject } from '../../kube/unreadable-object.ts';
import { createCache } from '../../workers/cache.ts';
import { attachDetachController } from './controller.ts';

const driver = 'disk.example.com';
const uniqueName = `kubernetes.io/csi/${driver}^vol-1`;

async function clusterWithVolume(accessMode = 'ReadWriteOnce'): Promise<Cluster> {
  const made = await createCluster({ controllers: [attachDetachController] });
  await made.client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  const resources = { requests: { storage: '1Gi' } };
  const claim = await made.client.create<PersistentVolumeClaim>(persistentVolumeClaims, {
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: [accessMode], resources, volumeName: 'pv', storageClassName: '' },
  });
  await made.client.create<PersistentVolume>(persistentVolumes, {
    metadata: { name: 'pv' },
    spec: {
      accessModes: [accessMode],
      capacity: { storage: '1Gi' },
      csi: { driver, volumeHandle: 'vol-1' },
      claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data', uid: claim.metadata.uid },
    },
  });
  return made;
}

async function runOn(made: Cluster, name: string, nodeName: string): Promise<void> {
  await made.client.create<Pod>(pods, {
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName,
      containers: [{ name: 'main', image: 'busybox' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await made.settle();
}

const end = async (made: Cluster, name: string): Promise<void> => {
  await made.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
  await made.settle();
};

const attachments = async ({ client }: Cluster): Promise<readonly VolumeAttachment[]> =>
  (await client.list<VolumeAttachment>(volumeAttachments)).items;
const nodesOf = async (made: Cluster): Promise<string[]> => (await attachments(made)).map(({ spec }) => spec.nodeName);

async function changeNode(made: Cluster, name: string, status: object): Promise<void> {
  await made.client.patch<Node>(nodes, { namespace: '', name }, { status }, { subresource: 'status' });
  await made.settle();
}

describe('a volume of a driver', () => {
  test('a volume of a driver is attached to the node of its pod, under the name that sidecars compute', async () => {
    const made = await clusterWithVolume();
    await runOn(made, 'web', 'node-a');
    const [attachment] = await attachments(made);
    assert.equal(nameOf(attachment!), 'csi-06957212cb95986c44d4ad7358e845c337f828970b6197ad137f2a4a80c8ac8e');
    assert.deepEqual(attachment!.spec, { attacher: driver, nodeName: 'node-a', source: { persistentVolumeName: 'pv' } });
  });

  test('a volume of a driver stands in the status of the Node when it is attached', async () => {
    const made = await clusterWithVolume();
    await runOn(made, 'web', 'node-a');
    const [attachment] = await attachments(made);
    await made.client.update(volumeAttachments, { ...copy(attachment!), status: { attached: true } }, 'status');
    await made.settle();
    const { status } = await made.client.get<Node>(nodes, { namespace: '', name: 'node-a' });
    assert.deepEqual(status?.volumesAttached, [{ name: uniqueName, devicePath: '' }]);
    assert.deepEqual(made.events, ['Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume "pv" ']);
  });

  test('a volume of a driver stands in the status of the Node also while a pod cannot be read', async () => {
    const made = await clusterWithVolume();
    await runOn(made, 'web', 'node-a');
    const [attachment] = await attachments(made);
    await made.client.update(volumeAttachments, { ...copy(attachment!), status: { attached: true } }, 'status');
    const key = { resource: 'pods', namespace: 'default', name: 'damaged' };
    const unreadable = () => [new UnreadableObject({ key, revision: 1 }, new Error('its checksum is wrong'))];
    const { client, store, world } = made;
    const context = { ...world, client, cache: { ...createCache(store), unreadable }, events: { event: () => {} } };
    await assert.rejects(attachDetachController.reconcile({ namespace: '', name: 'node-a' }, context), UnreadableObject);
    const { status } = await client.get<Node>(nodes, { namespace: '', name: 'node-a' });
    assert.deepEqual(status?.volumesAttached, [{ name: uniqueName, devicePath: '' }]);
  });

  test('a volume of a driver stays attached while the node has it mounted, and no longer', async () => {
    const made = await clusterWithVolume();
    await runOn(made, 'web', 'node-a');
    await changeNode(made, 'node-a', { volumesInUse: [uniqueName] });
    await end(made, 'web');
    assert.deepEqual(await nodesOf(made), ['node-a']);
    await changeNode(made, 'node-a', { volumesInUse: [] });
    assert.deepEqual(await nodesOf(made), []);
  });

  test('a VolumeAttachment that another client creates stays', async () => {
    const made = await clusterWithVolume();
    const spec = { attacher: driver, nodeName: 'node-a', source: { persistentVolumeName: 'pv' } };
    await made.client.create<VolumeAttachment>(volumeAttachments, { metadata: { name: 'mine' }, spec });
    await made.settle();
    assert.deepEqual(await nodesOf(made), ['node-a']);
  });

  test('a volume of a driver is taken from a node that is not ready, after six minutes', async () => {
    const made = await clusterWithVolume();
    await runOn(made, 'web', 'node-a');
    made.unresponsiveNodes.add('node-a');
    const notReady = [{ type: 'Ready', status: 'Unknown' }];
    await changeNode(made, 'node-a', { volumesInUse: [uniqueName], conditions: notReady });
    await end(made, 'web');
    await made.advance(5 * 60_000);
    assert.deepEqual(await nodesOf(made), ['node-a']);
    await made.advance(61_000);
    assert.deepEqual(await nodesOf(made), []);
  });

  test('a volume of a driver of one node is not attached to another until it is free', async () => {
    const made = await clusterWithVolume();
    await runOn(made, 'old', 'node-a');
    await runOn(made, 'new', 'node-b');
    assert.deepEqual(await nodesOf(made), ['node-a']);
    assert.equal(
      made.events.at(-1),
      `Warning FailedAttachVolume Multi-Attach error for volume "pv" Volume is already exclusively attached to one node and can't be attached to another`,
    );
    await end(made, 'old');
    assert.deepEqual(await nodesOf(made), ['node-b']);
  });

  test('a volume of a driver of many nodes is attached to all of them', async () => {
    const made = await clusterWithVolume('ReadWriteMany');
    await runOn(made, 'one', 'node-a');
    await runOn(made, 'two', 'node-b');
    assert.deepEqual((await nodesOf(made)).toSorted(), ['node-a', 'node-b']);
  });

  test('a volume of a driver is not attached where its driver needs no attaching', async () => {
    const made = await clusterWithVolume();
    await made.client.create(csiDrivers, { metadata: { name: driver }, spec: { attachRequired: false } });
    await runOn(made, 'web', 'node-a');
    assert.deepEqual(await nodesOf(made), []);
  });
});
