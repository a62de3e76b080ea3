import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import {
  createCertificateAuthority,
  createClientCertificate,
  createServerCertificate,
  type CertificatePair,
} from '../../functions/client/certificates.ts';
import { userOfCertificate } from '../../functions/apiserver/auth/certificate-user.ts';
import { realWorld } from '../../functions/world.ts';
import { serveHttps, type HttpsServer } from './https-server.ts';

describe('the HTTPS host', () => {
  let server: HttpsServer;
  let authority: CertificatePair;
  let stranger: CertificatePair;
  let jane: CertificatePair;
  const world = realWorld('error');

  before(async () => {
    authority = await createCertificateAuthority('test', world.clock);
    stranger = await createCertificateAuthority('stranger', world.clock);
    jane = await createClientCertificate(authority, { userName: 'jane', groups: ['readers'] }, world.clock);
    const certificate = await createServerCertificate(authority, { commonName: 'server', hosts: ['127.0.0.1', '127.0.0.2'] }, world.clock);
    server = await serveHttps({
      app: {
        async fetch(incoming, { clientCertificate, upgrade }) {
          const path = new URL(incoming.url).pathname;
          if (path === '/upgrade' && upgrade !== undefined) {
            upgrade.take().socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: test\r\n\r\nhello');
          }
          if (path === '/stream') return new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));
          const user = clientCertificate === undefined ? undefined : userOfCertificate(clientCertificate);
          return Response.json({ user: user?.name ?? 'nobody' }, { status: path === '/refused' ? 403 : 200 });
        },
      },
      addresses: [
        { host: '127.0.0.1', port: 0 },
        { host: '127.0.0.2', port: 0 },
      ],
      certificatePem: certificate.certificatePem,
      keyPem: certificate.keyPem,
      caPem: authority.certificatePem,
      log: world.log,
    });
  });
  after(() => server.close());

  const ask = async (path: string, options: RequestOptions = {}): Promise<IncomingMessage> => {
    const { host, port } = server.addresses[0] ?? { host: '', port: 0 };
    const asked = request({ host, port, path, ca: authority.certificatePem, agent: false, ...options });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return response;
  };
  const bodyOf = async (response: IncomingMessage): Promise<unknown> =>
    JSON.parse(Buffer.concat(await Array.fromAsync(response)).toString());

  test('answers on all its addresses, at one port', async () => {
    const [first, second] = server.addresses;
    assert.equal(first?.port, second?.port);
    assert.deepEqual(await bodyOf(await ask('/', { host: '127.0.0.2' })), { user: 'nobody' });
  });

  test('believes certificates of its own authority, and no others', async () => {
    assert.deepEqual(await bodyOf(await ask('/', { cert: jane.certificatePem, key: jane.keyPem })), { user: 'jane' });
    const fake = await createClientCertificate(stranger, { userName: 'root', groups: ['system:masters'] }, world.clock);
    assert.deepEqual(await bodyOf(await ask('/', { cert: fake.certificatePem, key: fake.keyPem })), { user: 'nobody' });
  });

  test('knows each request of a connection by the certificate of its handshake', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const certified = { agent, cert: jane.certificatePem, key: jane.keyPem };
    for (let number = 1; number <= 2; number += 1) assert.deepEqual(await bodyOf(await ask('/', certified)), { user: 'jane' });
    agent.destroy();
  });

  test('ends a connection whose client begins another handshake', async () => {
    const { host, port } = server.addresses[0] ?? { host: '', port: 0 };
    const socket = connect({ host, port, ca: authority.certificatePem, maxVersion: 'TLSv1.2' }).resume();
    await once(socket, 'secureConnect');
    const refusal = once(socket, 'close').catch((error: unknown) => error);
    socket.renegotiate({}, () => undefined);
    await refusal;
    assert.equal(socket.destroyed, true);
  });

  test('sends the head of a response before there is a body', async () => {
    const response = await ask('/stream');
    assert.equal(response.statusCode, 200);
    response.destroy();
  });

  test('an upgraded connection is passed to the app, and a refused one gets a response', async () => {
    const { host, port } = server.addresses[0] ?? { host: '', port: 0 };
    const upgrading = (path: string) =>
      request({ host, port, path, ca: authority.certificatePem, agent: false, headers: { connection: 'upgrade', upgrade: 'test' } }).end();
    const [, socket, head] = await once(upgrading('/upgrade'), 'upgrade');
    const rest = await Array.fromAsync(socket as AsyncIterable<Buffer>);
    assert.equal(Buffer.concat([head as Buffer, ...rest]).toString(), 'hello');
    const [refused] = (await once(upgrading('/refused'), 'response')) as [IncomingMessage];
    assert.equal(refused.statusCode, 403);
    assert.deepEqual(await bodyOf(refused), { user: 'nobody' });
  });
});
