import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCluster } from '../../../test/support/cluster.ts';
import type { KubeObject } from '../../kube/object.ts';
import { configMaps, customResourceDefinitions, type ResourceType, storageVersionMigrations } from '../../kube/resource-type.ts';
import { createStorageVersionMigrationController } from './controller.ts';

const boats = (version: string): ResourceType => ({ group: 'example.com', version, resource: 'boats', kind: 'Boat', namespaced: true });

const version = (name: string, storage: boolean): object => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
});
const definition = (stored: string): KubeObject =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'boats', kind: 'Boat' },
      versions: [version('v1', stored === 'v1'), version('v2', stored === 'v2')],
    },
  }) as KubeObject;

const conditionsOf = (object: unknown): unknown =>
  ((object as { status: { conditions: { type: string; status: string; message: string }[] } }).status.conditions ?? []).map(
    ({ type, status, message }) => `${type}=${status} ${message}`,
  );

test('a migration stores every object in the version of today, and the definition forgets the older ones', async () => {
  const controller = createStorageVersionMigrationController(() => [boats('v2'), configMaps]);
  const cluster = await createCluster({ controllers: [controller] });
  const { client } = cluster;
  await client.create(customResourceDefinitions, definition('v1') as never);
  for (const name of ['a', 'b'])
    await client.create(boats('v1'), { apiVersion: 'example.com/v1', kind: 'Boat', metadata: { namespace: 'default', name } });
  await client.patch(
    customResourceDefinitions,
    { namespace: '', name: 'boats.example.com' },
    { spec: (definition('v2') as { spec?: unknown }).spec },
  );
  const before = await client.get(customResourceDefinitions, { namespace: '', name: 'boats.example.com' });
  assert.deepEqual(before.status?.storedVersions, ['v1', 'v2']);

  await client.create(storageVersionMigrations, {
    metadata: { name: 'm' },
    spec: { resource: { group: 'example.com', resource: 'boats' } },
  });
  await cluster.settle();

  const stored = cluster.store
    .view()
    .list('boats.example.com')
    .map(({ object }) => object.apiVersion);
  assert.deepEqual(stored, ['example.com/v2', 'example.com/v2']);
  const after = await client.get(customResourceDefinitions, { namespace: '', name: 'boats.example.com' });
  assert.deepEqual(after.status?.storedVersions, ['v2']);
  assert.equal(
    (conditionsOf(after) as string[]).at(-1),
    'StorageMigrating=False The migration has succeeded and the stored versions have been updated',
  );
  const migration = await client.get(storageVersionMigrations, { namespace: '', name: 'm' });
  assert.deepEqual(conditionsOf(migration), [
    'Running=True The migration is running, 2 objects verified migrated',
    'Succeeded=True Migration completed',
  ]);
});

test('a migration of a resource that does not come fails', async () => {
  const cluster = await createCluster({ controllers: [createStorageVersionMigrationController(() => [configMaps])] });
  await cluster.client.create(storageVersionMigrations, {
    metadata: { name: 'm' },
    spec: { resource: { group: 'x.example.com', resource: 'none' } },
  });
  await cluster.settle();
  await cluster.world.advance(120_000);
  await cluster.settle();
  const migration = await cluster.client.get(storageVersionMigrations, { namespace: '', name: 'm' });
  assert.deepEqual(conditionsOf(migration), ['Failed=True migration encountered unhandled error: unable to obtain GVR from discovery']);
});
