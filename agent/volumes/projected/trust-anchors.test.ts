import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterTrustBundle } from '../../../functions/kube/generated/types.ts';
import { trustAnchors } from './trust-anchors.ts';

const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`;
const bundle = (name: string, signerName: string, trustBundle: string, labels = {}): ClusterTrustBundle => ({
  metadata: { name, labels },
  spec: { signerName, trustBundle },
});

const bundles = [
  bundle('one', 'example.com/a', `a comment\n${pem('BBBB')}${pem('AAAA')}`, { live: 'yes' }),
  bundle('two', 'example.com/a', pem('AAAA') + pem('CCCC'), { live: 'yes' }),
  bundle('three', 'example.com/a', pem('DDDD')),
  bundle('four', 'example.com/b', pem('EEEE'), { live: 'yes' }),
];

test('a bundle by its name is its certificates alone, in one order', () => {
  assert.equal(trustAnchors({ path: 'ca', name: 'one' }, bundles), pem('AAAA') + pem('BBBB'));
});

test('bundles of a signer are one list without doubles', () => {
  const selected = { path: 'ca', signerName: 'example.com/a', labelSelector: { matchLabels: { live: 'yes' } } };
  assert.equal(trustAnchors(selected, bundles), pem('AAAA') + pem('BBBB') + pem('CCCC'));
  assert.match(trustAnchors({ ...selected, labelSelector: {} }, bundles), /DDDD/);
});

test('what is not there is an error, or nothing where it is optional', () => {
  assert.throws(() => trustAnchors({ path: 'ca', name: 'none' }, bundles), {
    message: 'while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io "none" not found',
  });
  assert.throws(() => trustAnchors({ path: 'ca', signerName: 'example.com/a' }, bundles), {
    message: 'combination of signerName and labelSelector matched zero ClusterTrustBundles',
  });
  assert.equal(trustAnchors({ path: 'ca', name: 'none', optional: true }, bundles), '');
  assert.equal(trustAnchors({ path: 'ca', signerName: 'example.com/c', labelSelector: {}, optional: true }, bundles), '');
});
