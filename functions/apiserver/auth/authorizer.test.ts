import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, Pod, RoleBinding } from '../../kube/generated/types.ts';
import {
  clusterRoleBindings,
  clusterRoles,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  roleBindings,
  roles,
} from '../../kube/resource-type.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { memoryCluster } from '../nodes/memory-cluster.ts';
import { createPodsOfNode } from '../nodes/pods-of-node.ts';
import type { RequestAttributes, User } from '../ports.ts';
import { createAuthorizer } from './authorizer.ts';
import { forbiddenRequest } from './forbidden-request.ts';
import { anonymous } from './groups.ts';

const jane: User = { name: 'jane', groups: ['system:authenticated'] };
const root: User = { name: 'root', groups: ['system:masters'] };
const nodeA: User = { name: 'system:node:a', groups: ['system:nodes', 'system:authenticated'] };

const ask = (verb: string, resource: string, parts: Partial<RequestAttributes> = {}): RequestAttributes => {
  const [name = '', subresource = ''] = resource.split('/');
  return {
    verb,
    isResource: true,
    path: '',
    group: '',
    version: 'v1',
    namespace: 'default',
    name: '',
    ...parts,
    resource: name,
    subresource,
  };
};

const path = (of: string): RequestAttributes => ({ ...ask('get', ''), isResource: false, namespace: '', path: of });

const reader: ClusterRole = { metadata: { name: 'reader' }, rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }] };
const janeReads = (kind: string, name: string): RoleBinding => ({
  metadata: { name: 'jane-reads', namespace: 'default' },
  subjects: [{ kind: 'User', name: 'jane' }],
  roleRef: { kind, name },
});

async function authorizer() {
  const cluster = await memoryCluster(virtualWorld());
  const { store } = cluster;
  return { ...cluster, ...createAuthorizer({ store, podsOfNode: createPodsOfNode(store) }) };
}

async function refusal(
  of: { authorize: Awaited<ReturnType<typeof authorizer>>['authorize'] },
  user: User,
  info: RequestAttributes,
): Promise<string> {
  const { allowed, reason } = await of.authorize(user, info);
  return allowed ? 'allowed' : forbiddenRequest(user, info, reason).message;
}

test('a caller without a role reads who may not do what', async () => {
  const cluster = await authorizer();
  const cases: readonly (readonly [RequestAttributes, string])[] = [
    [ask('list', 'pods'), 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'],
    [
      ask('get', 'pods/log', { name: 'web' }),
      'pods "web" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"',
    ],
    [
      ask('list', 'deployments', { group: 'apps', namespace: '' }),
      'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [path('/metrics'), 'forbidden: User "jane" cannot get path "/metrics"'],
  ];
  for (const [info, message] of cases) assert.equal(await refusal(cluster, jane, info), message);
});

test('system:masters may do everything, and a user without groups nothing', async () => {
  const { authorize } = await authorizer();
  assert.equal((await authorize(root, ask('delete', 'nodes'))).allowed, true);
  assert.equal((await authorize(root, path('/metrics'))).allowed, true);
  assert.equal((await authorize(anonymous, path('/metrics'))).allowed, false);
  assert.equal((await authorize(anonymous, ask('list', 'pods'))).allowed, false);
});

test('a role binding grants in its namespace, from the moment it is there until it goes', async () => {
  const cluster = await authorizer();
  await cluster.put(clusterRoles, reader);
  assert.equal((await cluster.authorize(jane, ask('list', 'pods'))).allowed, false);
  await cluster.put(roleBindings, janeReads('ClusterRole', 'reader'));
  assert.deepEqual(await cluster.authorize(jane, ask('list', 'pods')), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "jane-reads/default" of ClusterRole "reader" to User "jane"',
  });
  assert.equal((await cluster.authorize(jane, ask('list', 'pods', { namespace: 'other' }))).allowed, false);
  assert.equal((await cluster.authorize(jane, ask('list', 'pods', { namespace: '' }))).allowed, false);
  await cluster.remove(roleBindings, { namespace: 'default', name: 'jane-reads' });
  assert.equal((await cluster.authorize(jane, ask('list', 'pods'))).allowed, false);
});

test('a cluster role binding grants everywhere', async () => {
  const cluster = await authorizer();
  await cluster.put(clusterRoles, reader);
  const metadata = { name: 'all' };
  await cluster.put(clusterRoleBindings, { ...janeReads('ClusterRole', 'reader'), metadata });
  for (const namespace of ['', 'default', 'other']) {
    assert.equal((await cluster.authorize(jane, ask('list', 'pods', { namespace }))).allowed, true);
  }
  assert.deepEqual(cluster.rulesOf(jane, 'default'), { rules: reader.rules, errors: [] });
});

test('a binding to a missing role is named as the reason', async () => {
  const cluster = await authorizer();
  await cluster.put(roleBindings, janeReads('Role', 'gone'));
  assert.equal(
    await refusal(cluster, jane, ask('list', 'pods')),
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default": ' +
      'rbac: RBAC: role.rbac.authorization.k8s.io "gone" not found',
  );
  await cluster.put(roles, { metadata: { name: 'gone', namespace: 'default' }, rules: reader.rules });
  assert.equal(await refusal(cluster, jane, ask('list', 'pods')), 'allowed');
});

const pod = (name: string, nodeName: string): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName,
    serviceAccountName: 'default',
    containers: [
      {
        name: 'c',
        env: [{ name: 'A', valueFrom: { secretKeyRef: { name: `${name}-secret`, key: 'k' } } }],
        envFrom: [{ configMapRef: { name: `${name}-config` } }],
      },
    ],
    volumes: [
      { name: 'v', projected: { sources: [{ secret: { name: `${name}-projected` } }] } },
      { name: 'e', ephemeral: { volumeClaimTemplate: { metadata: {}, spec: {} } } },
    ],
  },
});

test('a node may what its pods need, and no more', async () => {
  const cluster = await authorizer();
  await cluster.put(pods, pod('mine', 'a'));
  await cluster.put(pods, pod('theirs', 'b'));
  const mirror = pod('mirrored', 'a');
  await cluster.put(pods, { ...mirror, metadata: { ...mirror.metadata, annotations: { 'kubernetes.io/config.mirror': 'x' } } });
  const storage = { namespace: 'default', name: 'mine-e' };
  await cluster.put(persistentVolumeClaims, { metadata: storage, spec: { volumeName: 'bound' } });
  const at = (name: string) => ({ namespace: 'storage', name });
  const csi = { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: at('mount'), controllerPublishSecretRef: at('attach') };
  await cluster.put(persistentVolumes, { metadata: { name: 'bound' }, spec: { csi, claimRef: storage } });
  await cluster.put(persistentVolumes, { metadata: { name: 'foreign' }, spec: { csi, claimRef: { ...storage, name: 'other' } } });
  const agent = { group: 'agent.hibernetes.dev', namespace: '' };
  const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };
  const ofNode = (nodeName: string) => ({ selectedFields: [{ field: 'spec.nodeName', value: nodeName }] });
  // NodeRestriction checks the body of a write.
  const table: readonly (readonly [RequestAttributes, boolean])[] = [
    [ask('create', 'nodes', { namespace: '' }), true],
    [ask('update', 'nodes/status', { namespace: '', name: 'a' }), true],
    [ask('get', 'nodes', { namespace: '', name: 'a' }), true],
    [ask('get', 'nodes', { namespace: '', name: 'b' }), false],
    [ask('list', 'nodes', { namespace: '' }), false],
    [ask('delete', 'nodes', { namespace: '', name: 'a' }), false],
    [ask('delete', 'nodes', { namespace: '', name: 'b' }), false],
    [ask('deletecollection', 'nodes', { namespace: '' }), false],
    [ask('list', 'services', { namespace: '' }), true],
    [ask('get', 'pods', { name: 'mine' }), true],
    [ask('get', 'pods', { name: 'theirs' }), false],
    [ask('get', 'pods', { name: 'absent' }), false],
    [ask('get', 'pods/log', { name: 'mine' }), false],
    [ask('create', 'pods/exec', { name: 'mine' }), false],
    [ask('update', 'pods', { name: 'mine' }), false],
    [ask('list', 'pods', { namespace: '' }), false],
    [ask('list', 'pods', { namespace: '', ...ofNode('a') }), true],
    [ask('watch', 'pods', { namespace: '', ...ofNode('a') }), true],
    [ask('list', 'pods', { namespace: '', ...ofNode('b') }), false],
    [ask('watch', 'pods', { name: 'mine' }), true],
    [ask('watch', 'pods', { name: 'theirs' }), false],
    [ask('update', 'pods/status', { name: 'mine' }), true],
    [ask('create', 'pods/binding', { name: 'mine' }), false],
    [ask('get', 'secrets', { name: 'mine-secret' }), true],
    [ask('get', 'secrets', { name: 'mine-projected' }), true],
    [ask('get', 'configmaps', { name: 'mine-config' }), true],
    [ask('get', 'secrets', { name: 'mine-secret', namespace: 'other' }), false],
    [ask('get', 'secrets', { name: 'theirs-secret' }), false],
    [ask('get', 'secrets', { name: 'mirrored-secret' }), false],
    [ask('update', 'secrets', { name: 'mine-secret' }), false],
    [ask('list', 'secrets'), false],
    [ask('get', 'persistentvolumeclaims', { name: 'mine-v' }), false],
    [ask('get', 'persistentvolumeclaims', { name: 'mine-e' }), true],
    [ask('get', 'persistentvolumes', { name: 'bound', namespace: '' }), true],
    [ask('get', 'persistentvolumes', { name: 'foreign', namespace: '' }), false],
    [ask('get', 'secrets', { name: 'mount', namespace: 'storage' }), true],
    [ask('get', 'secrets', { name: 'attach', namespace: 'storage' }), false],
    [ask('update', 'leases', { ...lease, name: 'a' }), true],
    [ask('update', 'leases', { ...lease, name: 'b' }), false],
    [ask('list', 'leases', lease), false],
    [ask('update', 'leases', { ...lease, name: 'a', namespace: 'kube-system' }), false],
    [ask('create', 'nodes/poll', { ...agent, name: 'a' }), true],
    [ask('create', 'nodes/poll', { ...agent, name: 'b' }), false],
    [ask('create', 'nodes/token', { ...agent, name: 'b' }), false],
    [ask('create', 'relays', { ...agent, name: 'id' }), true],
    [ask('create', 'serviceaccounts/token', { name: 'default' }), true],
    [ask('create', 'serviceaccounts/token', { name: 'other' }), false],
    [ask('list', 'endpointslices', { group: 'discovery.k8s.io', namespace: '' }), false],
    [ask('create', 'deployments', { group: 'apps' }), false],
  ];
  for (const [info, expected] of table) {
    assert.equal(
      (await cluster.authorize(nodeA, info)).allowed,
      expected,
      `${info.verb} ${info.resource}/${info.subresource} ${info.name}`,
    );
  }
  assert.equal(
    await refusal(cluster, nodeA, ask('get', 'secrets', { name: 'theirs-secret' })),
    'secrets "theirs-secret" is forbidden: User "system:node:a" cannot get resource "secrets" in API group "" ' +
      'in the namespace "default": node: no relationship found between node \'a\' and this object',
  );
  await cluster.remove(pods, { namespace: 'default', name: 'mine' });
  assert.equal((await cluster.authorize(nodeA, ask('get', 'secrets', { name: 'mine-secret' }))).allowed, false);
});
