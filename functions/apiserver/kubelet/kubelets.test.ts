/** A kubelet that is an HTTPS server on loopback, which asks for the certificate of the API. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import {
  type CertificatePair,
  createCertificateAuthority,
  createClientCertificate,
  createServerCertificate,
} from '../../client/certificates.ts';
import type { Node } from '../../kube/generated/types.ts';
import { gitVersion } from '../../kube/kubernetes-version.ts';
import { StatusError } from '../../kube/status-error.ts';
import { realWorld } from '../../world.ts';
import { createKubelets, type Kubelets } from './kubelets.ts';

const world = realWorld('error');
const { signal } = new AbortController();
const asked = { subresource: 'log', pod: { namespace: 'default', name: 'web' }, query: new URLSearchParams('container=c') };

const answers: Readonly<Record<string, readonly [status: number, body: string]>> = {
  '/containerLogs/default/web/c': [200, 'a line\n'],
  '/containerLogs/default/web/bad': [400, 'container "bad" is waiting to start: PodInitializing'],
  '/containerLogs/default/web/broken': [500, 'no such file'],
  '/healthz': [200, 'ok'],
};

describe('nodes of upstream’s kubelet', () => {
  const servers: Server[] = [];
  let authority: CertificatePair;
  let kubelets: Kubelets;
  const callers: (string | undefined)[] = [];

  const listen = async (issuer: CertificatePair): Promise<number> => {
    const { certificatePem, keyPem } = await createServerCertificate(issuer, { commonName: 'n', hosts: ['127.0.0.1'] }, world.clock);
    const options = { cert: certificatePem, key: keyPem, ca: authority.certificatePem, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options, (request: IncomingMessage, response: ServerResponse) => {
      const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
      callers.push(Array.isArray(CN) ? CN[0] : CN);
      const [status, body] = answers[request.url ?? ''] ?? [404, `404 page not found`];
      response.writeHead(status, { 'content-type': 'text/html', 'set-cookie': 'a=b', 'x-own': 'c' }).end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const node = (name: string, kubeletVersion: string | undefined, Port = 0): Node => ({
    metadata: { name },
    spec: {},
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port } },
      ...(kubeletVersion === undefined ? {} : { nodeInfo: { kubeletVersion } as never }),
    },
  });

  before(async () => {
    authority = await createCertificateAuthority('cluster', world.clock);
    const stranger = await createCertificateAuthority('stranger', world.clock);
    const nodes = [
      node('kubelet', 'v1.37.2', await listen(authority)),
      node('forged', 'v1.37.2', await listen(stranger)),
      node('agent', gitVersion),
      node('new', undefined),
    ];
    const view = {
      revision: 1,
      list: () => [],
      get: ({ name }: { readonly name: string }) => {
        const object = nodes.find(({ metadata }) => metadata.name === name);
        return object === undefined ? undefined : { key: { resource: 'nodes', namespace: '', name }, revision: 1, object };
      },
    };
    const certificate = await createClientCertificate(authority, { userName: 'api', groups: [] }, world.clock);
    kubelets = createKubelets({ view: () => view, clock: world.clock, authorityPem: authority.certificatePem, certificate });
  });
  after(() => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  const refusal = async (container: string): Promise<object> => {
    try {
      await kubelets.log('kubelet', { ...asked, query: new URLSearchParams({ container }) }, signal);
    } catch (error) {
      if (error instanceof StatusError) return { code: error.code, reason: error.reason, message: error.message };
    }
    return assert.fail('it answered');
  };

  test('they are those that report a version of another program', () => {
    assert.deepEqual(
      ['kubelet', 'agent', 'new', 'missing'].map((name) => kubelets.run(name)),
      [true, false, false, false],
    );
  });

  test('a log comes from the kubelet, to which the API shows its certificate', async () => {
    callers.length = 0;
    const response = await kubelets.log('kubelet', asked, signal);
    assert.deepEqual(
      [...response.headers],
      Object.entries({ 'cache-control': 'no-cache, private', 'content-type': 'text/plain' }),
      'none of its own',
    );
    assert.equal(await response.text(), 'a line\n');
    assert.deepEqual(callers, ['api']);
  });

  test('a refusal reaches the client as upstream’s', async () => {
    assert.deepEqual(await refusal('bad'), { code: 400, reason: 'BadRequest', message: answers['/containerLogs/default/web/bad']?.[1] });
    assert.deepEqual(await refusal('broken'), { code: 500, reason: 'InternalError', message: 'Internal error occurred: no such file' });
    const message = 'the server could not find the requested resource ( pods web)';
    assert.deepEqual(await refusal('other'), { code: 404, reason: 'NotFound', message });
  });

  test('a certificate of another authority is not accepted, unless the client asks for a log without that check', async () => {
    const [before] = [callers.length];
    await assert.rejects(kubelets.log('forged', asked, signal), /self-signed certificate|unable to/i);
    await assert.rejects(kubelets.open({ nodeName: 'forged', target: { to: 'node' } }, signal));
    assert.equal(callers.length, before);
    for (const value of ['true', '1', '']) {
      const query = new URLSearchParams(`container=c&insecureSkipTLSVerifyBackend=${value}`);
      assert.equal(await (await kubelets.log('forged', { ...asked, query }, signal)).text(), 'a line\n');
    }
  });

  test('a connection is not dialled for a client that has left', async () => {
    const end = { nodeName: 'kubelet', target: { to: 'node' } } as const;
    await assert.rejects(kubelets.open(end, AbortSignal.abort()), /operation was canceled$/);
  });

  test('a tunnel to the node speaks with the kubelet', async () => {
    const socket = await kubelets.open({ nodeName: 'kubelet', target: { to: 'node' } }, signal);
    socket.end('GET /healthz HTTP/1.0\r\n\r\n');
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nok$/);
  });
});
