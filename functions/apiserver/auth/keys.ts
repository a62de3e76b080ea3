/**
 * The keys that sign tokens. The newest key signs; all of them verify, so that a key can be replaced without logging
 * anyone out. Where keys are kept is the host's concern: it hands in a `KeyStore`.
 */
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importJWK, importPKCS8 } from 'jose';
import type { CryptoKey, JWK } from 'jose';

export interface KeyStore {
  /** PEM documents (PKCS #8), the signing one first; empty when there is none yet. */
  load(): Promise<readonly string[]>;
  /** Called once, when there was no key. When another process came first, answers with the keys of that one. */
  create(pem: string): Promise<readonly string[]>;
}

export type KeyAlgorithm = 'ES256' | 'RS256';

export interface SigningKey {
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** The first one signs. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]];

export async function newSigningKeyPem(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return exportPKCS8(privateKey);
}

async function importPrivateKey(pem: string): Promise<{ key: CryptoKey; algorithm: KeyAlgorithm }> {
  try {
    return { key: await importPKCS8(pem, 'ES256', { extractable: true }), algorithm: 'ES256' };
  } catch (error) {
    // An RSA key is refused as an EC one with one of several error classes; if it is neither, the second import throws.
    if (!(error instanceof Error)) throw error;
    return { key: await importPKCS8(pem, 'RS256', { extractable: true }), algorithm: 'RS256' };
  }
}

export async function signingKeyOf(pem: string): Promise<SigningKey> {
  const { key, algorithm } = await importPrivateKey(pem);
  const { kty, crv, x, y, n, e } = await exportJWK(key);
  const bare: JWK = kty === 'EC' ? { kty, crv, x, y } : { kty: 'RSA', n, e };
  const id = await calculateJwkThumbprint(bare);
  const publicJwk: JWK = { use: 'sig', ...bare, kid: id, alg: algorithm };
  const publicKey = await importJWK(publicJwk, algorithm);
  if (publicKey instanceof Uint8Array) throw new Error('a signing key must be asymmetric');
  return { id, algorithm, privateKey: key, publicKey, publicJwk };
}

export async function loadSigningKeys(store: KeyStore): Promise<SigningKeys> {
  const found = await store.load();
  const pems = found.length > 0 ? found : await store.create(await newSigningKeyPem());
  const [first, ...rest] = await Promise.all(pems.map((pem) => signingKeyOf(pem)));
  if (first === undefined) throw new Error('the key store holds no signing key');
  return [first, ...rest];
}

/** The document at `/openid/v1/jwks`. */
export const jsonWebKeySet = (keys: SigningKeys): { readonly keys: readonly JWK[] } => ({ keys: keys.map(({ publicJwk }) => publicJwk) });

/** The document at `/.well-known/openid-configuration`. Source: pkg/serviceaccount/openidmetadata.go. */
export function openIdConfiguration(keys: SigningKeys, issuer: string, jwksUri: string): object {
  return {
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ algorithm }) => algorithm))],
  };
}
