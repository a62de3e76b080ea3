/** Real sockets: a client, the server, and an agent that dials back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { text } from 'node:stream/consumers';
import { serve } from '@hono/node-server';
import { agentGroup, relayPath, relayProtocol, relayStatusHeader } from '../../node-protocol/node-poll.ts';
import type { ContainerRelay } from '../../node-protocol/node-poll.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { pods } from '../../kube/resource-type.ts';
import { builtIn } from '../../kube/schema.ts';
import { StatusError } from '../../kube/status-error.ts';
import type { AnyDefinition } from '../../resources/definition.ts';
import { realWorld } from '../../world.ts';
import type { Connection, User } from '../ports.ts';
import { createConnector } from './connector.ts';
import { answerRelay } from './relay-endpoint.ts';
import { createRelayHub } from './relay-hub.ts';
import { createUpgradeHandler } from './upgrade-handler.ts';

const pod: Pod = {
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: { nodeName: 'a', containers: [{ name: 'one' }, { name: 'two' }], initContainers: [{ name: 'init' }] },
};
const node = { key: { resource: 'nodes', namespace: '', name: 'a' }, revision: 1, object: { metadata: { name: 'a' } } };
const view = { revision: 1, get: ({ name }: { name: string }) => (name === 'a' ? node : undefined), list: () => [] };
const user: User = { name: 'system:node:a', groups: ['system:nodes'] };

const world = realWorld('error');
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** The smallest thing around the relay that looks like the apiserver. */
async function cluster(of: Pod = pod) {
  const hub = createRelayHub(world);
  const connector = createConnector({ hub, view: () => view, clock: world.clock });

  async function route(request: Request, connection: Connection): Promise<Response> {
    const url = new URL(request.url);
    const parts = url.pathname.split('/').slice(1);
    if (parts[1] === agentGroup) {
      const info = {
        verb: '',
        isResource: true,
        path: url.pathname,
        group: '',
        version: '',
        resource: '',
        subresource: '',
        namespace: '',
        isNamespaced: false,
        name: parts[4]!,
      };
      return answerRelay(hub, { request, url, info, user: { ...user, name: request.headers.get('x-user') ?? user.name }, connection });
    }
    const name = parts.at(-1)!;
    const transport = name === 'log' ? 'stream' : 'upgrade';
    const subresource = { kind: 'connect', name, verbs: ['get'], optionsKind: 'PodExecOptions', transport } as const;
    const definition = { type: pods, schema: builtIn('io.k8s.api.core.v1.Pod'), singular: 'pod', columns: [] } as AnyDefinition;
    return connector.connect(request, { definition, subresource, namespace: 'default', name: 'web', object: of, user, connection });
  }

  const fetch = (request: Request, connection: Connection): Promise<Response> =>
    route(request, connection).catch((error: unknown) => {
      if (error instanceof StatusError) return Response.json(error.toStatus(), { status: error.code });
      throw error;
    });
  const server = serve({ fetch: (request) => fetch(request, {}), port: 0, hostname: '127.0.0.1' }) as Server;
  servers.push(server);
  server.on('upgrade', createUpgradeHandler({ fetch, connectionOf: () => ({}), log: world.log }));
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { hub, port, url: `http://127.0.0.1:${port}`, pod: '/api/v1/namespaces/default/pods/web' };
}

type Cluster = Awaited<ReturnType<typeof cluster>>;

async function asked({ hub }: Cluster): Promise<ContainerRelay> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const [first] = hub.pending('a');
    if (first !== undefined && first.transport !== 'tunnel') return first;
    await new Promise((resolve) => setImmediate(resolve));
    await world.clock.sleep(2);
  }
  throw new Error('no relay was asked for');
}

/** An agent's upload that can be written to piece by piece. */
function upload({ port }: Cluster, id: string, headers: Record<string, string> = {}) {
  const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: relayPath(id), headers });
  const answer = once(request, 'response') as Promise<[IncomingMessage]>;
  return { request, answer };
}

/** An agent that fetches a connection: the socket, after the 101. */
async function dialBack({ port }: Cluster, id: string, as = 'system:node:a'): Promise<{ socket: Duplex; head: Buffer; status?: number }> {
  const headers = { connection: 'upgrade', upgrade: relayProtocol, 'x-user': as };
  const request = httpRequest({ port, host: '127.0.0.1', path: relayPath(id), headers });
  request.end();
  return new Promise((resolve, reject) => {
    request.on('upgrade', (response, socket, head) => resolve({ socket, head, status: response.statusCode! }));
    request.on('response', (response) => resolve({ socket: response.socket, head: Buffer.alloc(0), status: response.statusCode! }));
    request.on('error', reject);
  });
}

async function reads(socket: Duplex, until: string): Promise<string> {
  let seen = '';
  while (!seen.includes(until)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    seen += chunk.toString();
  }
  return seen;
}

test('a log comes from the agent as it writes it', async () => {
  const at = await cluster();
  const log = fetch(`${at.url}${at.pod}/log?container=two&follow=true&tailLines=5`);
  const relay = await asked(at);
  const { id, headers: _headers, ...rest } = relay;
  assert.deepEqual(rest, {
    transport: 'stream',
    subresource: 'log',
    pod: { namespace: 'default', name: 'web', uid: 'u1' },
    query: 'container=two&follow=true&tailLines=5',
    method: 'GET',
  });
  const { request, answer } = upload(at, id);
  request.write('first\n');
  const response = await log;
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/plain');
  const reader = response.body!.getReader();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), 'first\n');
  request.end('second\n');
  assert.equal(Buffer.from((await reader.read()).value!).toString(), 'second\n');
  assert.equal((await reader.read()).done, true);
  const [agentAnswer] = await answer;
  assert.equal(agentAnswer.statusCode, 204);
  assert.deepEqual(at.hub.pending('a'), []);
});

test('a client that leaves ends the upload of the agent', async () => {
  const at = await cluster();
  const leave = new AbortController();
  const log = fetch(`${at.url}${at.pod}/log?container=one&follow=true`, { signal: leave.signal });
  const { request, answer } = upload(at, (await asked(at)).id);
  request.on('error', () => undefined);
  request.write('first\n');
  const reader = (await log).body!.getReader();
  await reader.read();
  leave.abort();
  await reader.read().catch(() => undefined);
  const [agentAnswer] = await answer;
  assert.equal(agentAnswer.statusCode, 204);
  request.destroy();
});

test('a client that reads slowly makes the agent send slowly', async () => {
  const at = await cluster();
  const log = fetch(`${at.url}${at.pod}/log?container=one`);
  const { request } = upload(at, (await asked(at)).id);
  request.on('error', () => undefined);
  const piece = Buffer.alloc(1 << 20, 'x');
  let sent = 0;
  const total = 64;
  const push = (): void => {
    while (sent < total && request.write(piece)) sent += 1;
  };
  request.on('drain', () => {
    sent += 1;
    push();
  });
  push();
  const response = await log;
  await world.clock.sleep(200);
  assert.ok(sent < total, `${sent} MiB went out though nobody reads`);
  request.on('drain', () => sent >= total && request.end());
  let received = 0;
  for await (const chunk of response.body!) received += (chunk as Uint8Array).length;
  assert.ok(received >= total << 20);
});

test('an agent that breaks off breaks off the answer', async () => {
  const at = await cluster();
  const log = fetch(`${at.url}${at.pod}/log?container=one`);
  const { request, answer } = upload(at, (await asked(at)).id);
  answer.catch(() => undefined);
  request.on('error', () => undefined);
  request.write('half');
  const response = await log;
  const body = response.text();
  request.destroy();
  await assert.rejects(body);
});

test('the client gets the agent’s error for what it could not open', async () => {
  const at = await cluster();
  const log = fetch(`${at.url}${at.pod}/log?container=one`);
  const { request } = upload(at, (await asked(at)).id, { [relayStatusHeader]: '400' });
  const message = 'container "one" in pod "web" is waiting to start: ContainerCreating';
  request.end(JSON.stringify(new StatusError(400, 'BadRequest', message).toStatus()));
  const response = await log;
  assert.equal(response.status, 400);
  assert.equal(((await response.json()) as { message: string }).message, message);
});

test('what makes no sense is refused before any node is asked', async () => {
  const at = await cluster();
  const cases: readonly (readonly [string, number, string])[] = [
    ['log', 400, 'a container name must be specified for pod web, choose one of: [one two] or one of the init containers: [init]'],
    ['log?container=none', 400, 'container none is not valid for pod web'],
    [
      'log?container=one&tailLines=-1',
      422,
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    ['log?container=one&sinceSeconds=0', 422, 'PodLogOptions "web" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0'],
    ['log?container=one&limitBytes=x', 400, 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['exec?container=one&command=sh', 400, 'Upgrade request required'],
  ];
  for (const [path, status, message] of cases) {
    const response = await fetch(`${at.url}${at.pod}/${path}`);
    assert.deepEqual([response.status, ((await response.json()) as { message: string }).message], [status, message]);
  }
});

test('a pod without a node has an empty log and nothing to connect to', async () => {
  const at = await cluster({ ...pod, spec: { containers: [{ name: 'one' }] } });
  assert.equal((await fetch(`${at.url}${at.pod}/log`)).status, 204);
  const response = await fetch(`${at.url}${at.pod}/exec?command=sh`, { method: 'POST' });
  assert.equal(((await response.json()) as { message: string }).message, 'pod web does not have a host assigned');
});

test('the error for a pod whose node is gone names the node', async () => {
  const at = await cluster({ ...pod, spec: { nodeName: 'gone', containers: [{ name: 'one' }] } });
  const response = await fetch(`${at.url}${at.pod}/log`);
  assert.deepEqual([response.status, ((await response.json()) as { message: string }).message], [404, 'pods "gone" not found']);
});

async function rawClient({ port }: Cluster, lines: readonly string[], early = ''): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(`${lines.join('\r\n')}\r\n\r\n${early}`);
  return socket;
}

const spdy = (at: Cluster, path = 'exec?container=one&command=sh&stdin=true'): string[] => [
  `POST ${at.pod}/${path} HTTP/1.1`,
  'Host: cluster',
  'Authorization: Bearer secret',
  'Content-Length: 0',
  'Connection: Upgrade',
  'Upgrade: SPDY/3.1',
  'X-Stream-Protocol-Version: v5.channel.k8s.io',
  'X-Stream-Protocol-Version: v4.channel.k8s.io',
];

test('an exec is spliced: the runtime answers the client untouched, both ways', async () => {
  const at = await cluster();
  const client = await rawClient(at, spdy(at), 'early bytes');
  const relay = await asked(at);
  assert.deepEqual([relay.method, relay.transport, relay.query], ['POST', 'upgrade', 'container=one&command=sh&stdin=true']);
  assert.deepEqual(
    relay.headers.filter(([name]) => name !== 'user-agent'),
    [
      ['connection', 'Upgrade'],
      ['upgrade', 'SPDY/3.1'],
      ['x-stream-protocol-version', 'v5.channel.k8s.io'],
      ['x-stream-protocol-version', 'v4.channel.k8s.io'],
    ],
  );
  const agent = await dialBack(at, relay.id);
  assert.equal(agent.status, 101);
  assert.equal(agent.head.toString() + (agent.head.length > 0 ? '' : await reads(agent.socket, 'early bytes')), 'early bytes');
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n';
  agent.socket.write(`${answer}hello`);
  assert.equal(await reads(client, 'hello'), `${answer}hello`);
  client.write('typed');
  assert.equal(await reads(agent.socket, 'typed'), 'typed');
  agent.socket.end('bye');
  assert.equal(await text(client), 'bye');
  client.destroy();
});

test('a client that breaks off closes the connection of the agent', async () => {
  const at = await cluster();
  const client = await rawClient(at, spdy(at));
  const { socket } = await dialBack(at, (await asked(at)).id);
  socket.on('error', () => undefined);
  socket.write('x');
  await reads(client, 'x');
  client.resetAndDestroy();
  socket.resume();
  await once(socket, 'close');
});

test('many bytes pass whole', async () => {
  const at = await cluster();
  const client = await rawClient(at, spdy(at));
  const { socket } = await dialBack(at, (await asked(at)).id);
  const bytes = Buffer.alloc(20 << 20, 'abc');
  socket.end(bytes);
  assert.ok(bytes.equals(Buffer.from(await text(client))));
  client.destroy();
});

test('only the node that was asked may answer, and only once', async () => {
  const at = await cluster();
  const client = await rawClient(at, spdy(at));
  const { id } = await asked(at);
  assert.equal((await dialBack(at, id, 'system:node:b')).status, 404);
  assert.equal((await dialBack(at, id, 'jane')).status, 404);
  const { socket, status } = await dialBack(at, id);
  assert.equal(status, 101);
  assert.equal((await dialBack(at, id)).status, 404);
  assert.equal((await dialBack(at, 'unknown')).status, 404);
  socket.destroy();
  client.destroy();
});

test('an upgrade that is refused gets its Status on the socket', async () => {
  const at = await cluster();
  const client = await rawClient(at, spdy(at, 'exec?container=none&command=sh'));
  const [head = '', body = ''] = (await text(client)).split('\r\n\r\n');
  assert.equal(head.split('\r\n')[0], 'HTTP/1.1 400 Bad Request');
  assert.equal((JSON.parse(body) as { message: string }).message, 'container none is not valid for pod web');
});

for (const [protocols, expected] of [
  [[], 'first\nlast\n'],
  [['v9.channel.k8s.io', 'binary.k8s.io'], 'first\nlast\n'],
  [['base64.binary.k8s.io'], 'Zmlyc3QKbGFzdAo='],
] as const) {
  test(`a log comes as messages over a WebSocket with the protocols [${protocols.join(', ')}]`, async () => {
    const at = await cluster();
    const socket = new WebSocket(`ws://127.0.0.1:${at.port}${at.pod}/log?container=two`, [...protocols]);
    socket.binaryType = 'arraybuffer';
    const messages: Buffer[] = [];
    const closed = new Promise<void>((resolve) => {
      socket.addEventListener('message', ({ data }) => messages.push(Buffer.from(data)));
      socket.addEventListener('close', () => resolve());
    });
    const { id } = await asked(at);
    const { request, answer } = upload(at, id);
    request.end('first\nlast\n');
    await closed;
    assert.equal(Buffer.concat(messages).toString(), expected);
    assert.equal(socket.protocol, protocols.at(-1) ?? '');
    assert.equal((await answer)[0].statusCode, 204);
  });
}

test('a log longer than a short frame comes whole over a WebSocket, and its agent stops when the client leaves', async () => {
  const at = await cluster();
  const socket = new WebSocket(`ws://127.0.0.1:${at.port}${at.pod}/log?container=two&follow=true`, ['binary.k8s.io']);
  socket.binaryType = 'arraybuffer';
  let bytes = 0;
  const long = 'x'.repeat(200_000);
  const whole = new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      bytes += data.byteLength;
      if (bytes === long.length) resolve();
    });
  });
  const { id } = await asked(at);
  const { request, answer } = upload(at, id);
  request.write(long);
  await whole;
  socket.close();
  assert.equal((await answer)[0].statusCode, 204);
  request.destroy();
});

test('a WebSocket with unknown protocols only is refused before a node is asked', async () => {
  const at = await cluster();
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'a2V5',
    'sec-websocket-protocol': 'v9.channel.k8s.io',
  };
  const request = httpRequest({ port: at.port, host: '127.0.0.1', path: `${at.pod}/log?container=two`, headers });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 400);
  response.resume();
  assert.deepEqual(at.hub.pending('a'), []);
});
