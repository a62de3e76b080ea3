/**
 * The keys that sign tokens. The newest key signs; all of them verify, so that a key can be replaced without logging
 * anyone out. Where keys are kept is the host's concern: it hands in a `KeyStore`.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

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
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: JsonWebKey;
}

/** The first one signs. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]];

export async function newSigningKeyPem(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyAlgorithm {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  // OpenSSL's name of P-256.
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new TypeError(`a signing key must be of RSA or of the curve P-256, not ${asymmetricKeyType}`);
}

/** Its members are in the order of their names. Source: RFC 7638. */
const thumbprintOf = (jwk: JsonWebKey): string =>
  hash('sha256', JSON.stringify(Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)))), 'base64url');

export function signingKeyOf(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const algorithm = algorithmOf(privateKey);
  const bare = publicKey.export({ format: 'jwk' });
  const id = thumbprintOf(bare);
  return { id, algorithm, privateKey, publicKey, publicJwk: { use: 'sig', ...bare, kid: id, alg: algorithm } };
}

export async function loadSigningKeys(store: KeyStore): Promise<SigningKeys> {
  const found = await store.load();
  const pems = found.length > 0 ? found : await store.create(await newSigningKeyPem());
  const [first, ...rest] = pems.map((pem) => signingKeyOf(pem));
  if (first === undefined) throw new Error('the key store holds no signing key');
  return [first, ...rest];
}

/** The document at `/openid/v1/jwks`. */
export const jsonWebKeySet = (keys: SigningKeys): { readonly keys: readonly JsonWebKey[] } => ({
  keys: keys.map(({ publicJwk }) => publicJwk),
});

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
