import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole, ClusterRoleBinding } from '../kube/generated/types.ts';
import type { KubeObject } from '../kube/object.ts';
import { clusterRoleBindings, clusterRoles, type ResourceType } from '../kube/resource-type.ts';
import { createDefinitions } from '../resources/all.ts';
import { defaultNetworks } from '../kube/cluster-networks.ts';
import { rbacCluster } from '../../test/support/rbac-cluster.ts';
import { bootstrap, isBootstrapped } from './bootstrap.ts';

const place = { apiserverAddress: '192.0.2.1', apiserverPort: 443, serviceCidr: defaultNetworks.serviceCidr };
const at = (name: string) => ({ namespace: '', name });
const signer = 'system:certificates.k8s.io:kubelet-serving-approver';
const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

type Change = (object: ClusterRole & ClusterRoleBinding) => object;

async function startedAgain(changes: Readonly<Record<'role' | 'sum' | 'binding', Change>>) {
  const cluster = await rbacCluster();
  const definitions = createDefinitions();
  const change = async (type: ResourceType, name: string, changed: Change): Promise<void> => {
    const object = structuredClone(await cluster.client.get(type, at(name))) as ClusterRole & ClusterRoleBinding;
    await cluster.client.update(type, { ...object, ...changed(object) } as KubeObject);
  };
  await change(clusterRoles, signer, changes.role);
  await change(clusterRoles, 'view', changes.sum);
  await change(clusterRoleBindings, 'system:discovery', changes.binding);
  const wasComplete = isBootstrapped(cluster.store, definitions, place);
  await bootstrap(cluster.api, definitions, place);
  assert.equal(isBootstrapped(cluster.store, definitions, place), true);
  const { revision } = cluster.store.view();
  await bootstrap(cluster.api, definitions, place);
  assert.equal(cluster.store.view().revision, revision);
  return {
    wasComplete,
    role: await cluster.client.get(clusterRoles, at(signer)),
    sum: await cluster.client.get(clusterRoles, at('view')),
    binding: await cluster.client.get(clusterRoleBindings, at('system:discovery')),
  };
}

test('a start gives default roles and bindings what they lack, and takes nothing away', async () => {
  const { wasComplete, role, binding } = await startedAgain({
    role: () => ({ rules: [pods] }),
    sum: () => ({}),
    binding: () => ({ subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }] }),
  });
  assert.equal(wasComplete, false);
  const approve = { verbs: ['approve'], apiGroups: ['certificates.k8s.io'], resources: ['signers'] };
  assert.deepEqual(role.rules, [pods, { ...approve, resourceNames: ['kubernetes.io/kubelet-serving'] }]);
  assert.deepEqual(
    binding.subjects?.map(({ name }) => name),
    ['jane', 'system:authenticated'],
  );
});

test('a start leaves alone what its owner keeps, and what a controller adds up', async () => {
  const kept = (object: KubeObject, part: object): object => ({
    ...part,
    metadata: { ...object.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
  });
  const { wasComplete, role, sum, binding } = await startedAgain({
    role: (object) => kept(object, { rules: [] }),
    sum: () => ({ rules: [pods] }),
    binding: (object) => kept(object, { subjects: [] }),
  });
  assert.equal(wasComplete, true);
  assert.deepEqual([role.rules ?? [], sum.rules, binding.subjects ?? []], [[], [pods], []]);
});
