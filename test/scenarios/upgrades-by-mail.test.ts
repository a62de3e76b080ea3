/** Upgrades through a host that carries none, over real sockets: client, gate, two processes of the API, agent, server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type Forwarder, startForwarder } from '../../agent/api-service/forwarder.ts';
import { createCertificateAuthority, createServerCertificate } from '../../functions/client/certificates.ts';
import { realWorld } from '../../functions/world.ts';
import { noise } from '../contract/tunnel.contract.ts';
import { tunnelledCluster, type TunnelledCluster } from '../support/tunnelled-cluster.ts';

const world = realWorld('error');
const pod = '/api/v1/namespaces/default/pods/web';

describe('an upgrade by mail', () => {
  let cluster: TunnelledCluster;
  let gate: Forwarder;
  /** A container's runtime, and a server in a pod. */
  let runtime: Server;
  let authority: string;
  const seen: IncomingMessage[] = [];

  before(async () => {
    runtime = createServer({ maxHeaderSize: 1 << 20 });
    runtime.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      seen.push(request);
      socket.on('error', () => socket.destroy());
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    });
    runtime.listen(0, '127.0.0.1');
    await once(runtime, 'listening');
    const { port } = runtime.address() as AddressInfo;
    cluster = await tunnelledCluster({ byMail: true, runtimePort: port });
    await cluster.addPod('web', '10.244.0.7', [port]);
    const own = await createCertificateAuthority('gate', world.clock);
    authority = own.certificatePem;
    const certificate = await createServerCertificate(own, { commonName: 'kube-apiserver', hosts: ['localhost'] }, world.clock);
    gate = await startForwarder({ address: '127.0.0.1', port: 0, certificate, server: cluster.url, caFile: undefined, world });
  });
  after(async () => {
    await gate.close();
    await cluster.close();
    runtime.closeAllConnections();
    runtime.close();
  });

  interface Upgraded {
    readonly message: IncomingMessage;
    readonly socket?: Duplex;
  }

  async function upgrade(path: string, headers: Record<string, string> = {}): Promise<Upgraded> {
    const call = httpsRequest({
      host: '127.0.0.1',
      port: gate.port,
      ca: authority,
      servername: 'localhost',
      method: 'POST',
      path,
      headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', ...headers },
      agent: false,
    });
    call.end();
    return new Promise((resolve, reject) => {
      call.on('upgrade', (message, socket) => resolve({ message, socket }));
      call.on('response', (message) => resolve({ message }));
      call.on('error', reject);
    });
  }

  test('reaches a container, with the client’s handshake and a head of 20,000 characters', async () => {
    const headers = { 'x-stream-protocol-version': 'v4.channel.k8s.io' };
    const { message, socket } = await upgrade(`${pod}/exec?container=c&stdout=1&command=${'x'.repeat(20_000)}`, headers);
    assert.deepEqual([message.statusCode, message.headers.upgrade], [101, 'SPDY/3.1']);
    const request = seen.at(-1)!;
    assert.deepEqual(
      [request.method, request.headers.upgrade, request.headers['x-stream-protocol-version'], request.headers.authorization],
      ['POST', 'SPDY/3.1', 'v4.channel.k8s.io', undefined],
    );
    const large = noise(3_000_000, 7);
    const echoed = text(socket!.setEncoding('latin1'));
    socket!.end(large);
    assert.ok(Buffer.from(await echoed, 'latin1').equals(large));
  });

  test('reaches a server in a pod through its proxy', async () => {
    const { message, socket } = await upgrade(`${pod}/proxy/chat?room=1`);
    assert.equal(message.statusCode, 101);
    assert.equal(seen.at(-1)!.url, '/chat?room=1');
    const echoed = text(socket!);
    socket!.end('hello');
    assert.equal(await echoed, 'hello');
  });

  test('an upgrade by mail is refused in the words of the API and of the node', async () => {
    const missing = await upgrade('/api/v1/namespaces/default/pods/other/exec?command=ls');
    assert.equal(missing.message.statusCode, 404);
    assert.match(await text(missing.message), /pods \\"other\\" not found/);
    const closed = await upgrade('/api/v1/namespaces/default/pods/web:1/proxy/');
    assert.equal(closed.message.statusCode, 503);
    assert.match(await text(closed.message), /dial tcp 127.0.0.1:1: connect: connection refused/);
  });

  test('ends at the container when the client leaves', async () => {
    const { socket } = await upgrade(`${pod}/exec?container=c&stdin=1&command=cat`);
    const closed = once(seen.at(-1)!.socket, 'close');
    socket!.destroy();
    await closed;
  });
});
