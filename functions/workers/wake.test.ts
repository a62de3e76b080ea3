import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigMap } from '../kube/generated/types.ts';
import { configMaps, secrets } from '../kube/resource-type.ts';
import type { Change } from '../store/store.ts';
import type { Cache, Controller, Watch } from './controller.ts';
import { settled, watch } from './controller.ts';
import { wakeOf } from './wake.ts';

const cache: Cache = {
  revision: 1,
  get: () => undefined,
  list: () => [],
  controlledBy: () => [],
  by: () => [],
  since: () => ({ moment: {}, differences: [] }),
  unreadable: () => [],
};

const controller = (name: string, ...watches: Watch[]): Controller => ({
  name,
  actsAs: 'tester',
  watches,
  all: () => [],
  reconcile: async () => settled,
});

const change = (resource: string): Change => ({
  type: 'modified',
  revision: 1,
  key: { resource, namespace: 'default', name: 'web' },
  object: { metadata: { namespace: 'default', name: 'web' } },
});

const itself: Watch['requests'] = ({ key }) => [{ namespace: key.namespace, name: key.name }];

const woken = (controllers: readonly Controller[], resource: string): string[] =>
  wakeOf(controllers)(change(resource), cache).map(({ controller: { name }, request }) => `${name} ${request.namespace}/${request.name}`);

const all = [
  controller('maps', watch<ConfigMap>(configMaps, itself)),
  controller(
    'both',
    watch<ConfigMap>(configMaps, itself),
    watch(secrets, () => [{ namespace: '', name: 'all' }]),
  ),
  controller('garbage', { type: 'everything', requests: itself }),
];

test('a change wakes the controllers that watch its resource, and those that watch everything', () => {
  assert.deepEqual(woken(all, 'configmaps'), ['maps default/web', 'both default/web', 'garbage default/web']);
  assert.deepEqual(woken(all, 'secrets'), ['both /all', 'garbage default/web']);
  assert.deepEqual(woken(all, 'widgets.example.com'), ['garbage default/web']);
});

test("a worker's own cursor wakes no worker", () => {
  assert.deepEqual(woken(all, 'checkpoints.hibernetes.dev'), []);
});
