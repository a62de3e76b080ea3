import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { jsonWebKeySet, loadSigningKeys, newSigningKeyPem, openIdConfiguration, signingKeyOf } from './keys.ts';
import { apiAudience, clusterIssuer, createTokens, nodeAudience, serviceAccountClaims } from './tokens.ts';

const claims = { namespace: 'shop', serviceaccount: { name: 'cart', uid: 'u1' }, pod: { name: 'cart-0', uid: 'p1' } };

async function issuer() {
  const world = virtualWorld();
  const keys = [signingKeyOf(await newSigningKeyPem())] as const;
  return { world, keys, tokens: createTokens({ keys, ...world }) };
}

test('a ServiceAccount token comes back with its claims', async () => {
  const { tokens } = await issuer();
  const { token } = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 3600 });
  const verified = await tokens.verify(token, [apiAudience]);
  assert.equal(verified?.subject, 'system:serviceaccount:shop:cart');
  assert.deepEqual(verified?.audiences, [apiAudience]);
  assert.deepEqual(verified && serviceAccountClaims(verified), claims);
});

test('a token ends when its time is over', async () => {
  const { tokens, world } = await issuer();
  const { token, expiresMs } = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 600 });
  assert.equal(expiresMs, world.clock.now() + 600_000);
  await world.advance(599_000);
  assert.notEqual(await tokens.verify(token, [apiAudience]), undefined);
  await world.advance(2_000);
  assert.equal(await tokens.verify(token, [apiAudience]), undefined);
});

test('a token is good for its audiences only', async () => {
  const { tokens } = await issuer();
  const { token } = await tokens.issueNodeToken('node-a', { expirationSeconds: 60 });
  assert.equal(await tokens.verify(token, [apiAudience]), undefined);
  assert.equal((await tokens.verify(token, [apiAudience, nodeAudience]))?.subject, 'system:node:node-a');
});

test('a token of another key, a changed one, and what is no token at all belong to no user', async () => {
  const { tokens } = await issuer();
  const other = await issuer();
  const foreign = await other.tokens.issueServiceAccountToken(claims, { expirationSeconds: 60 });
  const own = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 60 });
  const changed = `${own.token.slice(0, -6)}AAAAAA`;
  for (const token of [foreign.token, changed, 'abc', 'a.b.c', '']) assert.equal(await tokens.verify(token, [apiAudience]), undefined);
});

test('an old key still verifies after a new one signs', async () => {
  const { tokens, keys, world } = await issuer();
  const { token } = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 60 });
  const rotated = createTokens({ keys: [signingKeyOf(await newSigningKeyPem()), ...keys], ...world });
  assert.equal((await rotated.verify(token, [apiAudience]))?.subject, 'system:serviceaccount:shop:cart');
});

test('an RSA key signs as RS256', async () => {
  const world = virtualWorld();
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const key = signingKeyOf(pem);
  const tokens = createTokens({ keys: [key], ...world });
  const { token } = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 60 });
  assert.equal(key.algorithm, 'RS256');
  assert.notEqual(await tokens.verify(token, [apiAudience]), undefined);
});

test('the claims on the wire are those that the field reads', async () => {
  const { tokens, world } = await issuer();
  const { token } = await tokens.issueServiceAccountToken(claims, { expirationSeconds: 60 });
  const seconds = world.clock.now() / 1000;
  const { jti, ...rest } = decodeJwt(token);
  assert.equal(typeof jti, 'string');
  assert.deepEqual(rest, {
    'kubernetes.io': claims,
    iss: clusterIssuer,
    sub: 'system:serviceaccount:shop:cart',
    aud: [apiAudience],
    iat: seconds,
    nbf: seconds,
    exp: seconds + 60,
  });
});

test('a key is made once and found again, and nothing private is published', async () => {
  let stored: string[] = [];
  const store = { load: async () => stored, create: async (pem: string) => (stored = [pem]) };
  const [made] = await loadSigningKeys(store);
  const [found] = await loadSigningKeys(store);
  assert.equal(made.id, found.id);
  const { x, y, ...rest } = jsonWebKeySet([made]).keys[0]!;
  assert.equal(typeof x, typeof y);
  assert.deepEqual(rest, { use: 'sig', kty: 'EC', crv: 'P-256', kid: made.id, alg: 'ES256' });
  assert.deepEqual(openIdConfiguration([made], clusterIssuer, 'https://10.0.0.1:6443/openid/v1/jwks'), {
    issuer: clusterIssuer,
    jwks_uri: 'https://10.0.0.1:6443/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  });
});
