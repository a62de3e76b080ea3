import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quotaRules } from '../resources/core/resourcequota/quota-rules.ts';
import { createControllers } from './all.ts';
import { controllerWatches } from './watches.ts';

const controllers = createControllers({
  resourceTypes: () => [],
  quotaRules,
  certificateAuthorityPem: '',
  certificateSigner: async () => '',
  podSecretNames: () => new Set(),
  secretToken: async () => '',
  typeWarnings: async () => [],
});

/** Their watches are made anew of what they are given. */
const madeOfOptions = new Set(['garbage-collector', 'pod-garbage-collector', 'resource-quota']);

test('what wakes a controller is rung for', () => {
  const known = new Set(controllerWatches({ ...quotaRules, resourceTypes: () => [] }));
  const missed = controllers.filter(({ name, watches }) => !madeOfOptions.has(name) && watches.some((watch) => !known.has(watch)));
  assert.deepEqual(
    missed.map(({ name }) => name),
    [],
  );
});

test('what wakes a controller that is given options is rung for, by its type', () => {
  const types = new Set(controllerWatches({ ...quotaRules, resourceTypes: () => [] }).map(({ type }) => type));
  const own = controllers.filter(({ name }) => madeOfOptions.has(name));
  assert.deepEqual(own.map(({ name }) => name).toSorted(), [...madeOfOptions].toSorted());
  assert.ok(own.every(({ watches }) => watches.every(({ type }) => types.has(type))));
});
