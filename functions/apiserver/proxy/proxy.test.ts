/** From a client by way of the API and a node's agent to a server, over real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test, describe } from 'node:test';
import { text } from 'node:stream/consumers';
import { endpointSlices, services } from '../../kube/resource-type.ts';
import { tunnelledCluster, type TunnelledCluster } from '../../../test/support/tunnelled-cluster.ts';

const pod = '/api/v1/namespaces/default/pods/web';

// In suites of their own: their clusters are up no longer than their tests run.
describe('proxies', () => proxies(false));
describe('proxies whose node talks to another process', () => proxies(true));

function proxies(byMail: boolean): void {
  let cluster: TunnelledCluster;
  let server: Server;
  let port: number;

  before(async () => {
    server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
      if (request.url === '/page') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<a href="/next?q=1">next</a>');
      if (request.url === '/moved') return void response.writeHead(302, { location: '/there' }).end();
      void text(request).then((body) => {
        response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
        response.end(JSON.stringify({ method: request.method, url: request.url, body, headers: request.headers }));
      });
    });
    server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
      if (request.url === '/refused') return void socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.write(head);
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    cluster = await tunnelledCluster({ byMail });
    await cluster.addPod('web', '10.244.0.7', [port]);
  });
  after(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });

  interface Echo {
    readonly method: string;
    readonly url: string;
    readonly body: string;
    readonly headers: Readonly<Record<string, string>>;
  }

  const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(cluster.url + path, { redirect: 'manual', ...init });
  const message = async (response: Response): Promise<[number, string]> => [
    response.status,
    ((await response.json()) as { message: string }).message,
  ];

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    test(`passes ${method} on with its path, query and body`, async () => {
      const body = method === 'GET' ? {} : { body: 'hello' };
      const response = await ask(`${pod}/proxy/some/path%20with/slash/?a=b&c`, { method, ...body });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('access-control-allow-origin'), null);
      const echo = (await response.json()) as Echo;
      assert.deepEqual([echo.method, echo.url, echo.body], [method, '/some/path%20with/slash/?a=b&c', method === 'GET' ? '' : 'hello']);
      assert.equal(echo.headers['x-forwarded-uri'], `${pod}/proxy/some/path%20with/slash/`);
      assert.equal(echo.headers['x-forwarded-for'], '127.0.0.1');
    });
  }

  test('answers HEAD without a body', async () => {
    const response = await ask(`${pod}/proxy/x`, { method: 'HEAD' });
    assert.deepEqual([response.status, await response.text()], [200, '']);
  });

  test('moves a path without a slash to the one with it', async () => {
    const response = await ask(`${pod}/proxy?x=1`);
    assert.deepEqual([response.status, response.headers.get('location')], [301, `${pod}/proxy/?x=1`]);
    assert.equal(((await (await ask(`${pod}/proxy`, { method: 'POST' })).json()) as Echo).url, '/');
  });

  test('a proxy leads links and redirects through itself', async () => {
    const named = `/api/v1/namespaces/default/pods/http:web:${port}/proxy`;
    assert.equal(await (await ask(`${named}/page`)).text(), `<a href="${named}/next?q=1">next</a>`);
    const moved = await ask(`${named}/moved`);
    assert.deepEqual([moved.status, moved.headers.get('location')], [302, `${named}/there`]);
  });

  test('keeps a connection for the next request to the same port', async () => {
    await (await ask(`${pod}/proxy/1`)).text();
    const before = cluster.tunnels();
    for (let count = 0; count < 5; count += 1) await (await ask(`${pod}/proxy/2`)).text();
    assert.equal(cluster.tunnels(), before);
  });

  test('reports a port at which nothing listens, and names that lead nowhere', async () => {
    assert.deepEqual(await message(await ask('/api/v1/namespaces/default/pods/web:1/proxy/')), [
      503,
      'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
    ]);
    assert.deepEqual(await message(await ask('/api/v1/namespaces/default/pods/web:dest1/proxy/')), [
      503,
      'error trying to reach service: dial tcp: lookup tcp/dest1: unknown port',
    ]);
    assert.deepEqual(await message(await ask('/api/v1/namespaces/default/pods/other/proxy/')), [404, 'pods "other" not found']);
    assert.deepEqual(await message(await ask('/api/v1/namespaces/default/pods/ftp:web:1/proxy/')), [
      400,
      'invalid pod request "ftp:web:1"',
    ]);
    assert.deepEqual(await message(await ask('/api/v1/namespaces/default/services/none/proxy/')), [
      503,
      'no endpoints available for service "none"',
    ]);
  });

  test('a proxy picks an endpoint of a service that is ready', async () => {
    await cluster.client.create(services, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ name: 'http', port: 80, targetPort: port }] },
    });
    const targetRef = { kind: 'Pod', namespace: 'default', name: 'web' };
    await cluster.client.create(endpointSlices, {
      metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.244.0.7'], conditions: { ready: true }, targetRef },
        { addresses: ['10.244.0.8'], conditions: { ready: false }, targetRef },
      ],
      ports: [{ name: 'http', port, protocol: 'TCP' }],
    });
    for (const id of ['web:http', 'web:80', 'http:web:80']) {
      const echo = (await (await ask(`/api/v1/namespaces/default/services/${id}/proxy/s`)).json()) as Echo;
      assert.equal(echo.url, '/s');
    }
    assert.deepEqual(await message(await ask('/api/v1/namespaces/default/services/web:81/proxy/')), [
      503,
      'no service port 81 found for service "web"',
    ]);
  });

  test('shows what a node answers itself', async () => {
    for (const id of ['a', 'a:10250']) {
      assert.equal(await (await ask(`/api/v1/nodes/${id}/proxy/healthz`)).text(), 'ok');
    }
    const logs = await (await ask('/api/v1/nodes/a/proxy/logs/')).text();
    assert.match(logs, /<a href="messages.log">messages.log<\/a>/);
    assert.equal(await (await ask('/api/v1/nodes/a/proxy/logs/messages.log')).text(), 'first line\n');
    assert.equal((await ask('/api/v1/nodes/a/proxy/logs/..%2F..%2F..%2F..%2Fetc/passwd')).status, 404);
    assert.equal(((await (await ask('/api/v1/nodes/a/proxy/pods')).json()) as { kind: string }).kind, 'PodList');
  });

  function upgrade(path: string): Promise<{ status: number; socket?: NodeJS.ReadWriteStream; response?: IncomingMessage }> {
    const call = httpRequest(cluster.url + path, { headers: { connection: 'Upgrade', upgrade: 'echo' } });
    call.end();
    return new Promise((resolve, reject) => {
      call.on('upgrade', (response, socket) => resolve({ status: response.statusCode!, socket }));
      call.on('response', (response) => resolve({ status: response.statusCode!, response }));
      call.on('error', reject);
    });
  }

  test('carries an upgraded connection in both directions', async () => {
    const { status, socket } = await upgrade(`${pod}/proxy/echo`);
    assert.equal(status, 101);
    const large = 'x'.repeat(1 << 20);
    const echoed = text(socket!);
    socket!.end(large);
    assert.equal(await echoed, large);
  });

  test('passes on the refusal of an upgrade', async () => {
    const { status, response } = await upgrade(`${pod}/proxy/refused`);
    assert.deepEqual([status, await text(response!)], [403, 'no']);
  });

  test('takes a head as long as that of an exec with many arguments', async () => {
    const response = await ask(`${pod}/proxy/x?${'command=0123456789&'.repeat(2_000)}`);
    assert.equal(response.status, 200);
    await response.text();
  });
}
