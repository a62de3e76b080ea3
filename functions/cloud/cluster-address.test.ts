import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, claimedCluster, clusterPath, issuerOf } from './cluster-address.ts';

test('a path names its cluster, and what is asked of it', () => {
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ['/clusters/blue/api/v1/pods', 'blue', '/api/v1/pods'],
    ['/clusters/blue', 'blue', '/'],
    ['/clusters/blue/', 'blue', '/'],
    ['/api/v1/namespaces/clusters/pods', undefined, '/api/v1/namespaces/clusters/pods'],
    ['/clusters', undefined, '/clusters'],
    ['/clusters//x', undefined, '/clusters//x'],
    ['/', undefined, '/'],
  ];
  for (const [path, name, rest] of cases) assert.deepEqual(addressOf(path), { name, path: rest }, path);
  assert.deepEqual(addressOf(`${clusterPath('blue')}/version`), { name: 'blue', path: '/version' });
});

const tokenOf = (claims: unknown): string => `Bearer x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;

test('a token names its issuer', () => {
  assert.equal(claimedCluster(tokenOf({ iss: issuerOf('blue', false) })), 'blue');
  assert.equal(claimedCluster(tokenOf({ iss: issuerOf('default', true) })), undefined);
});

test('what is no such token claims nothing', () => {
  for (const header of [null, '', 'Basic x.y.z', 'Bearer abcdef.0123456789abcdef', 'Bearer a.b.c', tokenOf(7), tokenOf({ iss: 7 })])
    assert.equal(claimedCluster(header), undefined);
  assert.equal(claimedCluster(tokenOf({ iss: 'https://elsewhere/clusters/blue' })), undefined);
});
