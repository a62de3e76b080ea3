/** Credentials and what callers send in queries stay where they belong: no log, container or proxied server gets them. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { replayedRequest } from '../../agent/relay/replayed-request.ts';
import { requestHeaders } from '../../functions/apiserver/proxy/proxied-headers.ts';
import { forwardedHeaders } from '../../functions/apiserver/relay/connector.ts';
import { nodes } from '../../functions/kube/resource-type.ts';
import { nodeTokenOf } from '../../infra/local/node-token.ts';
import { publishedOperations } from '../compare/access/operations.ts';
import { testApi } from '../support/api-server.ts';
import { administrator, type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';

const secret = 'c2VjcmV0LXRva2Vu';
const protocol = (token: string): string => `base64url.bearer.authorization.k8s.io.${token}`;

const protocolLists = [
  [protocol(secret)],
  [protocol(secret), 'v5.channel.k8s.io'],
  ['v5.channel.k8s.io', protocol(secret)],
  [protocol(secret), protocol(secret), 'a'],
];
/** Every way in which a request shows who it is from. */
const shown: readonly (readonly [name: string, value: string])[] = [
  ['authorization', `Bearer ${secret}`],
  ['authorization', `Basic ${secret}`],
  ...['user', 'group', 'uid', 'extra-scopes'].flatMap((part) =>
    ['impersonate', 'x-remote'].map((prefix) => [`${prefix}-${part}`, secret] as const),
  ),
  ...protocolLists.flatMap((list) => [',', ', ', ' ,  '].map((separator) => ['sec-websocket-protocol', list.join(separator)] as const)),
];

describe('credentials of a request', () => {
  for (const [name, value] of shown) {
    test(`credentials of a request are passed on neither to a container nor to a proxied server: ${name}: ${value}`, () => {
      const headers = new Headers({ accept: 'text/plain', upgrade: 'websocket', [name]: value });
      for (const list of [forwardedHeaders(headers), Object.entries(requestHeaders(headers, { isUpgrade: true }))]) {
        assert.equal(JSON.stringify(list).includes(secret), false);
        const others = value.split(',').map((one) => one.trim());
        const kept = others.filter((one) => !one.includes(secret)).join(', ');
        assert.equal(list.find(([key]) => key === 'sec-websocket-protocol')?.[1] ?? '', kept);
      }
    });
  }
});

describe('a token among the protocols of a WebSocket', () => {
  let cluster: RbacCluster;
  let token: string;
  before(async () => {
    cluster = await rbacCluster();
    token = Buffer.from(await nodeTokenOf('a', cluster.client, cluster.tokens)).toString('base64url');
  });
  const ask = async (protocols: string, more: Record<string, string> = { upgrade: 'websocket' }): Promise<number> =>
    (await cluster.fetch(new Request('https://api/api/v1/nodes/a', { headers: { 'sec-websocket-protocol': protocols, ...more } }))).status;

  test('a token among the protocols of a WebSocket is a credential beside another protocol, and only of a WebSocket', async () => {
    assert.equal(await ask(`${protocol(token)}, v5.channel.k8s.io`), 200);
    assert.equal(await ask(`v5.channel.k8s.io,${protocol(token)}`), 200);
    assert.equal(await ask(`${protocol(token)}, v5.channel.k8s.io`, {}), 403);
  });

  test('a token among the protocols of a WebSocket is refused alone, twice, badly encoded or too long', async () => {
    const garbled = [`${token}=`, `${token}!`, `+${token}`, token.slice(1), Buffer.from([0xff, 0xfe]).toString('base64url'), ''];
    const bad = [protocol(token), `${protocol(token)},${protocol(token)},a`, ...garbled.map((one) => `${protocol(one)},a`)];
    for (const protocols of [...bad, `${'a,'.repeat(20_000)}${protocol(token)}`])
      assert.equal(await ask(protocols), 401, protocols.slice(0, 200));
  });
});

test('a failure of any operation leaves no query in the log: the arguments of an exec stand there', async () => {
  const cluster = await rbacCluster();
  const operations = await publishedOperations({
    async send({ method, path }) {
      const { status, text } = await cluster.as(administrator).send(method, path);
      return { status, text, headers: {}, warnings: [] };
    },
  });
  const authorizer = { authorize: () => Promise.reject(new Error('out of order')) };
  const api = (await testApi({ authorizer })).as({ user: { name: 'jane', groups: [] } });
  const before = api.world.lines.length;
  for (const { method, template } of operations) {
    const path = template.replace(/\{\w+\}/g, 'x');
    await api.fetch(`${path}?command=${secret}&container=${secret}`, { method });
  }
  assert.ok(api.world.lines.length - before > 700);
  assert.equal(JSON.stringify(api.world.lines).includes(secret), false);
});

test('nothing of a client’s query reaches the runtime’s streaming server but the numbers of ports', () => {
  const url = new URL('http://127.0.0.1:9/exec/once?token=own');
  const values = ['80', '80,81', 'x', '8e1', '99999999', '80\r\nX-A: b', '80&command=sh', '%0d%0a', '-1', ''];
  const names = ['ports', 'port', 'command', 'stdin', 'token', 'ports%0d%0a'];
  const queries = names.flatMap((name) => values.flatMap((value) => [`${name}=${value}`, `${name}=${encodeURIComponent(value)}&ports=82`]));
  for (const subresource of ['exec', 'attach', 'portforward'] as const) {
    for (const query of queries) {
      const [line = ''] = replayedRequest({ method: 'GET', headers: [], subresource, query }, url).split('\r\n');
      const asked = /^GET \/exec\/once(\?.*)? HTTP\/1\.1$/.exec(line)?.[1] ?? '';
      assert.match(asked, subresource === 'portforward' ? /^\?(port=\d{1,5}(&port=\d{1,5})*)?$/ : /^\?token=own$/, query);
    }
  }
});

test('the token of a node beside its control plane is bound to its Node, and lasts a week at most', async () => {
  const { client, tokens, fetch } = await rbacCluster();
  const token = await nodeTokenOf('a', client, tokens);
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iat: number; exp: number };
  assert.ok(claims.exp - claims.iat <= 7 * 24 * 3600);
  const ask = async (shownToken: string): Promise<number> =>
    (await fetch(new Request('https://api/api/v1/nodes/a', { headers: { authorization: `Bearer ${shownToken}` } }))).status;
  assert.equal(await ask(token), 200);
  assert.equal(await ask(await nodeTokenOf('a', client, tokens)), 200);
  await client.delete(nodes, { namespace: '', name: 'a' });
  assert.equal(await ask(token), 401);
});
