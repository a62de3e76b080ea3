/** A new key and a request that proves its possession. Source: pkg/kubelet/podcertificate/podcertificatemanager.go */
// x509 resolves its parts by decorators at load time; the polyfill must be there first.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface KeyAndRequest {
  /** PKCS #8. */
  readonly keyPem: string;
  /** PKCS #10 without any name, DER in base64. */
  readonly request: string;
}

const publicExponent = new Uint8Array([1, 0, 1]);
const rsa = (modulusLength: number): Algorithms => {
  const signing = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return { key: { ...signing, modulusLength, publicExponent }, signing };
};
const ecdsa = (namedCurve: string, hash: string): Algorithms => ({
  key: { name: 'ECDSA', namedCurve },
  signing: { name: 'ECDSA', hash },
});

interface Algorithms {
  readonly key: webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams | webcrypto.Algorithm;
  readonly signing: webcrypto.Algorithm | webcrypto.EcdsaParams;
}

const algorithms: Readonly<Record<string, Algorithms>> = {
  RSA3072: rsa(3072),
  RSA4096: rsa(4096),
  ECDSAP256: ecdsa('P-256', 'SHA-256'),
  ECDSAP384: ecdsa('P-384', 'SHA-384'),
  ECDSAP521: ecdsa('P-521', 'SHA-512'),
  ED25519: { key: { name: 'Ed25519' }, signing: { name: 'Ed25519' } },
};

export async function newKeyAndRequest(keyType: string): Promise<KeyAndRequest> {
  const chosen = algorithms[keyType];
  if (chosen === undefined) throw new Error(`while generating keypair: unknown key type ${JSON.stringify(keyType)}`);
  x509.cryptoProvider.set(webcrypto);
  const keys = (await webcrypto.subtle.generateKey(chosen.key, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const made = await x509.Pkcs10CertificateRequestGenerator.create({ name: '', keys, signingAlgorithm: chosen.signing });
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    keyPem: `${x509.PemConverter.encode(der, 'PRIVATE KEY')}\n`,
    request: Buffer.from(made.rawData).toString('base64'),
  };
}
