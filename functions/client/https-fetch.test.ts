import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { createCertificateAuthority, createClientCertificate, createServerCertificate } from './certificates.ts';
import { kubeconfig } from '../../infra/local/kubeconfig.ts';
import { realWorld } from '../world.ts';
import { ConnectionError, createHttpsFetch, type ClusterAccess, type HttpsFetch } from './https-fetch.ts';
import { accessOfKubeconfig, KubeconfigError } from './kubeconfig-access.ts';

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const user = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
  response.writeHead(request.url === '/none' ? 204 : 201, { 'x-answer': 'yes' });
  if (request.url === '/watch') response.write('first\n');
  else response.end(JSON.stringify([request.method, request.url, user ?? '', request.headers.authorization ?? '', body]));
}

// TLS itself reads the real clock.
const { clock } = realWorld('error');

describe('a fetch with a cluster’s authority', () => {
  let server: Server;
  let access: ClusterAccess;
  const opened: HttpsFetch[] = [];
  const open = (of: ClusterAccess): HttpsFetch => {
    const fetch = createHttpsFetch(of);
    opened.push(fetch);
    return fetch;
  };

  before(async () => {
    const authority = await createCertificateAuthority('test', clock);
    const own = await createServerCertificate(authority, { commonName: 'api', hosts: ['127.0.0.1'] }, clock);
    const admin = await createClientCertificate(authority, { userName: 'admin', groups: ['system:masters'] }, clock);
    server = createServer(
      { cert: own.certificatePem, key: own.keyPem, ca: authority.certificatePem, requestCert: true, rejectUnauthorized: false },
      (request, response) => void answer(request, response),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    access = { server: `https://127.0.0.1:${port}`, caPem: authority.certificatePem, ...admin };
  });
  after(() => {
    for (const fetch of opened) fetch.close();
    server.closeAllConnections();
    server.close();
  });

  test('a fetch with a cluster’s authority shows the certificate, sends the body, and knows the answer', async () => {
    const response = await open(access)(new Request('https://any/api/v1/pods?limit=1', { method: 'POST', body: '{}' }));
    assert.equal(response.status, 201);
    assert.equal(response.headers.get('x-answer'), 'yes');
    assert.deepEqual(await response.json(), ['POST', '/api/v1/pods?limit=1', 'admin', '', '{}']);
  });

  test('a fetch with a cluster’s authority shows the token when there is one', async () => {
    const { server: address, caPem } = access;
    const response = await open({ server: address, caPem, token: 'abc' })(new Request('https://any/'));
    assert.deepEqual(await response.json(), ['GET', '/', '', 'Bearer abc', '']);
  });

  test('a fetch with a cluster’s authority hands on what comes before the answer is whole', async () => {
    const response = await open(access)(new Request('https://any/watch'));
    const reader = response.body!.getReader();
    assert.equal(Buffer.from((await reader.read()).value!).toString(), 'first\n');
    await reader.cancel();
  });

  test('answers without a body stay so', async () => {
    assert.equal((await open(access)(new Request('https://any/none'))).body, null);
  });

  test('a fetch with a cluster’s authority believes no other authority', async () => {
    await assert.rejects(open({ server: access.server })(new Request('https://any/')), ConnectionError);
  });

  test('a kubeconfig holds all that a connection needs', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
    const file = join(directory, 'config');
    const { server: address, caPem = '', certificatePem = '', keyPem = '' } = access;
    writeFileSync(
      file,
      kubeconfig({ clusterName: 'c', server: address, caPem, userName: 'admin', credential: { certificatePem, keyPem } }),
    );
    assert.deepEqual(accessOfKubeconfig(file), access);
    writeFileSync(file, 'apiVersion: v1\n');
    assert.throws(() => accessOfKubeconfig(file), new KubeconfigError(`${file} has no current context with a server.`));
    rmSync(directory, { recursive: true });
  });
});
