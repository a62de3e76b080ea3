import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCluster } from '../../../test/support/cluster.ts';
import { persistentVolumeClaims, persistentVolumes, type ResourceType, volumeAttributesClasses } from '../../kube/resource-type.ts';
import { UnreadableObject } from '../../kube/unreadable-object.ts';
import { createCache } from '../../workers/cache.ts';
import { attributesClassProtectionController } from './attributes-classes.ts';

for (const damaged of [persistentVolumes, persistentVolumeClaims])
  test(`a class of attributes that was deleted stays while one of the ${damaged.resource} cannot be read`, async () => {
    const cluster = await createCluster({ controllers: [attributesClassProtectionController] });
    const { client, store, world } = cluster;
    const at = { namespace: '', name: 'fast' };
    await client.create(volumeAttributesClasses, { metadata: { name: 'fast' }, driverName: 'disk.example.com', parameters: { iops: '1' } });
    await cluster.settle();
    await client.delete(volumeAttributesClasses, at);
    const key = { resource: damaged.resource, namespace: '', name: 'damaged' };
    const failure = new UnreadableObject({ key, revision: 1 }, new Error('its checksum is wrong'));
    const unreadable = (type: ResourceType): UnreadableObject[] => (type.resource === damaged.resource ? [failure] : []);
    const context = { ...world, client, cache: { ...createCache(store), unreadable }, events: { event: () => {} } };
    await attributesClassProtectionController.reconcile(at, context);
    assert.equal(await cluster.exists(volumeAttributesClasses, 'fast'), true);
    await cluster.settle();
    assert.equal(await cluster.exists(volumeAttributesClasses, 'fast'), false);
    await cluster.close();
  });
