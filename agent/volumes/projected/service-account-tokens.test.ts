import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../../functions/kube/status-error.ts';
import { pod } from '../../../test/support/node-pod.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createServiceAccountTokens } from './service-account-tokens.ts';

const of = pod({ serviceAccountName: 'robot' });

function apiserver(lifetimeSeconds = 3600) {
  const world = virtualWorld();
  const asked: unknown[] = [];
  let isDown = false;
  const tokens = createServiceAccountTokens({
    ...world,
    client: {
      async createSubresource<A>(
        ...[type, at, subresource, body]: Parameters<Parameters<typeof createServiceAccountTokens>[0]['client']['createSubresource']>
      ) {
        if (isDown) throw new StatusError(503, 'ServiceUnavailable', 'no one is here');
        asked.push([type.resource, at, subresource, body]);
        const expirationTimestamp = new Date(world.clock.now() + lifetimeSeconds * 1000).toISOString();
        return { status: { token: `token-${asked.length}`, expirationTimestamp } } as A;
      },
    },
  });
  return { world, tokens, asked, fail: (down: boolean) => (isDown = down) };
}

test('a token is asked for in the name of the pod, which it does not outlive', async () => {
  const { tokens, asked } = apiserver();
  assert.equal(await tokens.token(of, { path: 'token', expirationSeconds: 3607, audience: 'vault' }), 'token-1');
  const spec = {
    audiences: ['vault'],
    expirationSeconds: 3607,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'u1' },
  };
  assert.deepEqual(asked, [
    [
      'serviceaccounts',
      { namespace: 'default', name: 'robot' },
      'token',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
    ],
  ]);
});

test('a token is used again until four fifths of its life are over', async () => {
  const { world, tokens } = apiserver();
  const token = (): Promise<string> => tokens.token(of, { path: 'token' });
  assert.equal(await token(), 'token-1');
  await world.advance(2869_000);
  assert.equal(await token(), 'token-1');
  await world.advance(11_000);
  assert.equal(await token(), 'token-2');
});

test('one of a very long life is replaced after a day', async () => {
  const { world, tokens } = apiserver(365 * 24 * 3600);
  await tokens.token(of, { path: 'token' });
  await world.advance(24 * 3600 * 1000);
  assert.equal(await tokens.token(of, { path: 'token' }), 'token-2');
});

test('each audience and each pod has its own', async () => {
  const { tokens } = apiserver();
  assert.equal(await tokens.token(of, { path: 'a' }), 'token-1');
  assert.equal(await tokens.token(of, { path: 'a', audience: 'vault' }), 'token-2');
  assert.equal(await tokens.token(pod({}, { uid: 'u2' }), { path: 'a' }), 'token-3');
  assert.equal(await tokens.token(of, { path: 'other' }), 'token-1');
});

test('while the apiserver is away the old one serves as long as it is good', async () => {
  const { world, tokens, fail } = apiserver();
  await tokens.token(of, { path: 'token' });
  fail(true);
  await world.advance(3500_000);
  assert.equal(await tokens.token(of, { path: 'token' }), 'token-1');
  await world.advance(100_000);
  await assert.rejects(tokens.token(of, { path: 'token' }), { message: 'failed to fetch token: no one is here' });
});
