import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookupOf } from '../../test/support/node-context.ts';
import { pod } from '../../test/support/node-pod.ts';
import { registryCredential, registryOf } from './registry-credential.ts';

const secret = (name: string, document: unknown) => ({
  metadata: { name, namespace: 'default' },
  data: { '.dockerconfigjson': Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)).toString('base64') },
});
const lookup = lookupOf({
  secrets: [
    secret('broken', '{'),
    secret('empty', {}),
    secret('own', { auths: { 'https://registry.example.com/v1/': { username: 'me', password: 'p:w' } } }),
    secret('hub', { auths: { 'https://index.docker.io/v1/': { auth: Buffer.from('you:p:w').toString('base64') } } }),
  ],
});
const credential = (image: string, ...names: string[]) =>
  registryCredential(pod({ imagePullSecrets: names.map((name) => ({ name })) }), image, lookup);

test('the registry is the first word of the name when it looks like a host', () => {
  assert.deepEqual(['nginx', 'library/nginx', 'registry.example.com/a/b:v1', 'localhost/a', 'host:5000/a'].map(registryOf), [
    'docker.io',
    'docker.io',
    'registry.example.com',
    'localhost',
    'host:5000',
  ]);
});

test('the first pull secret that knows the registry is used', () => {
  assert.deepEqual(credential('registry.example.com/app:v1', 'broken', 'empty', 'absent', 'own'), { username: 'me', password: 'p:w' });
  assert.deepEqual(credential('nginx', 'own', 'hub'), { username: 'you', password: 'p:w' });
  assert.equal(credential('other.example.com/app', 'own', 'hub'), undefined);
});
