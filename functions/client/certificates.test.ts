import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { test } from 'node:test';
import { realWorld } from '../world.ts';
import { certificateExpiryMs, createCertificateAuthority, createClientCertificate, createServerCertificate } from './certificates.ts';
import { userOfCertificate } from '../apiserver/auth/certificate-user.ts';

// TLS itself reads the real clock.
const nowMs = realWorld('error').clock.now();
const clock = { now: () => nowMs };

test('a server and a client of the same authority trust each other, and the server learns name and groups', async (t) => {
  const authority = await createCertificateAuthority('hibernetes', clock);
  const server = await createServerCertificate(authority, { commonName: 'api', hosts: ['localhost', '127.0.0.1', '::1'] }, clock);
  const client = await createClientCertificate(authority, { userName: 'jane', groups: ['system:masters', 'dev'] }, clock);
  const listener = createServer({
    key: server.keyPem,
    cert: server.certificatePem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  t.after(() => listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
  const socket = connect({ port, host: '127.0.0.1', ca: authority.certificatePem, key: client.keyPem, cert: client.certificatePem });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  const [peer] = await accepted;
  t.after(() => peer.destroy());
  assert.deepEqual(userOfCertificate(peer.getPeerCertificate().raw), {
    name: 'jane',
    groups: ['system:masters', 'dev'],
    untilMs: certificateExpiryMs(client.certificatePem),
  });
});

test('names and dates are in the certificate as asked', async () => {
  const authority = await createCertificateAuthority('hibernetes', clock);
  const { certificatePem } = await createServerCertificate(
    authority,
    { commonName: 'api', hosts: ['kubernetes.default.svc', '10.96.0.1'], days: 2 },
    clock,
  );
  const certificate = new X509Certificate(certificatePem);
  assert.equal(certificate.subjectAltName, 'DNS:kubernetes.default.svc, IP Address:10.96.0.1');
  assert.equal(certificate.verify(new X509Certificate(authority.certificatePem).publicKey), true);
  assert.equal(certificateExpiryMs(certificatePem), Math.floor((nowMs + 2 * 86_400_000) / 1000) * 1000);
});
