import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSettled, createCluster } from '../../../test/support/cluster.ts';
import type { ClusterRole, PolicyRule } from '../../kube/generated/types.ts';
import { clusterRoles } from '../../kube/resource-type.ts';
import { userRoles } from '../../resources/bootstrap/user-roles.ts';
import { aggregatedRules } from './controller.ts';

const rule = (resource: string): PolicyRule => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
const part = (name: string, ...rules: PolicyRule[]): ClusterRole => ({ metadata: { name, labels: { part: 'true' } }, rules });

test('a role with an aggregation rule has the rules of the roles that it selects, each once', async () => {
  const cluster = await createCluster();
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { part: 'true' } }] };
  await cluster.client.create(clusterRoles, { metadata: { name: 'sum' }, aggregationRule, rules: [rule('written')] });
  await cluster.client.create(clusterRoles, part('b', rule('pods'), rule('nodes')));
  await cluster.client.create(clusterRoles, part('a', rule('nodes')));
  await cluster.settle();
  const rulesOf = async (): Promise<unknown> => (await cluster.client.get(clusterRoles, { namespace: '', name: 'sum' })).rules;
  assert.deepEqual(await rulesOf(), [rule('nodes'), rule('pods')]);
  await assertSettled(cluster);
  await cluster.client.delete(clusterRoles, { namespace: '', name: 'b' });
  await cluster.settle();
  assert.deepEqual(await rulesOf(), [rule('nodes')]);
});

test('the roles for people are what their parts add up to', () => {
  const inOrder = userRoles.toSorted((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  for (const role of userRoles.filter(({ aggregationRule }) => aggregationRule !== undefined)) {
    assert.deepEqual(aggregatedRules(role, inOrder), role.rules, role.metadata.name);
  }
});
