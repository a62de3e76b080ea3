import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cluster, createCluster, namespace } from '../../../test/support/cluster.ts';
import type { Secret } from '../../kube/generated/types.ts';
import { configMaps, namespaces, secrets, serviceAccounts } from '../../kube/resource-type.ts';
import { UnreadableObject } from '../../kube/unreadable-object.ts';
import { createCache } from '../../workers/cache.ts';
import { createLegacyTokenCleaner } from './controller.ts';

const dayMs = 24 * 3_600_000;
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';

async function withToken(labels: Record<string, string> = {}): Promise<Cluster> {
  const cluster = await createCluster({ controllers: [createLegacyTokenCleaner(() => new Set(['mounted']))] });
  await cluster.client.create(namespaces, { metadata: { name: 'kube-system' }, spec: {} });
  const annotations = { 'kubernetes.io/service-account.name': 'robot' };
  const type = 'kubernetes.io/service-account-token';
  await cluster.client.create(secrets, { metadata: { namespace, name: 't', annotations, labels }, type });
  await cluster.client.create(secrets, { metadata: { namespace, name: 'asked-for', annotations }, type });
  await cluster.client.create(serviceAccounts, { metadata: { namespace, name: 'robot' }, secrets: [{ name: 't' }] });
  await pass(cluster, dayMs);
  return cluster;
}

async function pass(cluster: Cluster, ms: number): Promise<void> {
  await cluster.world.advance(ms);
  await cluster.settle();
}

const secret = (cluster: Cluster): Promise<Secret> => cluster.get(secrets, 't');

test('a token that was not used for a year becomes invalid, and is deleted after another year', async () => {
  const cluster = await withToken();
  const at = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };
  assert.ok((await cluster.client.get(configMaps, at)).data?.['since']);
  await pass(cluster, 360 * dayMs);
  assert.equal((await secret(cluster)).metadata.labels?.[invalidSince], undefined);
  await pass(cluster, 8 * dayMs);
  const today = new Date(cluster.world.clock.now()).toISOString().slice(0, 10);
  assert.equal((await secret(cluster)).metadata.labels?.[invalidSince], today);
  await pass(cluster, 367 * dayMs);
  assert.equal(await cluster.exists(secrets, 't'), false);
  assert.equal(await cluster.exists(secrets, 'asked-for'), true);
});

test('a token that is used stays valid', async () => {
  const cluster = await withToken({ 'kubernetes.io/legacy-token-last-used': '9999-01-01' });
  await pass(cluster, 400 * dayMs);
  assert.equal((await secret(cluster)).metadata.labels?.[invalidSince], undefined);
});

test('a token stays valid while a pod of its namespace cannot be read', async () => {
  const cluster = await withToken();
  const { client, store, world } = cluster;
  await world.advance(400 * dayMs);
  const key = { resource: 'pods', namespace, name: 'damaged' };
  const unreadable = () => [new UnreadableObject({ key, revision: 1 }, new Error('its checksum is wrong'))];
  const context = { ...world, client, cache: { ...createCache(store), unreadable }, events: { event: () => {} } };
  await createLegacyTokenCleaner(() => new Set()).reconcile({ namespace: '', name: '' }, context);
  assert.equal((await secret(cluster)).metadata.labels?.[invalidSince], undefined);
  await cluster.settle();
  assert.ok((await secret(cluster)).metadata.labels?.[invalidSince]);
});
