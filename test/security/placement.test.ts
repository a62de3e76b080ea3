/** What is authorized is what is executed: no spelling of a path leads out of the namespace that RBAC was asked about. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { User } from '../../functions/apiserver/ports.ts';
import { clusterRoleBindings, namespaces, nodes, roleBindings, secrets } from '../../functions/kube/resource-type.ts';
import { everyCase } from '../support/every-case.ts';
import { type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';
import { servedResources, type Served } from './served-resources.ts';

const own = 'team-a';
const owner: User = { name: 'ann', groups: ['system:authenticated'] };

let cluster: RbacCluster;
let served: readonly Served[];

before(async () => {
  cluster = await rbacCluster();
  const { client } = cluster;
  for (const name of [own, 'team-b']) await client.create(namespaces, { metadata: { name }, spec: {} });
  await client.create(secrets, { metadata: { name: 's', namespace: 'team-b' }, stringData: { a: 'hidden' } });
  await client.create(nodes, { metadata: { name: own }, spec: {} });
  await client.create(roleBindings, {
    metadata: { name: 'owner', namespace: own },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: owner.name }],
  });
  served = await servedResources(cluster);
});

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const jsonPatch = { 'content-type': 'application/merge-patch+json' };

/** The paths of a cluster-scoped resource with the caller's namespace put in: plain, doubled, encoded. */
function misplacedPaths({ root, name }: Served): string[] {
  const [resource = '', ...subresource] = name.split('/');
  const below = subresource.length === 0 ? ['', `/${own}`] : [`/${own}/${subresource.join('/')}`];
  const prefixes = [
    `namespaces/${own}`,
    `namespaces/${own}/namespaces/${own}`,
    `namespaces%2F${own}`,
    `namespaces//${own}`,
    `namespaces/./${own}`,
  ];
  return prefixes.flatMap((prefix) => below.map((rest) => `${root}/${prefix}/${resource}${rest}`));
}

test('a namespace in front of a cluster-scoped resource leads nowhere', async () => {
  const clusterScoped = served.filter(
    ({ namespaced, name }) => !namespaced && name !== 'namespaces/status' && name !== 'namespaces/finalize',
  );
  assert.ok(clusterScoped.length >= 10);
  const asked = clusterScoped.flatMap(misplacedPaths).flatMap((path) => methods.map((method) => ({ method, path })));
  await everyCase(
    asked,
    ({ method, path }) => `${method} ${path}`,
    async ({ method, path }) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : { metadata: { name: own }, spec: {}, rules: [] };
      const { status } = await cluster.as(owner).send(method, path, body, method === 'PATCH' ? jsonPatch : {});
      assert.ok([403, 404, 405].includes(status), String(status));
    },
  );
});

test('the endpoints of agents are not reached through a namespace', async () => {
  for (const rest of [`nodes/${own}/poll`, `nodes/${own}/token`, 'relays/x', 'relays/x/chunks']) {
    const { status } = await cluster.as(owner).send('POST', `/apis/agent.hibernetes.dev/v1/namespaces/${own}/${rest}`, {});
    assert.equal(status, 404, rest);
  }
});

test('another namespace is not reached by a path that begins with the own one', async () => {
  const escapes = ['../team-b', '%2e%2e/team-b', '..%2fteam-b', '%2E%2E%2Fteam-b'];
  for (const escape of escapes) {
    const { status, text } = await cluster.as(owner).send('GET', `/api/v1/namespaces/${own}/${escape}/secrets/s`);
    assert.ok(status === 403 || status === 404, `${escape}: ${status}`);
    assert.doesNotMatch(text, /aGlkZGVu/);
  }
});

test('the owner of a namespace makes no ClusterRoleBinding', async () => {
  const before = (await cluster.client.list(clusterRoleBindings)).items.length;
  const binding = {
    metadata: { name: own },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: owner.name }],
  };
  await cluster.as(owner).send('PUT', `/apis/rbac.authorization.k8s.io/v1/namespaces/${own}/clusterrolebindings/${own}`, binding);
  await cluster.as(owner).send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', binding);
  assert.equal((await cluster.client.list(clusterRoleBindings)).items.length, before);
});
