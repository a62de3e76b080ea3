import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Cluster } from '../../../test/support/cluster.ts';
import { assertSettled, createCluster, namespace } from '../../../test/support/cluster.ts';
import type { Secret } from '../../kube/generated/types.ts';
import { secrets, serviceAccounts } from '../../kube/resource-type.ts';

const tokenSecret = (account: string): Secret => ({
  metadata: { namespace, name: 't', annotations: { 'kubernetes.io/service-account.name': account } },
  type: 'kubernetes.io/service-account-token',
});

const textsOf = ({ data = {} }: Secret): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));

async function withAccount(): Promise<Cluster> {
  const cluster = await createCluster();
  await cluster.client.create(serviceAccounts, { metadata: { namespace, name: 'robot' } });
  await cluster.client.create(secrets, tokenSecret('robot'));
  await cluster.settle();
  return cluster;
}

describe('a Secret for a token', () => {
  test('a Secret for a token is filled with token, namespace and authority, and names the uid of its ServiceAccount', async () => {
    const cluster = await withAccount();
    const secret = await cluster.get(secrets, 't');
    assert.deepEqual(textsOf(secret), { 'ca.crt': 'PEM', namespace, token: 'token of t' });
    const { metadata } = await cluster.get(serviceAccounts, 'robot');
    assert.deepEqual(secret.metadata.annotations, {
      'kubernetes.io/service-account.name': 'robot',
      'kubernetes.io/service-account.uid': metadata.uid,
    });
    await assertSettled(cluster);
  });

  test('a Secret for a token is removed when there is no such ServiceAccount', async () => {
    const cluster = await createCluster();
    await cluster.client.create(secrets, tokenSecret('nobody'));
    await cluster.settle();
    assert.equal(await cluster.exists(secrets, 't'), false);
  });

  test('a Secret for a token goes with its ServiceAccount', async () => {
    const cluster = await withAccount();
    await cluster.client.delete(serviceAccounts, { namespace, name: 'robot' });
    await cluster.settle();
    assert.equal(await cluster.exists(secrets, 't'), false);
  });

  test('a Secret for a token that is deleted is no longer referred to', async () => {
    const cluster = await withAccount();
    await cluster.edit<{ metadata: object; secrets?: object[] }>(serviceAccounts as never, 'robot', (account) => {
      account.secrets = [{ name: 't' }, { name: 'other' }];
    });
    await cluster.client.delete(secrets, { namespace, name: 't' });
    await cluster.settle();
    assert.deepEqual((await cluster.get(serviceAccounts, 'robot')).secrets, [{ name: 'other' }]);
  });

  test('a Secret for a token of another type is left alone', async () => {
    const cluster = await createCluster();
    await cluster.client.create(secrets, { ...tokenSecret('nobody'), type: 'Opaque' });
    await cluster.settle();
    assert.equal(await cluster.exists(secrets, 't'), true);
  });
});
