import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, redactObject, redactText } from './redact.ts';

const secrets: readonly string[] = [
  'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJub2RlIn0.c2lnbmF0dXJlLXBhcnQ',
  'abcdef.0123456789abcdef',
  'AKIAIOSFODNN7EXAMPLE',
  'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQ',
  'k8s-aws-v1.aHR0cHM6Ly9zdHM',
  '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----',
];
const places: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => `Authorization: Bearer ${secret}`,
  (secret) => `{"level":"error","token":"${secret}","at":1}`,
  (secret) => `joining with --token ${secret} now`,
];

test('no secret of any known form stays in a text, wherever it stands', () => {
  for (const secret of secrets)
    for (const place of places) {
      const text = redactText(place(secret));
      for (const word of secret.split('\n')) assert.ok(!text.includes(word), text);
    }
});

test('passwords in addresses, headers and settings go; what they belong to stays', () => {
  assert.equal(redactText('https://me:hunter2@example.com/x'), 'https://[removed]@example.com/x');
  assert.equal(redactText('password=hunter2 user=me'), 'password=[removed] user=me');
  assert.equal(redactText('cookie: a=b1234'), 'cookie: [removed]');
  assert.equal(redactText('the pod web-7d9f runs on node-1 at 10.244.0.7'), 'the pod web-7d9f runs on node-1 at 10.244.0.7');
});

test('of objects, values that their authors choose freely go, and names and shapes stay', () => {
  const pod: Json = {
    metadata: {
      name: 'web',
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'p4ss' },
      managedFields: [{ manager: 'x' }],
    },
    spec: { containers: [{ name: 'c', image: 'nginx', env: [{ name: 'DB_PASSWORD', value: 'p4ss' }], args: ['--key', 'p4ss'] }] },
  };
  const text = JSON.stringify(redactObject(pod));
  assert.ok(!text.includes('p4ss') && !text.includes('managedFields'), text);
  assert.ok(
    ['web', 'nginx', 'DB_PASSWORD', 'last-applied-configuration'].every((word) => text.includes(word)),
    text,
  );
});

test('a Secret and a ConfigMap lose every value, should one come along', () => {
  const text = JSON.stringify(
    redactObject({ kind: 'Secret', data: { a: 'cDRzcw==' }, stringData: { b: 'p4ss' }, binaryData: { c: 'cDRzcw==' } }),
  );
  assert.deepEqual(JSON.parse(text), {
    kind: 'Secret',
    data: { a: '[removed]' },
    stringData: { b: '[removed]' },
    binaryData: { c: '[removed]' },
  });
});
