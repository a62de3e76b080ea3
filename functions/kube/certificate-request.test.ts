import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { parseCertificateRequest } from './certificate-request.ts';

async function requestPem(name: string): Promise<string> {
  x509.cryptoProvider.set(webcrypto);
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm });
  return request.toString('pem');
}

test('a request names its subject and is signed', async () => {
  const { organizations, commonName, isSigned } = parseCertificateRequest(await requestPem('CN=jane, O=dev, O=ops'));
  assert.deepEqual({ organizations, commonName, isSigned }, { organizations: ['dev', 'ops'], commonName: 'jane', isSigned: true });
});

test('what is no request is refused', () => {
  assert.throws(() => parseCertificateRequest(''), { message: 'PEM block type must be CERTIFICATE REQUEST' });
  const cut = '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n';
  assert.throws(() => parseCertificateRequest(cut), { message: 'asn1: syntax error: data truncated' });
});

test('a request lists the names that it asks for', async () => {
  x509.cryptoProvider.set(webcrypto);
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const names = new x509.SubjectAlternativeNameExtension([
    { type: 'dns', value: 'node-a' },
    { type: 'ip', value: '10.0.0.7' },
    { type: 'email', value: 'a@example.com' },
  ]);
  const usages = new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=system:node:a',
    keys,
    signingAlgorithm,
    extensions: [usages, names],
  });
  const expected = { dns: ['node-a'], ip: ['0a000007'], email: ['a@example.com'], uri: [] };
  assert.deepEqual(parseCertificateRequest(request.toString('pem')).alternativeNames, expected);
});
