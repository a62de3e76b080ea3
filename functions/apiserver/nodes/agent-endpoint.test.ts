/** The whole chain, from an agent's token to the store and back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { pollPath, relayPath } from '../../node-protocol/node-poll.ts';
import type { NodePollResponse } from '../../node-protocol/node-poll.ts';
import type { KubeObject } from '../../kube/object.ts';
import { leases, namespaces, nodes, pods, serviceAccounts } from '../../kube/resource-type.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import { createLiveRegistry } from '../registry/live-registry.ts';
import { createDefinitions } from '../../resources/all.ts';
import { createApi } from '../../api.ts';
import { issuerDocuments } from '../auth/issuer-documents.ts';
import { newSigningKeyPem, signingKeyOf } from '../auth/keys.ts';
import { createTokens } from '../auth/tokens.ts';
import type { User } from '../ports.ts';

const admin: User = { name: 'admin', groups: ['system:masters'] };

async function cluster() {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable(), world });
  const keys = [signingKeyOf(await newSigningKeyPem())] as const;
  const tokens = createTokens({ keys, ...world });
  const extensions = issuerDocuments(keys, (host) => `https://${host}/clusters/blue`);
  const api = createApi({ store, registry: createLiveRegistry({ definitions: createDefinitions() }), tokens, world, extensions });
  const client = api.clientFor(admin);
  for (const name of ['default', 'kube-node-lease']) await client.create<KubeObject>(namespaces, { metadata: { name }, spec: {} });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  const { token } = await tokens.issueNodeToken('a', { expirationSeconds: 3600 });
  const asNode = (path: string, init: RequestInit = {}): Promise<Response> =>
    api.fetch(
      new Request(`http://a${path}`, { ...init, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' } }),
      {},
    );
  const poll = async (body: object, name = 'a'): Promise<Response> =>
    asNode(pollPath(name), { method: 'POST', body: JSON.stringify(body) });
  return { world, client, asNode, poll, api, tokens };
}

const pod: Pod = { metadata: { name: 'web', namespace: 'default' }, spec: { nodeName: 'a', containers: [{ name: 'c', image: 'nginx' }] } };
const answerOf = async (response: Response): Promise<NodePollResponse> => {
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as NodePollResponse;
};

test('a node registers itself, beats, hears of its pod, reports it, and ends it', async () => {
  const { client, poll, asNode } = await cluster();
  const registered = await asNode('/api/v1/nodes', {
    method: 'POST',
    body: JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }),
  });
  assert.equal(registered.status, 201, await registered.text());
  const status = { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }] };
  const first = await answerOf(await poll({ waitSeconds: 0, status }));
  assert.equal(first.snapshot, true);
  const lease = await client.get(leases, { namespace: 'kube-node-lease', name: 'a' });
  assert.equal(lease.spec?.renewTime, '2026-01-01T00:00:00.000000Z');
  assert.equal((await client.get(nodes, { namespace: '', name: 'a' })).status?.conditions?.[0]?.status, 'True');

  const { metadata } = await client.create(pods, pod);
  const second = await answerOf(await poll({ waitSeconds: 0, since: first.revision }));
  assert.deepEqual(
    second.objects.map(({ kind, metadata: { name } }) => `${kind} ${name}`),
    ['Pod web'],
  );

  const report = { namespace: 'default', name: 'web', uid: metadata.uid, status: { phase: 'Running', podIP: '10.244.0.5' } };
  await answerOf(await poll({ waitSeconds: 0, pods: [report] }));
  assert.equal((await client.get(pods, { namespace: 'default', name: 'web' })).status?.podIP, '10.244.0.5');

  await client.delete(pods, { namespace: 'default', name: 'web' });
  const third = await answerOf(await poll({ waitSeconds: 0, since: second.revision }));
  assert.notEqual(third.objects[0]?.metadata.deletionTimestamp, undefined);
  const fourth = await answerOf(await poll({ waitSeconds: 0, since: third.revision, pods: [{ ...report, finished: true }] }));
  assert.deepEqual(
    fourth.gone.map(({ name, uid }) => [name, uid]),
    [['web', metadata.uid]],
  );
});

test('a node polls for itself only', async () => {
  const { poll, api, asNode } = await cluster();
  const refused = await poll({ waitSeconds: 0 }, 'b');
  assert.equal(refused.status, 403);
  assert.equal(
    ((await refused.json()) as { message: string }).message,
    'nodes.agent.hibernetes.dev "b" is forbidden: User "system:node:a" cannot create resource "nodes/poll" in API group "agent.hibernetes.dev" at the cluster scope',
  );
  assert.equal((await api.fetch(new Request(`http://a${pollPath('a')}`, { method: 'POST' }), {})).status, 403);
  assert.equal((await asNode(pollPath('a'), { method: 'POST', body: '{' })).status, 400);
});

test('a log goes from the client through the poll to the agent and back', async () => {
  const { client, api, poll, asNode, world } = await cluster();
  await client.create<KubeObject>(nodes, { metadata: { name: 'a' }, spec: {} });
  await client.create(pods, pod);
  const { revision } = await answerOf(await poll({ waitSeconds: 0 }));
  const polling = poll({ waitSeconds: 30, since: revision });
  await world.settle();
  const log = api.fetch(new Request('http://a/api/v1/namespaces/default/pods/web/log?tailLines=2'), { user: admin });
  const { relays } = await answerOf(await polling);
  assert.deepEqual(
    relays.map((relay) => ('target' in relay || !('query' in relay) ? [] : [relay.subresource, relay.query])),
    [['log', 'tailLines=2&container=c']],
  );
  const uploading = asNode(relayPath(relays[0]!.id), { method: 'POST', body: 'one\ntwo\n' });
  assert.equal(await (await log).text(), 'one\ntwo\n');
  assert.equal((await uploading).status, 204);
});

test('who I am and what I may is answered through the chain', async () => {
  const { asNode, api, tokens } = await cluster();
  const me = await asNode('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    method: 'POST',
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
  });
  assert.equal(me.status, 403, 'the roles that every cluster starts with are not in this one');
  const asAdmin = (path: string, body: object): Promise<Response> =>
    api.fetch(
      new Request(`http://a${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      { user: admin },
    );
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: ['vault'] } };
  const made = await asAdmin('/api/v1/namespaces/default/serviceaccounts/default/token', request);
  assert.equal(made.status, 201, await made.clone().text());
  const { status } = (await made.json()) as { status: { token: string } };
  assert.equal((await tokens.verify(status.token, ['vault']))?.subject, 'system:serviceaccount:default:default');
  const jwks = await api.fetch(new Request('http://a/openid/v1/jwks'), { user: admin });
  assert.deepEqual([jwks.status, jwks.headers.get('content-type')], [200, 'application/jwk-set+json']);
  const configuration = await api.fetch(new Request('http://api.example/.well-known/openid-configuration'), { user: admin });
  const { jwks_uri: jwksUri } = (await configuration.json()) as { jwks_uri: string };
  assert.equal(jwksUri, 'https://api.example/clusters/blue/openid/v1/jwks');
});
