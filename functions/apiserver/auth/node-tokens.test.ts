/** How a machine becomes a node, and stops being one: through the whole chain. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { createApi } from '../../api.ts';
import type { Status, TokenRequest } from '../../kube/generated/types.ts';
import { pollPath, tokenPath } from '../../node-protocol/node-poll.ts';
import type { KubeObject } from '../../kube/object.ts';
import { namespaces, nodes, secrets } from '../../kube/resource-type.ts';
import { createLiveRegistry } from '../registry/live-registry.ts';
import { createDefinitions } from '../../resources/all.ts';
import { bootstrapObjects } from '../../resources/bootstrap/bootstrap-objects.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { newSigningKeyPem, signingKeyOf } from './keys.ts';
import { createTokens } from './tokens.ts';

const bootstrapToken = 'abcdef.0123456789abcdef';
const place = { apiserverAddress: '192.168.0.1', apiserverPort: 6443, serviceCidr: '10.96.0.0/12' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function cluster() {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable(), world });
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], ...world });
  const definitions = createDefinitions();
  const api = createApi({ store, registry: createLiveRegistry({ definitions }), tokens, world });
  const client = api.clientFor({ name: 'admin', groups: ['system:masters'] });
  for (const object of bootstrapObjects(place, [])) {
    const found = definitions.find(({ type }) => type.kind === object.kind);
    if (found !== undefined) await client.create<KubeObject>(found.type, object);
  }
  const data = {
    'token-id': base64('abcdef'),
    'token-secret': base64('0123456789abcdef'),
    'usage-bootstrap-authentication': base64('true'),
  };
  const metadata = { name: 'bootstrap-token-abcdef', namespace: 'kube-system' };
  await client.create(secrets, { metadata, type: 'bootstrap.kubernetes.io/token', data });

  const post = (path: string, token: string, body = '{}'): Promise<Response> =>
    api.fetch(
      new Request(`http://a${path}`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      }),
      {},
    );
  const join = (name: string, token = bootstrapToken): Promise<Response> => post(tokenPath(name), token);
  const tokenOf = async (response: Response): Promise<string> => {
    assert.equal(response.status, 201, await response.clone().text());
    return ((await response.json()) as TokenRequest).status?.token ?? '';
  };
  const poll = (name: string, token: string, body: object = { waitSeconds: 0 }): Promise<Response> =>
    post(pollPath(name), token, JSON.stringify(body));
  return { world, client, join, tokenOf, poll };
}

const ready = { waitSeconds: 0, status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }] } };

test('a bootstrap token is traded for a node and its credential', async () => {
  const { client, join, tokenOf, poll } = await cluster();
  const response = await join('worker');
  const { spec, status } = (await response.clone().json()) as TokenRequest;
  assert.deepEqual(spec, { audiences: ['agent.hibernetes.dev'], expirationSeconds: 604_800 });
  assert.equal(status?.expirationTimestamp, '2026-01-08T00:00:00Z');
  const token = await tokenOf(response);
  assert.equal((await poll('worker', token, ready)).status, 200);
  assert.equal((await client.get(nodes, { namespace: '', name: 'worker' })).status?.conditions?.[0]?.status, 'True');
  assert.equal((await poll('other', token)).status, 403);
});

test('a join may be repeated until the node has spoken; then its name is taken', async () => {
  const { join, tokenOf, poll } = await cluster();
  await tokenOf(await join('worker'));
  const token = await tokenOf(await join('worker'));
  assert.equal((await poll('worker', token, ready)).status, 200);
  const refused = await join('worker');
  assert.equal(refused.status, 409);
  assert.equal(
    ((await refused.json()) as Status).message,
    'nodes "worker" already exists and has been in use: delete it first (kubectl delete node worker), or join under another name',
  );
});

test('a node renews its own credential, and no other node’s', async () => {
  const { world, join, tokenOf, poll } = await cluster();
  const token = await tokenOf(await join('worker'));
  await world.advance(4 * 24 * 3600 * 1000);
  const next = await tokenOf(await join('worker', token));
  assert.equal((await join('other', token)).status, 403);
  await world.advance(4 * 24 * 3600 * 1000);
  assert.equal((await poll('worker', token)).status, 401);
  assert.equal((await poll('worker', next)).status, 200);
});

test('deleting the node ends its credential, also for a new node of that name', async () => {
  const { client, join, tokenOf, poll } = await cluster();
  const token = await tokenOf(await join('worker'));
  assert.equal((await poll('worker', token, ready)).status, 200);
  await client.delete(nodes, { namespace: '', name: 'worker' });
  assert.equal((await poll('worker', token)).status, 401);
  const next = await tokenOf(await join('worker'));
  assert.equal((await poll('worker', token)).status, 401);
  assert.equal((await poll('worker', next)).status, 200);
});

test('a bootstrap token opens nothing else', async () => {
  const { client, join, poll } = await cluster();
  assert.equal((await poll('worker', bootstrapToken)).status, 403);
  assert.equal((await join('worker', 'abcdef.aaaaaaaaaaaaaaaa')).status, 401);
  assert.equal((await join('Not_A_Name')).status, 422);
  await client.delete(secrets, { namespace: 'kube-system', name: 'bootstrap-token-abcdef' });
  assert.equal((await join('worker')).status, 401);
  assert.equal((await client.get(namespaces, { namespace: '', name: 'default' })).metadata.name, 'default');
});
