import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSettled, type Cluster, createCluster } from '../../../test/support/cluster.ts';
import type { Secret } from '../../kube/generated/types.ts';
import { configMaps, namespaces, secrets } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import { detachedSignature } from './bootstrap-signer.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const [id, secret] = ['abcdef', '0123456789abcdef'];

const bootstrapToken = (more: Record<string, string>): Secret => ({
  metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
  type: 'bootstrap.kubernetes.io/token',
  data: Object.fromEntries(Object.entries({ 'token-id': id, 'token-secret': secret, ...more }).map(([key, text]) => [key, base64(text)])),
});

async function cluster(): Promise<Cluster> {
  const made = await createCluster();
  for (const name of ['kube-system', 'kube-public']) await made.client.create(namespaces, { metadata: { name }, spec: {} });
  return made;
}

test('a bootstrap token goes when its time is over', async () => {
  const made = await cluster();
  await made.client.create(secrets, bootstrapToken({ expiration: timestamp(made.world.clock.now() + 60_000) }));
  await made.advance(50_000);
  const isThere = async (): Promise<boolean> =>
    (await made.client.list(secrets, { namespace: 'kube-system' })).items.some(({ type }) => type === 'bootstrap.kubernetes.io/token');
  assert.equal(await isThere(), true);
  await made.advance(12_000);
  assert.equal(await isThere(), false);
});

test('cluster-info bears a signature of each token that may sign', async () => {
  const made = await cluster();
  const at = { namespace: 'kube-public', name: 'cluster-info' };
  const data = { kubeconfig: 'content', 'jws-kubeconfig-oldold': 'x' };
  await made.client.create(configMaps, { metadata: at, data });
  await made.client.create(secrets, bootstrapToken({ 'usage-bootstrap-signing': 'true' }));
  await made.settle();
  assert.deepEqual((await made.client.get(configMaps, at)).data, {
    kubeconfig: 'content',
    'jws-kubeconfig-abcdef': detachedSignature('content', { id, secret }),
  });
  await assertSettled(made);
});

test('a detached signature is that of upstream’s test', () => {
  // Source: cluster-bootstrap, token/jws/jws_test.go.
  assert.equal(
    detachedSignature('Hello from the other side. I must have called a thousand times.', {
      id: 'joshua',
      secret: 'my voice is my passcode',
    }),
    'eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8',
  );
});
