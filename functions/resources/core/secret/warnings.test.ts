import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretWarnings } from './warnings.ts';

const pem = (type: string): string => Buffer.from(`-----BEGIN ${type}-----\nYQ==\n-----END ${type}-----\n`).toString('base64');
const warnings = (crt: string, key: string): string[] =>
  secretWarnings({ metadata: {}, type: 'kubernetes.io/tls', data: { 'tls.crt': crt, 'tls.key': key } });

test('a TLS secret is warned about when its certificate or key is none', () => {
  assert.deepEqual(warnings('YQ==', 'YQ=='), ['tls: failed to find any PEM data in certificate input']);
  assert.deepEqual(warnings(pem('CERTIFICATE'), ''), ['tls: failed to find any PEM data in key input']);
  assert.deepEqual(warnings(pem('CERTIFICATE'), pem('CERTIFICATE')), [
    'tls: found a certificate rather than a key in the PEM for the private key',
  ]);
  assert.deepEqual(warnings(pem('CERTIFICATE'), pem('EC PRIVATE KEY')), []);
  assert.deepEqual(secretWarnings({ metadata: {}, type: 'Opaque', data: {} }), []);
});
