import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCluster, namespace } from '../../../test/support/cluster.ts';
import type { ConfigMap } from '../../kube/generated/types.ts';
import { configMaps, secrets } from '../../kube/resource-type.ts';
import { createCache } from '../cache.ts';
import type { Controller } from '../controller.ts';
import { settled, watch } from '../controller.ts';
import { ringOnChanges } from './ring-on-changes.ts';

test('only a change that concerns a controller of the group rings its bell', async () => {
  const { client, store } = await createCluster();
  const rings: string[] = [];
  const maps: Controller = {
    name: 'maps',
    actsAs: 'tester',
    watches: [watch<ConfigMap>(configMaps, ({ key }) => [{ namespace: key.namespace, name: key.name }])],
    all: () => [],
    reconcile: async () => settled,
  };
  const doorbell = { ring: (group: string): void => void rings.push(group) };
  const stop = ringOnChanges({ store, cache: createCache(store), doorbell, group: 'workers', controllers: [maps] });
  await client.create(secrets, { metadata: { namespace, name: 'a' } });
  assert.deepEqual(rings, []);
  await client.create(configMaps, { metadata: { namespace, name: 'a' } });
  assert.deepEqual(rings, ['workers']);
  stop();
  await client.create(configMaps, { metadata: { namespace, name: 'b' } });
  assert.deepEqual(rings, ['workers']);
});
