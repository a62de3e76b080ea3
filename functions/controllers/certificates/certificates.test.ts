import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { type Cluster, createCluster } from '../../../test/support/cluster.ts';
import { createCertificateAuthority, signCertificateRequest } from '../../client/certificates.ts';
import { copy } from '../../kube/copy.ts';
import type { CertificateSigningRequest } from '../../kube/generated/types.ts';
import { certificateSigningRequests, nodes } from '../../kube/resource-type.ts';
import { certificateApprovingController } from './approver.ts';
import { certificateCleanerController } from './cleaner.ts';
import { createCertificateSigningController } from './signer.ts';

const hourMs = 3_600_000;
const clientUsages = ['digital signature', 'client auth'];

async function requestPem(name: string, names: x509.JsonGeneralNames = []): Promise<string> {
  x509.cryptoProvider.set(webcrypto);
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' };
  const keys = await webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const extensions = names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
  return (await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm, extensions })).toString('pem');
}

interface Asked {
  readonly signer: string;
  readonly pem: string;
  readonly usages?: string[];
  readonly expirationSeconds?: number;
}

const signingRequest = ({ signer, pem, usages = clientUsages, expirationSeconds }: Asked): CertificateSigningRequest => ({
  metadata: { name: 'r' },
  spec: {
    signerName: `kubernetes.io/${signer}`,
    request: Buffer.from(pem).toString('base64'),
    usages,
    ...(expirationSeconds !== undefined && { expirationSeconds }),
  },
});

async function cluster(): Promise<Cluster & { authorityPem: string }> {
  const authorities: { pair?: Awaited<ReturnType<typeof createCertificateAuthority>> } = {};
  const clock = { now: (): number => made.world.clock.now() };
  const made: Cluster = await createCluster({
    controllers: [
      certificateApprovingController,
      createCertificateSigningController((request) => signCertificateRequest(authorities.pair!, request, clock)),
      certificateCleanerController,
    ],
  });
  authorities.pair = await createCertificateAuthority('ca', made.world.clock);
  return Object.assign(made, { authorityPem: authorities.pair.certificatePem });
}

const get = (made: Cluster): Promise<CertificateSigningRequest> =>
  made.client.get(certificateSigningRequests, { namespace: '', name: 'r' });

async function approve(made: Cluster): Promise<void> {
  const conditions = [{ type: 'Approved', status: 'True', reason: 'x' }];
  await made.client.update(certificateSigningRequests, { ...copy(await get(made)), status: { conditions } }, 'approval');
  await made.settle();
}

describe('a CertificateSigningRequest', () => {
  test('a CertificateSigningRequest of a kubelet is approved where it may create such, and signed', async () => {
    const made = await cluster();
    const pem = await requestPem('O=system:nodes, CN=system:node:a');
    await made.client.create(certificateSigningRequests, signingRequest({ signer: 'kube-apiserver-client-kubelet', pem }));
    await made.settle();
    const { status } = await get(made);
    assert.deepEqual(
      status?.conditions?.map(({ type, reason, message }) => [type, reason, message]),
      [['Approved', 'AutoApproved', 'Auto approving kubelet client certificate after SubjectAccessReview.']],
    );
    const certificate = new X509Certificate(Buffer.from(status?.certificate ?? '', 'base64'));
    assert.equal(certificate.subject, 'O=system:nodes\nCN=system:node:a');
    assert.ok(certificate.verify(new X509Certificate(made.authorityPem).publicKey));
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2']);
    assert.equal(certificate.ca, false);
  });

  test('a CertificateSigningRequest of a client waits for its approval, and is valid as long as it asks', async () => {
    const made = await cluster();
    const asked = { signer: 'kube-apiserver-client', pem: await requestPem('O=dev, CN=jane'), expirationSeconds: 3600 };
    await made.client.create(certificateSigningRequests, signingRequest(asked));
    await made.settle();
    assert.deepEqual((await get(made)).status, {});
    await approve(made);
    const certificate = new X509Certificate(Buffer.from((await get(made)).status?.certificate ?? '', 'base64'));
    assert.ok(Math.abs(certificate.validToDate.getTime() - made.world.clock.now() - hourMs) < 1000);
  });

  test('a CertificateSigningRequest of a server keeps the names that it asks for', async () => {
    const made = await cluster();
    const names: x509.JsonGeneralNames = [
      { type: 'dns', value: 'node-a' },
      { type: 'ip', value: '10.0.0.7' },
    ];
    const pem = await requestPem('O=system:nodes, CN=system:node:a', names);
    const usages = ['digital signature', 'server auth'];
    await made.client.create(certificateSigningRequests, signingRequest({ signer: 'kubelet-serving', pem, usages }));
    await approve(made);
    const certificate = new X509Certificate(Buffer.from((await get(made)).status?.certificate ?? '', 'base64'));
    assert.equal(certificate.subjectAltName, 'DNS:node-a, IP Address:10.0.0.7');
  });

  test('a CertificateSigningRequest of a node for its own address is approved, also where the Node comes later', async () => {
    const made = await cluster();
    const pem = await requestPem('O=system:nodes, CN=system:node:late', [{ type: 'ip', value: '10.0.0.7' }]);
    const asked = signingRequest({ signer: 'kubelet-serving', pem, usages: ['digital signature', 'server auth'] });
    const user = { name: 'system:node:late', groups: ['system:nodes', 'system:authenticated'] };
    await made.clientOf(user).create(certificateSigningRequests, asked);
    await made.settle();
    assert.deepEqual((await get(made)).status, {});
    const addresses = [{ type: 'InternalIP', address: '10.0.0.7' }];
    await made.client.create(nodes, { metadata: { name: 'late' }, spec: {}, status: { addresses } });
    await made.settle();
    assert.equal((await get(made)).status?.conditions?.[0]?.reason, 'AutoApproved');
  });

  const refusals: readonly [string, string, string[], string][] = [
    ['kube-apiserver-client-kubelet', 'O=dev, CN=system:node:a', clientUsages, 'subject organization is not system:nodes'],
    ['kubelet-serving', 'O=system:nodes, CN=system:node:a', ['server auth'], 'DNS or IP subjectAltName is required'],
    ['kube-apiserver-client', 'CN=jane', ['server auth'], 'invalid usage for client certificate: server auth'],
  ];
  for (const [signer, subject, usages, message] of refusals) {
    test(`a CertificateSigningRequest fails where ${message}`, async () => {
      const made = await cluster();
      await made.client.create(certificateSigningRequests, signingRequest({ signer, pem: await requestPem(subject), usages }));
      await approve(made);
      const failed = (await get(made)).status?.conditions?.find(({ type }) => type === 'Failed');
      assert.deepEqual([failed?.reason, failed?.message], ['SignerValidationFailure', message]);
    });
  }

  test('a certificate request is removed an hour after its approval, or a day after its creation', async () => {
    const made = await cluster();
    const pem = await requestPem('CN=jane');
    const isThere = async (): Promise<boolean> => (await made.client.list(certificateSigningRequests)).items.length > 0;
    await made.client.create(certificateSigningRequests, signingRequest({ signer: 'kube-apiserver-client', pem }));
    await approve(made);
    await made.world.advance(hourMs - 60_000);
    await made.settle();
    assert.equal(await isThere(), true);
    await made.advance(120_000);
    assert.equal(await isThere(), false);
    await made.client.create(certificateSigningRequests, signingRequest({ signer: 'kube-apiserver-client', pem }));
    await made.settle();
    await made.world.advance(24 * hourMs - 60_000);
    await made.settle();
    assert.equal(await isThere(), true);
    await made.advance(120_000);
    assert.equal(await isThere(), false);
  });
});
