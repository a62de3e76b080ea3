/** What is revoked in one process is revoked in every other, from the next request on: also in one that slept meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../functions/api.ts';
import { newSigningKeyPem, signingKeyOf } from '../../functions/apiserver/auth/keys.ts';
import { createTokens } from '../../functions/apiserver/auth/tokens.ts';
import { bootstrap } from '../../functions/cloud/bootstrap.ts';
import { openClusterStore } from '../../functions/cluster-store.ts';
import type { Client } from '../../functions/client/client.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  namespaces,
  nodes,
  pods,
  roleBindings,
  secrets,
  serviceAccounts,
} from '../../functions/kube/resource-type.ts';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { everyCase } from '../support/every-case.ts';
import { administrator } from '../support/rbac-cluster.ts';
import { virtualWorld } from '../support/virtual-world.ts';

const group = 'rbac.authorization.k8s.io';
const inTeam = { namespace: 'team', name: 'robot' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Two processes on one table; the second one learns of nothing but by asking the table. */
async function twoProcesses() {
  const world = virtualWorld();
  const table = memoryTable({ clock: world.clock });
  const keys = [signingKeyOf(await newSigningKeyPem())] as const;
  const open = async () => {
    const { store, definitions, registry } = await openClusterStore({ table, world });
    const tokens = createTokens({ keys, ...world });
    return { store, definitions, tokens, api: createApi({ store, registry, tokens, world }) };
  };
  const first = await open();
  await bootstrap(first.api, first.definitions, {
    apiserverAddress: '192.0.2.1',
    apiserverPort: 443,
    serviceCidr: defaultNetworks.serviceCidr,
  });
  const client = first.api.clientFor(administrator);
  await client.create(namespaces, { metadata: { name: 'team' }, spec: {} });
  const account = await client.create(serviceAccounts, { metadata: inTeam });
  const node = await client.create(nodes, { metadata: { name: 'n' }, spec: {} });
  const pod = await client.create(pods, {
    metadata: inTeam,
    spec: { nodeName: 'n', serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] },
  });
  const secret = await client.create(secrets, { metadata: inTeam, stringData: { a: 'b' } });
  await client.create(configMaps, { metadata: { namespace: 'team', name: 'kept' }, data: { a: '0' } });
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
  const subjects = [{ kind: 'ServiceAccount', ...inTeam }];
  await client.create(clusterRoles, { metadata: { name: 'robots' }, rules });
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'robots' };
  await client.create(roleBindings, { metadata: inTeam, roleRef, subjects });
  const bound = (object: { metadata: { uid?: string } }) => ({ name: 'robot', uid: object.metadata.uid ?? '' });
  const { token } = await first.tokens.issueServiceAccountToken(
    { namespace: 'team', serviceaccount: bound(account), pod: bound(pod), secret: bound(secret) },
    { expirationSeconds: 3600 },
  );
  const ofNode = await first.tokens.issueNodeToken('n', { expirationSeconds: 3600, nodeUid: node.metadata.uid ?? '' });
  const second = await open();
  const send = async (method: string, path: string, body?: object, as = token): Promise<number> => {
    const headers = {
      authorization: `Bearer ${as}`,
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    };
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await second.api.fetch(new Request(`https://a${path}`, { method, headers, ...init }), {});
    await response.body?.cancel();
    return response.status;
  };
  return { client, send, nodeToken: ofNode.token };
}

const path = '/api/v1/namespaces/team/configmaps';
const kept = { metadata: { name: 'kept' }, data: { a: 'b' } };
const requests: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', `${path}/kept`],
  ['GET', path],
  ['GET', `${path}?watch=1`],
  ['POST', path, { metadata: { generateName: 'x-' } }],
  ['PUT', `${path}/kept`, kept],
  ['PATCH', `${path}/kept`, { data: { a: 'c' } }],
  ['DELETE', `${path}/kept`],
  ['DELETE', path],
];

const revocations: Readonly<Record<string, readonly [code: number, revoke: (client: Client) => Promise<unknown>]>> = {
  'its binding': [403, (client) => client.delete(roleBindings, inTeam)],
  'the rules of its role': [403, (client) => client.patch(clusterRoles, { namespace: '', name: 'robots' }, { rules: [] })],
  'its role': [403, (client) => client.delete(clusterRoles, { namespace: '', name: 'robots' })],
  'its account': [401, (client) => client.delete(serviceAccounts, inTeam)],
  'its pod': [401, (client) => client.delete(pods, inTeam, { gracePeriodSeconds: 0 })],
  'its secret': [401, (client) => client.delete(secrets, inTeam)],
};

for (const [what, [code, revoke]] of Object.entries(revocations)) {
  test(`a token ends with ${what}, for every verb`, async () => {
    await everyCase(
      requests,
      ([method, target]) => `${method} ${target}`,
      async ([method, target, body]) => {
        const { client, send } = await twoProcesses();
        assert.equal(await send('GET', `${path}/kept`), 200);
        await revoke(client);
        assert.equal(await send(method, target, body), code);
        const left = await client.list(configMaps, { namespace: 'team' });
        assert.deepEqual(
          left.items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt').map(({ metadata, data }) => [metadata.name, data]),
          [['kept', { a: '0' }]],
        );
      },
    );
  });
}

test('a node that was deleted hears nothing more by a poll', async () => {
  const { client, send, nodeToken } = await twoProcesses();
  const poll = (): Promise<number> => send('POST', '/apis/agent.hibernetes.dev/v1/nodes/n/poll', { waitSeconds: 0 }, nodeToken);
  assert.equal(await poll(), 200);
  await client.delete(nodes, { namespace: '', name: 'n' });
  assert.equal(await poll(), 401);
});

test('a bootstrap token that was deleted makes no node', async () => {
  const { client, send } = await twoProcesses();
  const data = {
    'token-id': base64('abcdef'),
    'token-secret': base64('0123456789abcdef'),
    'usage-bootstrap-authentication': base64('true'),
  };
  const at = { name: 'bootstrap-token-abcdef', namespace: 'kube-system' };
  await client.create(secrets, { metadata: at, type: 'bootstrap.kubernetes.io/token', data });
  const join = (name: string): Promise<number> =>
    send('POST', `/apis/agent.hibernetes.dev/v1/nodes/${name}/token`, {}, 'abcdef.0123456789abcdef');
  assert.equal(await join('one'), 201);
  await client.delete(secrets, at);
  assert.equal(await join('two'), 401);
  assert.deepEqual(
    (await client.list(nodes)).items.map(({ metadata }) => metadata.name),
    ['n', 'one'],
  );
});

test('an administrator of the whole cluster is one no more once the binding is gone', async () => {
  const { client, send } = await twoProcesses();
  const subjects = [{ kind: 'ServiceAccount', ...inTeam }];
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' };
  await client.create(clusterRoleBindings, { metadata: { name: 'robot' }, roleRef, subjects });
  assert.equal(await send('GET', '/api/v1/nodes'), 200);
  await client.delete(clusterRoleBindings, { namespace: '', name: 'robot' });
  assert.equal(await send('GET', '/api/v1/nodes'), 403);
});
