import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { pollPath } from '../functions/node-protocol/node-poll.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import { TransportError } from './poll.ts';
import { createTransport, type Transport } from './transport.ts';

const directory = mkdtempSync(join(tmpdir(), 'transport-'));
const tokenFile = join(directory, 'token');
const answer = { revision: '7', snapshot: true, objects: [], gone: [], relays: [] };

const textOf = async (stream: AsyncIterable<unknown>): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

describe('what the agent sends over HTTP', () => {
  const heard: string[] = [];
  let respond: (request: IncomingMessage, response: ServerResponse) => void;
  const server = createServer((request, response) => {
    textOf(request).then(
      (body) => {
        heard.push(`${request.method} ${request.url} ${request.headers.authorization} ${body}`);
        respond(request, response);
      },
      () => response.destroy(),
    );
  });
  server.on('upgrade', (request, socket) => {
    heard.push(`${request.method} ${request.url} ${request.headers.authorization} ${request.headers.upgrade}`);
    if (request.url?.endsWith('gone') === true) {
      const body = JSON.stringify({ kind: 'Status', code: 404, reason: 'NotFound', message: 'no such relay' });
      socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    } else socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: hibernetes-relay\r\n\r\nfirst words');
  });
  let transport: Transport;
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  beforeEach(() => {
    heard.length = 0;
    writeFileSync(tokenFile, 'one\n');
    transport = createTransport({ nodeName: 'node-a', server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokenFile });
    respond = (_request, response) => response.end(JSON.stringify(answer));
  });
  after(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  const poll = (signal = new AbortController().signal) => transport.poll({ waitSeconds: 20, since: '6' }, signal);

  test('a poll is asked with the token of the moment', async () => {
    assert.deepEqual(await poll(), answer);
    writeFileSync(tokenFile, 'two');
    await poll();
    const requestWith = (token: string): string => `POST ${pollPath('node-a')} Bearer ${token} {"waitSeconds":20,"since":"6"}`;
    assert.deepEqual(heard, [requestWith('one'), requestWith('two')]);
  });

  test('one of several clusters behind a host is asked below its path', async () => {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/clusters/blue`;
    const blue = createTransport({ nodeName: 'node-a', server: address, tokenFile });
    await blue.poll({ waitSeconds: 0 }, new AbortController().signal);
    (await blue.openConnection('r1')).socket.destroy();
    await blue.fetch(new Request(`${address}/api/v1/nodes`));
    blue.close();
    assert.deepEqual(
      heard.map((line) => line.split(' ')[1]),
      [`/clusters/blue${pollPath('node-a')}`, '/clusters/blue/apis/agent.hibernetes.dev/v1/relays/r1', '/clusters/blue/api/v1/nodes'],
    );
  });

  test('a refused poll throws the server’s Status, or else its HTTP code and body', async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    respond = (_request, response) => response.writeHead(410).end(JSON.stringify(status));
    await assert.rejects(poll(), (error) => error instanceof StatusError && error.code === 410 && error.message === 'too old');
    respond = (_request, response) => response.writeHead(502).end('<html>');
    await assert.rejects(poll(), (error) => error instanceof StatusError && error.message === 'the server answered 502: <html>');
  });

  test('no answer, or half of one, is no refusal', async () => {
    const failsWith = (message: string) => assert.rejects(poll(), (error) => error instanceof TransportError && error.message === message);
    respond = (_request, response) => response.destroy();
    await failsWith('socket hang up');
    respond = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    };
    await assert.rejects(poll(), TransportError);
  });

  test('a poll ends when its signal aborts', async () => {
    const news = new AbortController();
    respond = () => news.abort();
    await assert.rejects(poll(news.signal), TransportError);
  });

  test('a client’s request goes to the server that is configured', async () => {
    respond = (_request, response) => response.writeHead(201, { 'content-type': 'application/json' }).end('{"kind":"Event"}');
    const request = new Request('http://anywhere/api/v1/events?dryRun=All', { method: 'POST', body: 'text' });
    const response = await transport.fetch(request);
    assert.deepEqual([response.status, await response.json()], [201, { kind: 'Event' }]);
    assert.deepEqual(heard, ['POST /api/v1/events?dryRun=All Bearer one text']);
  });

  test('a relayed stream is the body of a request', async () => {
    const stream = transport.openStream('r1', { 'content-type': 'text/plain' });
    const done = new Promise<void>((resolve) => stream.on('response', (response) => response.resume().on('end', resolve)));
    stream.write('one ');
    stream.end('two');
    await done;
    assert.match(heard[0]!, /^POST \S+\/relays\/r1 Bearer one one two$/);
  });

  test('a chunk is put under its number, or only the way asked for', async () => {
    respond = (_request, response) => response.end('{"upTo":8,"isOpen":true}');
    assert.deepEqual(await transport.sendChunk('r1', { number: 3, encoded: Buffer.from('bytes') }, new AbortController().signal), {
      upTo: 8,
      isOpen: true,
    });
    await transport.sendChunk('r1', undefined, new AbortController().signal);
    const path = `/apis/agent.hibernetes.dev/v1/relays/r1/chunks`;
    assert.deepEqual(heard, [`POST ${path}?number=3 Bearer one bytes`, `GET ${path} Bearer one `]);
  });

  test('a relayed connection begins with what came along', async () => {
    const { socket, head } = await transport.openConnection('r1');
    assert.equal(head.toString(), 'first words');
    assert.match(heard[0]!, /^GET \S+\/relays\/r1 Bearer one hibernetes-relay$/);
    socket.destroy();
    await assert.rejects(transport.openConnection('gone'), (error) => error instanceof StatusError && error.message === 'no such relay');
  });
});
