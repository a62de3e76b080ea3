import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createCertificateAuthority, createServerCertificate, type CertificatePair } from '../../functions/client/certificates.ts';
import type { ConfigMap, EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import { realWorld } from '../../functions/world.ts';
import { apiServicePort, createApiService, trusting, type ApiService } from './api-service.ts';
import { nodeAuthority } from './certificates.ts';

// TLS checks certificates against the real clock.
const world = realWorld('error');

const kubernetes: Service = {
  metadata: { name: 'kubernetes', namespace: 'default' },
  spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] },
};
const sliceTo = (address: string, name = 'kubernetes'): EndpointSlice => ({
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: [{ addresses: [address] }],
  ports: [{ name: 'https', port: 443, protocol: 'TCP' }],
});
const nowhere = sliceTo('192.0.2.1');

describe('the node’s authority', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-authority-'));
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('a node’s authority is made once, and only its owner can read its key file', async () => {
    const place = join(directory, 'api-service');
    const made = await nodeAuthority(place, 'node-1', world.clock);
    assert.deepEqual(await nodeAuthority(place, 'node-1', world.clock), made);
    assert.equal(statSync(join(place, 'ca.key')).mode & 0o777, 0o600);
  });
});

describe('the API of a cluster that has a name only', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-api-service-'));
  let authority: CertificatePair;
  let service: ApiService;
  let answer: RequestListener = (_request, response) => response.end();
  const api = createServer((request, response) => answer(request, response));

  before(async () => {
    const own = await createCertificateAuthority('cloud', world.clock);
    const { certificatePem, keyPem } = await createServerCertificate(own, { commonName: 'api', hosts: ['localhost'] }, world.clock);
    api.setSecureContext({ cert: certificatePem, key: keyPem });
    api.listen(0, 'localhost');
    await once(api, 'listening');
    const caFile = join(directory, 'cloud.crt');
    writeFileSync(caFile, own.certificatePem);
    authority = await nodeAuthority(directory, 'node-1', world.clock);
    const server = `https://localhost:${(api.address() as AddressInfo).port}/clusters/blue`;
    const config = { server, caFile, clusterDns: '127.0.0.1', clusterDomain: 'cluster.local' };
    service = createApiService({ config, authority, world, port: 0 });
    await service.listen([kubernetes], [nowhere]);
    await service.listen([kubernetes], [nowhere]);
  });
  after(async () => {
    await service?.close();
    api.closeAllConnections();
    api.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const portOfNode = (): number => service.endpointSlices([nowhere])[0]!.ports![0]!.port!;

  /** As a pod asks, by one of the names that the Service has. */
  async function ask(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string; servername?: string; agent?: Agent } = {},
  ): Promise<IncomingMessage> {
    const { method = 'GET', headers = {}, body, servername = 'kubernetes.default.svc', agent = false } = options;
    const target = { host: '127.0.0.1', port: portOfNode(), ca: authority.certificatePem, servername, agent };
    const call = httpsRequest({ ...target, method, path, headers: { host: servername, ...headers } });
    call.end(body);
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    return response;
  }

  test('the node asks the API of a named cluster with the pod’s credentials, the API’s name and the cluster’s path', async () => {
    const seen: unknown[] = [];
    answer = (request, response) => {
      const { authorization, host, connection } = request.headers;
      seen.push(request.method, request.url, authorization, host, connection);
      response.writeHead(201, { 'content-type': 'application/json', 'audit-id': 'x' });
      request.pipe(response);
    };
    const headers = { authorization: 'Bearer pod', connection: 'Upgrade', upgrade: 'h2c' };
    const response = await ask('/api/v1/namespaces/default/pods?dryRun=All', { method: 'POST', headers, body: '{"kind":"Pod"}' });
    const host = `localhost:${(api.address() as AddressInfo).port}`;
    assert.deepEqual(seen, ['POST', '/clusters/blue/api/v1/namespaces/default/pods?dryRun=All', 'Bearer pod', host, 'keep-alive']);
    assert.deepEqual([response.statusCode, response.headers['audit-id'], await text(response)], [201, 'x', '{"kind":"Pod"}']);
  });

  test('answers under each name of the Service', async () => {
    answer = (_request, response) => response.end('ok');
    for (const servername of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc.cluster.local'])
      assert.equal(await text(await ask('/readyz', { servername })), 'ok');
    await assert.rejects(ask('/readyz', { servername: 'elsewhere.default.svc' }), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  test('a watch arrives piece by piece, and ends where the client leaves', async () => {
    let left: Promise<unknown> | undefined;
    answer = (_request, response) => {
      left = once(response, 'close');
      response.flushHeaders();
      response.write('{"type":"ADDED"}\n');
    };
    const response = await ask('/api/v1/pods?watch=1');
    const [chunk] = (await once(response, 'data')) as [Buffer];
    assert.equal(chunk.toString(), '{"type":"ADDED"}\n');
    response.destroy();
    await left;
  });

  test('what breaks off at the API breaks off for the pod', async () => {
    answer = (_request, response) => {
      response.write('{"items":[');
      setImmediate(() => response.destroy());
    };
    await assert.rejects(text(await ask('/api/v1/pods')), { code: 'ECONNRESET' });
  });

  test('a body that the API does not want is read to its end, and its connection is used again', async () => {
    answer = (_request, response) => response.writeHead(413, { connection: 'close' }).end('too large');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const time of ['once', 'again']) {
      const response = await ask('/api/v1/pods', { method: 'POST', body: time.repeat(1_000_000), agent });
      assert.deepEqual([response.statusCode, await text(response)], [413, 'too large']);
    }
    agent.destroy();
  });

  test('an API that cannot be reached is answered for with 503 and Retry-After', async () => {
    answer = (request) => request.socket.destroy();
    const response = await ask('/api/v1/pods');
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '1']);
    const { kind, message } = JSON.parse(await text(response)) as { kind: string; message: string };
    assert.deepEqual([kind, message], ['Status', 'the API cannot be reached']);
  });
});

describe('a node', () => {
  const config = { server: 'https://api.example', clusterDns: '169.254.20.10', clusterDomain: 'cluster.local' };
  const authority = { certificatePem: 'NODE\n', keyPem: '' };
  const trustedBy = (slice: EndpointSlice, name: string, data: Record<string, string>): ConfigMap['data'] => {
    const known: ConfigMap = { metadata: { name, namespace: 'default' }, data };
    const lookup = {
      configMap: () => known,
      secret: () => undefined,
      services: () => [],
      runtimeClass: () => undefined,
      clusterTrustBundles: () => [],
      endpointSlices: () => [slice],
    };
    return trusting(lookup, authority).configMap('default', name)?.data;
  };

  test('a node stands in for the API where it has no address, and for nothing else', async () => {
    const service = createApiService({ config, authority, world });
    const others = [sliceTo('10.0.0.1'), sliceTo('192.0.2.1', 'web')];
    await service.listen([kubernetes], others);
    assert.deepEqual(service.endpointSlices(others), others);
    const [{ endpoints, ports } = nowhere] = service.endpointSlices([nowhere]);
    assert.deepEqual(endpoints, [{ addresses: ['169.254.20.10'], conditions: { ready: true } }]);
    assert.deepEqual(ports, [{ name: 'https', port: apiServicePort, protocol: 'TCP' }]);
    await service.close();
  });

  test('a node adds its authority to what pods trust, while it stands in', () => {
    assert.deepEqual(trustedBy(nowhere, 'kube-root-ca.crt', { 'ca.crt': '' }), { 'ca.crt': 'NODE\n' });
    assert.deepEqual(trustedBy(nowhere, 'kube-root-ca.crt', { 'ca.crt': 'CLUSTER' }), { 'ca.crt': 'CLUSTER\nNODE\n' });
    assert.deepEqual(trustedBy(nowhere, 'mine', { 'ca.crt': 'CLUSTER' }), { 'ca.crt': 'CLUSTER' });
    assert.deepEqual(trustedBy(sliceTo('10.0.0.1'), 'kube-root-ca.crt', { 'ca.crt': 'CLUSTER' }), { 'ca.crt': 'CLUSTER' });
  });
});
