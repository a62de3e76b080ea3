import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDefinitions } from '../all.ts';
import type { ValidatingAdmissionPolicy } from '../../kube/generated/types.ts';
import { typeWarnings } from './type-checking.ts';

const kinds = createDefinitions().map(({ type, schema }) => ({ type, node: schema.node }));

const policy = (expression: string, more: object = {}): ValidatingAdmissionPolicy => ({
  metadata: { name: 'p' },
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*'], resources: ['deployments', 'replicasets'] }],
    },
    validations: [{ expression }],
    ...more,
  },
});

test('expressions that fit the kinds of a policy earn no warning', async () => {
  assert.deepEqual(await typeWarnings(policy('object.spec.replicas > 1 && object.metadata.name != ""'), kinds), []);
  const variables = [{ name: 'ports', expression: 'object.spec.template.spec.containers.map(c, c.ports)' }];
  assert.deepEqual(await typeWarnings(policy('variables.ports.size() > 1', { variables }), kinds), []);
});

test('a field that a kind does not have earns a warning for that kind', async () => {
  const [warning, ...others] = await typeWarnings(policy('object.spec.paused && object.spec.nope'), kinds);
  assert.deepEqual(others, []);
  assert.equal(warning?.fieldRef, 'spec.validations[0].expression');
  assert.equal(
    warning?.warning,
    [
      "apps/v1, Kind=Deployment: ERROR: <input>:1:34: undefined field 'nope'\n | object.spec.paused && object.spec.nope\n | .................................^\n",
      "apps/v1, Kind=ReplicaSet: ERROR: <input>:1:12: undefined field 'paused'\n | object.spec.paused && object.spec.nope\n | ...........^\nERROR: <input>:1:34: undefined field 'nope'\n | object.spec.paused && object.spec.nope\n | .................................^\n",
    ].join('\n'),
  );
});
