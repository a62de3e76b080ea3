import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { pod } from '../../../test/support/node-pod.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Node, PodCertificateRequest } from '../../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { newKeyAndRequest } from './key-and-request.ts';
import { createPodCertificates } from './pod-certificates.ts';

const of = pod({ serviceAccountName: 'robot' });
const projection = { signerName: 'example.com/mesh', keyType: 'ED25519', credentialBundlePath: 'bundle.pem' };
const source = { volumeName: 'v', index: 0, projection };
const chain = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

/** An API whose signer answers each request at once with this status. */
function node(answer: (world: ReturnType<typeof virtualWorld>) => PodCertificateRequest['status']) {
  const world = virtualWorld();
  const asked: PodCertificateRequest[] = [];
  const events: string[] = [];
  const certificates = createPodCertificates({
    ...world,
    ownNode: () => ({ metadata: { name: 'node-1', uid: 'n1' }, spec: {} }) as Node,
    pods: () => [of],
    events: { event: (_object, type, reason, message) => void events.push(`${type} ${reason} ${message}`) },
    client: {
      get: async <T extends KubeObject>(type: { resource: string }, at: { name: string }) => {
        if (type.resource === 'serviceaccounts') return { metadata: { name: at.name, uid: 'sa1' } } as T;
        return { ...asked.find(({ metadata }) => metadata.name === at.name), status: answer(world) } as unknown as T;
      },
      create: async <T extends KubeObject>(_type: unknown, object: T) => {
        const made = { ...object, metadata: { ...object.metadata, name: `req-${asked.length}` } };
        asked.push(made as unknown as PodCertificateRequest);
        return made;
      },
    },
  });
  return { world, asked, events, credential: () => certificates.credential(of, source) };
}

const condition = (type: string) => ({ type, status: 'True', reason: 'R', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' });
const issued = (beginRefreshAt: string) => ({ conditions: [condition('Issued')], certificateChain: `note\n${chain}`, beginRefreshAt });

test('a certificate is asked for in the name of the pod, its account and its node', async () => {
  const { asked, credential } = node(() => issued('2026-01-01T12:00:00Z'));
  const { keyPem, chainPem } = await credential();
  assert.equal(chainPem, chain);
  const [request] = asked;
  const { stubPKCS10Request = '', ...spec } = request?.spec ?? {};
  assert.deepEqual(spec, {
    signerName: 'example.com/mesh',
    podName: 'web',
    podUID: 'u1',
    serviceAccountName: 'robot',
    serviceAccountUID: 'sa1',
    nodeName: 'node-1',
    nodeUID: 'n1',
  });
  const stub = new x509.Pkcs10CertificateRequest(Buffer.from(stubPKCS10Request, 'base64'));
  const inRequest = createPublicKey({ key: Buffer.from(stub.publicKey.rawData), format: 'der', type: 'spki' });
  assert.ok(createPublicKey(createPrivateKey(keyPem)).equals(inRequest));
  assert.ok(await stub.verify());
});

test('the credential stays until its signer wants it replaced', async () => {
  const { asked, world, credential } = node(({ clock }) => issued(new Date(clock.now() + 3_600_000).toISOString()));
  const first = await credential();
  await world.advance(3_500_000);
  assert.equal(await credential(), first);
  await world.advance(500_000);
  assert.notEqual((await credential()).keyPem, first.keyPem);
  assert.equal(asked.length, 2);
});

test('a signer that refuses is not asked again', async () => {
  const { asked, events, credential } = node(() => ({ conditions: [condition('Denied')] }));
  const message = 'PodCertificateRequest was permanently denied: reason="R" message="m"';
  await assert.rejects(credential(), { message });
  await assert.rejects(credential(), { message });
  assert.deepEqual([asked.length, events], [1, ['Warning Denied PodCertificateRequest default/req-0 was denied, reason="R", message="m"']]);
});

test('keys are of the type that is asked for', async () => {
  for (const [keyType, expected] of [
    ['ECDSAP256', 'ec'],
    ['ECDSAP384', 'ec'],
    ['ECDSAP521', 'ec'],
    ['ED25519', 'ed25519'],
    ['RSA3072', 'rsa'],
  ] as const)
    assert.equal(createPrivateKey((await newKeyAndRequest(keyType)).keyPem).asymmetricKeyType, expected);
  await assert.rejects(newKeyAndRequest('DSA'), { message: 'while generating keypair: unknown key type "DSA"' });
});
