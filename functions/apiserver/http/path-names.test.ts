import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { withPlainPaths } from './path-names.ts';

describe('a request as it was sent', () => {
  const server = createServer(withPlainPaths((_incoming, outgoing) => outgoing.end('served')));
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  async function answerTo(path: string, ...headers: readonly string[]): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.end([`GET ${path} HTTP/1.1`, 'Connection: close', ...headers, '', ''].join('\r\n'));
    return text(socket);
  }

  test('a request as it was sent is served with one host, and refused with two', async () => {
    assert.match(await answerTo('/api', 'Host: a'), /^HTTP\/1.1 200 [^]*served$/);
    for (const second of ['Host: b', 'host: a', 'HOST: '])
      assert.match(await answerTo('/api', 'Host: a', second), /^HTTP\/1.1 400 [^]*too many Host headers/);
  });

  test('a request as it was sent is refused when a part of its path is a dot or two', async () => {
    for (const path of ['/api/..', '/api/./v1', '/a/%2e%2E/b', '/%2e'])
      assert.match(await answerTo(path, 'Host: a'), /^HTTP\/1.1 400 /, path);
    for (const path of ['/api/...', '/api/.a', '/a?b=/../c']) assert.match(await answerTo(path, 'Host: a'), /^HTTP\/1.1 200 /, path);
  });
});
