import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userNameOf } from '../kube/controller-role.ts';
import { quotaRules } from '../resources/core/resourcequota/quota-rules.ts';
import { createControllers } from './all.ts';
import { absentControllerRoles, controllerRoles } from './roles.ts';

const users = createControllers({
  resourceTypes: () => [],
  quotaRules,
  certificateAuthorityPem: '-----BEGIN CERTIFICATE-----',
  certificateSigner: async () => '',
  podSecretNames: () => new Set(),
  secretToken: async () => '',
  typeWarnings: async () => [],
}).map(({ actsAs }) => actsAs);

/** It has a role of upstream's that names no single controller. */
const program = 'system:kube-controller-manager';

test('every controller acts as a user that a cluster grants its role to', () => {
  const granted = new Set([program, ...controllerRoles.map(userNameOf)]);
  assert.deepEqual(
    users.filter((user) => !granted.has(user)),
    [],
  );
});

test('every role is of a controller that exists, or of one of upstream that is known to be absent', () => {
  const unused = controllerRoles.filter((role) => !users.includes(userNameOf(role)));
  assert.deepEqual(unused, absentControllerRoles);
});
