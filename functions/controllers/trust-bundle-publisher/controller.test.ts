import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSettled, createCluster } from '../../../test/support/cluster.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createCertificateAuthority } from '../../client/certificates.ts';
import { clusterTrustBundles } from '../../kube/resource-type.ts';
import { createTrustBundlePublisher } from './controller.ts';

const signerName = 'kubernetes.io/kube-apiserver-serving';
const authority = async (): Promise<string> => (await createCertificateAuthority('ca', virtualWorld().clock)).certificatePem;

test('the authority of the API is published by its content, and those before it go', async () => {
  const [before, now] = [await authority(), await authority()];
  const cluster = await createCluster({ controllers: [createTrustBundlePublisher(now)] });
  const old = { metadata: { name: 'kubernetes.io:kube-apiserver-serving:old' }, spec: { signerName, trustBundle: before } };
  await cluster.client.create(clusterTrustBundles, old);
  await cluster.client.create(clusterTrustBundles, { metadata: { name: 'mine' }, spec: { trustBundle: before } });
  await cluster.settle();
  const bundles = (await cluster.client.list(clusterTrustBundles)).items;
  assert.deepEqual(
    bundles.map(({ spec }) => [spec.signerName, spec.trustBundle]),
    [
      [signerName, now],
      [undefined, before],
    ],
  );
  assert.match(bundles[0]?.metadata.name ?? '', /^kubernetes\.io:kube-apiserver-serving:[0-9a-f]{24}$/);
  await assertSettled(cluster);
  await cluster.close();
});
