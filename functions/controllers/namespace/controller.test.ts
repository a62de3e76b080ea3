import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, assertSurvivesAnyFailure, createCluster, deployment } from '../../../test/support/cluster.ts';
import type { Namespace } from '../../kube/generated/types.ts';
import { configMaps, deployments, namespaces, serviceAccounts } from '../../kube/resource-type.ts';

const at = (name: string): { namespace: string; name: string } => ({ namespace: 'team', name });
const here = { namespace: '', name: 'team' };

async function withTeam(): Promise<Cluster> {
  const cluster = await createCluster();
  await fill(cluster);
  await cluster.runUntilStable();
  return cluster;
}

async function fill(cluster: Cluster): Promise<void> {
  await cluster.client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
  const web = deployment();
  await cluster.client.create(deployments, { ...web, metadata: { ...web.metadata, namespace: 'team' } });
  await cluster.client.create(configMaps, { metadata: at('settings') });
}

const conditionTexts = ({ status }: Namespace): string[] =>
  (status?.conditions ?? []).map(({ type, status: state, message }) => `${type}=${state} ${message}`);

describe('a namespace', () => {
  test('a namespace has a service account and the certificate of the cluster, and gets them back', async () => {
    const cluster = await withTeam();
    const data = async (): Promise<unknown> => (await cluster.client.get(configMaps, at('kube-root-ca.crt'))).data;
    assert.deepEqual(await data(), { 'ca.crt': 'PEM' });
    await cluster.client.get(serviceAccounts, at('default'));
    await cluster.client.delete(serviceAccounts, at('default'));
    await cluster.client.patch(configMaps, at('kube-root-ca.crt'), { data: { 'ca.crt': 'forged' } });
    await cluster.settle();
    await cluster.client.get(serviceAccounts, at('default'));
    assert.deepEqual(await data(), { 'ca.crt': 'PEM' });
    await cluster.client.delete(configMaps, at('kube-root-ca.crt'));
    await cluster.settle();
    assert.deepEqual(await data(), { 'ca.crt': 'PEM' });
    await assertSettled(cluster);
  });

  test('a deleted namespace loses its pods first, lists what remains, loses the rest, and then goes', async () => {
    const cluster = await withTeam();
    await cluster.client.delete(namespaces, here);
    await cluster.settle();
    const terminating = await cluster.client.get(namespaces, here);
    assert.deepEqual(conditionTexts(terminating), [
      'NamespaceDeletionDiscoveryFailure=False All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure=False All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure=False All content successfully deleted, may be waiting on finalization',
      'NamespaceContentRemaining=True Some resources are remaining: configmaps. has 2 resource instances, deployments.apps has 1 resource instances, pods. has 3 resource instances, replicasets.apps has 1 resource instances, serviceaccounts. has 1 resource instances',
      'NamespaceFinalizersRemaining=False All content-preserving finalizers finished',
    ]);
    await cluster.client.get(configMaps, at('settings'));
    await cluster.runUntilStable();
    assert.equal(await cluster.exists(namespaces, 'team'), false);
    assert.deepEqual(await cluster.pods('team'), []);
    assert.deepEqual((await cluster.client.list(configMaps, { namespace: 'team' })).items, []);
  });

  test('a namespace waits for the finalizers of what is in it', async () => {
    const cluster = await withTeam();
    await cluster.client.patch(configMaps, at('settings'), { metadata: { finalizers: ['example.com/hold'] } });
    await cluster.client.delete(namespaces, here);
    await cluster.runUntilStable();
    const waiting = conditionTexts(await cluster.client.get(namespaces, here));
    assert.deepEqual(
      waiting.at(-1),
      'NamespaceFinalizersRemaining=True Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    await cluster.client.patch(configMaps, at('settings'), { metadata: { finalizers: [] } });
    await cluster.settle();
    assert.equal(await cluster.exists(namespaces, 'team'), false);
  });

  test('a namespace goes whichever call fails', async () => {
    await assertSurvivesAnyFailure(
      async (cluster) => {
        await fill(cluster);
        await cluster.runUntilStable();
        await cluster.client.delete(namespaces, here);
      },
      async (cluster) => [await cluster.exists(namespaces, 'team'), await cluster.pods('team')],
    );
  });
});
