import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCluster } from '../../../test/support/cluster.ts';
import { validatingAdmissionPolicies } from '../../kube/resource-type.ts';
import { createPolicyStatusController } from './controller.ts';

const warning = { fieldRef: 'spec.validations[0].expression', warning: 'apps/v1, Kind=Deployment: a field is missing' };

test('a policy reports what does not fit in it, once for each generation', async () => {
  let asked = 0;
  const controller = createPolicyStatusController(async () => {
    asked += 1;
    return [warning];
  });
  const cluster = await createCluster({ controllers: [controller] });
  const resourceRules = [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['deployments'] }];
  await cluster.client.create(validatingAdmissionPolicies, {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'object.nope == 1' }] },
  });
  await cluster.settle();
  const { status } = await cluster.client.get(validatingAdmissionPolicies, { name: 'p', namespace: '' });
  assert.deepEqual(status, { observedGeneration: 1, typeChecking: { expressionWarnings: [warning] } });
  await cluster.settle();
  assert.equal(asked, 1);
});
