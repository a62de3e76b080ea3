import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { jsonWebKeySet, loadSigningKeys, newSigningKeyPem, signingKeyOf } from './keys.ts';

const rsaPem = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

test('a key is called by its thumbprint, and published without what is secret', async () => {
  for (const [pem, members] of [
    [await newSigningKeyPem(), ['use', 'crv', 'x', 'y', 'kty', 'kid', 'alg']],
    [rsaPem(), ['use', 'kty', 'n', 'e', 'kid', 'alg']],
  ] as const) {
    const { id, publicJwk, algorithm } = signingKeyOf(pem);
    assert.equal(id, await calculateJwkThumbprint(publicJwk as JWK));
    assert.deepEqual(Object.keys(publicJwk).sort(), [...members].sort());
    assert.deepEqual([publicJwk['kid'], publicJwk['alg']], [id, algorithm]);
  }
});

test('a key of another kind is refused', () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.throws(() => signingKeyOf(pem), new TypeError('a signing key must be of RSA or of the curve P-256, not ed25519'));
});

test('present signing keys are used, the first one to sign; without any, one is created', async () => {
  const [one, two] = [await newSigningKeyPem(), rsaPem()];
  const known = await loadSigningKeys({ load: async () => [one, two], create: async () => assert.fail('there are keys') });
  assert.deepEqual(
    known.map(({ algorithm }) => algorithm),
    ['ES256', 'RS256'],
  );
  assert.deepEqual(
    jsonWebKeySet(known).keys.map(({ kid }) => kid),
    known.map(({ id }) => id),
  );
  const [theirs] = await loadSigningKeys({ load: async () => [], create: async () => [one] });
  assert.equal(theirs.id, known[0].id);
});
