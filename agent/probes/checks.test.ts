import assert from 'node:assert/strict';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { container } from '../../test/support/node-pod.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';
import { httpGet, portNumber, tcpConnect } from './checks.ts';
import { nodeChecks } from './node-checks.ts';

const portOf = (server: Server | NetServer): number => (server.address() as AddressInfo).port;
const listen = (server: Server | NetServer): Promise<void> => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

describe('a probe over the network', () => {
  const heard: string[] = [];
  const http = createHttpServer((request, response) => {
    heard.push(
      `${request.method} ${request.url} ${request.headers['user-agent']} ${request.headers.host} ${request.headers['x-who'] ?? ''}`,
    );
    if (request.url === '/silent') return;
    if (request.url === '/round') return void response.writeHead(302, { location: '/round' }).end();
    if (request.url === '/away') return void response.writeHead(301, { location: 'http://elsewhere.example/' }).end('moved');
    if (request.url === '/to-404') return void response.writeHead(307, { location: '404' }).end();
    response.writeHead(Number(request.url?.slice(1)) || 200, { location: '/200' }).end('body');
  });
  const closed = createServer();
  let refusing = 0;
  before(async () => {
    await listen(http);
    await listen(closed);
    refusing = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
  });
  after(() => {
    http.closeAllConnections();
    http.close();
  });

  const target = (timeoutMs = 1000) => ({
    container: container('main', { ports: [{ name: 'web', containerPort: portOf(http) }] }),
    podIp: '127.0.0.1',
    timeoutMs,
  });
  const get = (path: string) => httpGet({ port: portOf(http), path }, target());

  test('a probe over the network takes 200 to 399 as success', async () => {
    assert.deepEqual(await get('/200'), { outcome: 'success' });
    assert.deepEqual(await get('/302'), { outcome: 'success' });
    assert.deepEqual(await get('/404'), { outcome: 'failure', message: 'HTTP probe failed with statuscode: 404' });
    assert.deepEqual(await get('/503'), { outcome: 'failure', message: 'HTTP probe failed with statuscode: 503' });
  });

  test('an HTTP probe follows ten redirects of the same host at most, and warns of one to another host', async () => {
    assert.deepEqual(await get('/to-404'), { outcome: 'failure', message: 'HTTP probe failed with statuscode: 404' });
    const before = heard.length;
    assert.deepEqual(await get('/round'), { outcome: 'failure', message: 'Get "/round": stopped after 10 redirects' });
    assert.equal(heard.length - before, 10);
    assert.deepEqual(await get('/away'), { outcome: 'warning', message: 'Probe terminated redirects, Response body: moved' });
    assert.deepEqual(await get('/304'), { outcome: 'warning', message: 'Probe terminated redirects, Response body: ' });
  });

  test('a probe over the network finds nothing out without a port', async () => {
    const error = (message: string) => ({ outcome: 'error', state: 'unknown', message });
    assert.deepEqual(await httpGet({ port: 'nope' }, target()), error('port "nope" not found'));
    assert.deepEqual(await httpGet({ port: 0 }, target()), error('invalid port number: 0'));
  });

  test('a probe over the network asks as a kubelet does, with the headers of the probe', async () => {
    await httpGet(
      {
        port: 'web',
        path: 'ready?x=1',
        httpHeaders: [
          { name: 'Host', value: 'me' },
          { name: 'X-Who', value: 'you' },
        ],
      },
      target(),
    );
    assert.equal(heard.at(-1), 'GET /ready?x=1 kube-probe/1.37 me you');
  });

  test('an HTTP check without an answer fails with Go’s message', async () => {
    const silent = await httpGet({ port: portOf(http), path: '/silent' }, target(50));
    const url = `http://127.0.0.1:${portOf(http)}/silent`;
    assert.deepEqual(silent, {
      outcome: 'failure',
      message: `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
    const refused = `dial tcp 127.0.0.1:${refusing}: connect: connection refused`;
    assert.deepEqual(await httpGet({ port: refusing }, target()), {
      outcome: 'failure',
      message: `Get "http://127.0.0.1:${refusing}/": ${refused}`,
    });
    assert.deepEqual(await tcpConnect('127.0.0.1', refusing, 1000), { outcome: 'failure', message: refused });
  });

  test('a probe over the network needs only a connection where it is a TCP probe', async () => {
    assert.deepEqual(await tcpConnect('127.0.0.1', portOf(http), 1000), { outcome: 'success' });
  });
});

test('a port is a number or the name of one of the container’s', () => {
  const main = container('main', { ports: [{ name: 'web', containerPort: 8080 }] });
  assert.deepEqual(
    [80, 'web', '81', 'other'].map((port) => portNumber(port, main)),
    [80, 8080, 81, 0],
  );
});

describe('a probe inside the container', () => {
  const check = (execSync: Runtime['execSync']) => {
    const { context } = nodeOfTest();
    const input = { container: container('main'), containerId: 'c', podIp: '', timeoutSeconds: 2 };
    return nodeChecks({ ...context.runtime, execSync })({ exec: { command: ['cat', '/alive'] } }, input);
  };

  test('an exec check succeeds with exit code 0, and otherwise fails with both outputs', async () => {
    const answer = (exitCode: number) => async () => ({ exitCode, stdout: Buffer.from('out\n'), stderr: Buffer.from('err\n') });
    assert.deepEqual(await check(answer(0)), { outcome: 'success' });
    assert.deepEqual(await check(answer(1)), { outcome: 'failure', message: 'out\nerr\n' });
  });

  test('a probe inside the container fails when it takes too long, and finds nothing out when it cannot be run', async () => {
    const failing = (error: RuntimeError) => () => Promise.reject(error);
    assert.deepEqual(await check(failing(new RuntimeError('DeadlineExceeded', 'timeout 2s exceeded'))), {
      outcome: 'failure',
      message: 'command timed out: "cat /alive" timed out after 2s',
    });
    assert.deepEqual(await check(failing(new RuntimeError('Unknown', 'no such file'))), {
      outcome: 'error',
      state: 'unknown',
      message: 'rpc error: code = Unknown desc = no such file',
    });
  });
});
