import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ClientRequest } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import type { Pod } from '../../functions/kube/generated/types.ts';
import type { ContainerRelay } from '../../functions/node-protocol/node-poll.ts';
import { decodeChunk } from '../../functions/node-protocol/relay-chunk.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { pod, running, sandbox } from '../../test/support/node-pod.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { NumberedChunk } from '../transport.ts';
import { createNodeRelays } from './node-relays.ts';
import { createSimulatedRelays } from './simulated-relays.ts';

const directory = mkdtempSync(join(tmpdir(), 'relays-'));
after(() => rmSync(directory, { recursive: true }));
const logPath = join(directory, '0.log');
writeFileSync(logPath, '2026-01-01T00:00:01Z stdout F one\n2026-01-01T00:00:02Z stdout F two\n');

const main = { name: 'main', ready: true, restartCount: 0, image: '', imageID: '', state: { running: {} }, containerID: 'containerd://c1' };
const of: Pod = { ...pod(), status: { containerStatuses: [main] } };
const request = (more: Partial<ContainerRelay>): ContainerRelay => ({
  id: 'r1',
  transport: 'stream',
  subresource: 'log',
  query: 'container=main',
  method: 'GET',
  headers: [],
  pod: { namespace: 'default', name: 'web', uid: 'u1' },
  ...more,
});

const nodeServer = { serve: () => {} };

interface Upload {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What reaches the apiserver, and the other end of a connection that a client has open. */
function apiserver() {
  const uploads: Upload[] = [];
  const clients: Duplex[] = [];
  const heard = new PassThrough();
  return {
    uploads,
    /** Resolves after each finished upload. */
    next: () => once(heard, 'data'),
    client: () => clients.at(-1)!,
    transport: {
      openStream(id: string, headers: Readonly<Record<string, string>>) {
        const body = new PassThrough();
        const chunks: Buffer[] = [];
        body.on('data', (chunk: Buffer) => chunks.push(chunk));
        body.on('end', () => {
          uploads.push({ id, headers, text: Buffer.concat(chunks).toString() });
          heard.write('.');
        });
        return Object.assign(body, { flushHeaders: () => {} }) as unknown as ClientRequest;
      },
      async openConnection() {
        const [near, far] = duplexPair();
        clients.push(far);
        return { socket: near, head: Buffer.from('head ') };
      },
      async sendChunk(id: string, chunk: NumberedChunk | undefined) {
        const { code, isLast, bytes } = decodeChunk(chunk!.encoded)!;
        uploads.push({ id, headers: { number: `${chunk!.number}`, code: `${code}` }, text: Buffer.from(bytes).toString() });
        if (isLast) heard.write('.');
        return { upTo: 8, isOpen: true };
      },
      // Tunnels by mail: see test/scenarios/tunnels.test.ts.
      sendEntry: async () => {},
      listen: async () => Readable.from([]),
    },
  };
}

function duplexPair(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough(), new PassThrough()];
  return [Duplex.from({ readable: there, writable: back }), Duplex.from({ readable: back, writable: there })];
}

function relays(more: Partial<Runtime> = {}) {
  const { world, context } = nodeOfTest();
  const server = apiserver();
  const end = new AbortController();
  const runtime: Runtime = { ...context.runtime, containerStatus: async () => running('main', { logPath }), ...more };
  const open = createNodeRelays({
    world,
    runtime,
    transport: server.transport,
    pods: { pod: (uid) => (uid === 'u1' ? of : undefined) },
    nodeServer,
    signal: end.signal,
  }).open;
  return { ...server, world, open, end };
}

describe('a log', () => {
  test('a log is sent to the client that asked for it', async () => {
    const { open, next, uploads } = relays();
    open(request({ query: 'container=main&tailLines=1' }));
    await next();
    assert.deepEqual(uploads, [{ id: 'r1', headers: { 'content-type': 'text/plain' }, text: 'two\n' }]);
  });

  test('a log goes by mail where the client is elsewhere', async () => {
    const { open, next, uploads } = relays();
    open(request({ transport: 'mailbox', query: 'container=main&timestamps=true&limitBytes=34' }));
    open(request({ transport: 'mailbox' }));
    await next();
    assert.deepEqual(uploads, [{ id: 'r1', headers: { number: '1', code: '200' }, text: '2026-01-01T00:00:01Z one\n2026-01-0' }]);
    open(request({ id: 'r2', transport: 'mailbox', query: 'container=main&previous=true' }));
    await next();
    const { headers, text } = uploads[1]!;
    const { code, message } = JSON.parse(text) as { code: number; message: string };
    assert.deepEqual([headers['code'], code, message], ['400', 400, 'previous terminated container "main" in pod "web" not found']);
  });

  test('a log is sent once, however often the server repeats its request', async () => {
    const { open, next, uploads } = relays();
    open(request({}));
    open(request({}));
    open(request({ id: 'r2' }));
    await next();
    if (uploads.length < 2) await next();
    assert.deepEqual(uploads.map(({ id }) => id).toSorted(), ['r1', 'r2']);
  });

  test('a log that cannot be had is answered with the reason', async () => {
    const { open, next, uploads } = relays();
    open(request({ query: 'container=other' }));
    await next();
    const [{ headers, text }] = uploads as [Upload];
    assert.equal(headers['content-type'], 'application/json');
    const { code, message } = JSON.parse(text) as { code: number; message: string };
    assert.deepEqual([code, message], [400, 'container "other" in pod "web" is not available']);
    open(request({ id: 'r2', pod: { namespace: 'default', name: 'gone', uid: 'u9' } }));
    await next();
    assert.equal((JSON.parse(uploads[1]!.text) as { message: string }).message, 'pods "gone" not found');
  });
});

/** A streaming server that records what it receives and answers once. */
async function streaming(): Promise<{ url: (path: string) => string; heard: () => Promise<string>; close: () => void }> {
  const heard = new PassThrough();
  // The agent keeps its half open while its client does: a connection that only one end has closed would keep the process alive.
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (bytes: Buffer) => {
      heard.write(bytes);
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nanswer');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { url, heard: async () => String((await once(heard, 'data'))[0]), close };
}

const readAll = async (stream: Duplex): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

describe('a connection', () => {
  test('a connection is joined to the runtime’s streaming server, beginning with what came along', async () => {
    const server = await streaming();
    const asked: unknown[] = [];
    const { open, client, world } = relays({
      execUrl: async (wanted) => {
        asked.push(wanted);
        return server.url('/exec/T');
      },
    });
    const query = 'container=main&command=sh&command=-c&stdin=true&stdout=true&stderr=true&tty=true';
    open(request({ transport: 'upgrade', subresource: 'exec', query, headers: [['upgrade', 'websocket']] }));
    await world.settle();
    const [text, answer] = await Promise.all([server.heard(), readAll(client())]);
    assert.match(text, /^GET \/exec\/T HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nupgrade: websocket\r\n\r\n(head )?$/);
    assert.equal(answer, 'HTTP/1.1 101 Switching Protocols\r\n\r\nanswer');
    // A terminal has no second output.
    assert.deepEqual(asked, [{ containerId: 'c1', tty: true, stdin: true, stdout: true, stderr: false, command: ['sh', '-c'] }]);
    server.close();
  });

  test('a connection to ports goes to the sandbox that is up', async () => {
    const server = await streaming();
    const asked: unknown[] = [];
    const { open, client, world } = relays({
      listSandboxes: async () => [sandbox({ id: 'dead', ready: false }), sandbox({ id: 'up' })],
      portForwardUrl: async (...wanted) => {
        asked.push(wanted);
        return server.url('/portforward/T');
      },
    });
    open(request({ transport: 'upgrade', subresource: 'portforward', query: 'ports=80,81' }));
    await world.settle();
    await Promise.all([server.heard(), readAll(client())]);
    assert.deepEqual(asked, [['up', [80, 81]]]);
    server.close();
  });

  test('a connection that cannot be made is refused with an HTTP answer', async () => {
    const { open, client, world } = relays();
    open(request({ transport: 'upgrade', subresource: 'exec', query: 'container=other' }));
    await world.settle();
    const answer = await readAll(client());
    assert.match(answer, /^HTTP\/1\.1 400 BadRequest\r\n/);
    assert.equal((JSON.parse(answer.split('\r\n\r\n')[1]!) as { message: string }).message, 'container not found ("other")');
  });
});

describe('a simulated node', () => {
  test('a simulated node has a line for every log, and nothing else', async () => {
    const { world } = nodeOfTest();
    const server = apiserver();
    const { open } = createSimulatedRelays({ world, transport: server.transport, nodeServer, signal: new AbortController().signal });
    open(request({}));
    await server.next();
    assert.equal(server.uploads[0]!.text, 'container main of pod web is simulated\n');
    open(request({ id: 'r3', transport: 'mailbox' }));
    await server.next();
    assert.equal(server.uploads[1]!.text, 'container main of pod web is simulated\n');
    open(request({ id: 'r2', transport: 'upgrade', subresource: 'exec' }));
    await world.settle();
    const answer = await readAll(server.client());
    assert.match(answer, /^HTTP\/1\.1 501 Not Implemented\r\n/);
    assert.ok(answer.includes('exec is not supported: the pod runs on a simulated node, which has no containers'), answer);
  });
});
