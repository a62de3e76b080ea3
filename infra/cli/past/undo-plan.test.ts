import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlacedObject } from './object-changes.ts';
import { undoPlan, withOwners } from './undo-plan.ts';

const placed = (
  resource: string,
  name: string,
  more: { readonly metadata?: object; readonly [field: string]: unknown } = {},
): PlacedObject => ({
  resource,
  object: { ...more, metadata: { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: '7', ...more.metadata } },
});
const owned = (uid: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind: 'X', name: 'x', uid, controller: true }] });
const summary = (past: readonly PlacedObject[], present: readonly PlacedObject[]) =>
  undoPlan(past, present).map(({ type, resource, object }) => `${type} ${resource} ${object.metadata.name ?? ''}`);

test('what is gone is made again in an order that works, and what is new is deleted last', () => {
  const past = [placed('pods', 'bare'), placed('deployments.apps', 'web'), placed('configmaps', 'c'), placed('namespaces', 'a')];
  assert.deepEqual(summary(past, [placed('services', 'new')]), [
    'create namespaces a',
    'create configmaps c',
    'create deployments.apps web',
    'create pods bare',
    'delete services new',
  ]);
});

test('what controllers make comes back by itself, but histories of rollouts are kept', () => {
  const past = [
    placed('pods', 'p', { metadata: owned('rs') }),
    placed('replicasets.apps', 'rs', { metadata: owned('web') }),
    placed('events', 'e'),
    placed('endpointslices.discovery.k8s.io', 's'),
  ];
  assert.deepEqual(summary(past, []), ['create replicasets.apps rs']);
});

test('a former state keeps the revision of now, so that a change between is a conflict', () => {
  const past = [placed('configmaps', 'c', { data: { k: '1' }, metadata: { resourceVersion: '3' } })];
  const present = [placed('configmaps', 'c', { data: { k: '2' }, metadata: { resourceVersion: '9', uid: 'u2' } })];
  const [step] = undoPlan(past, present);
  assert.deepEqual([step?.type, step?.object.metadata.resourceVersion, step?.object.metadata.uid], ['update', '9', 'u2']);
});

test('nothing is written where only the status differs, or the object was being deleted', () => {
  assert.deepEqual(
    summary([placed('pods', 'p', { status: { phase: 'Running' } })], [placed('pods', 'p', { status: { phase: 'Failed' } })]),
    [],
  );
  assert.deepEqual(summary([placed('pods', 'p', { metadata: { deletionTimestamp: '2100-01-01T00:00:00Z' } })], []), []);
});

test('a pod that is made again is scheduled again, and nothing keeps its former identity', () => {
  const [step] = undoPlan([placed('pods', 'p', { spec: { nodeName: 'gone', containers: [] }, status: {} })], []);
  assert.deepEqual(step?.object, { metadata: { name: 'p', namespace: 'a' }, spec: { containers: [] } });
});

test('dependants get the uid that their owner has now', () => {
  const { object } = placed('replicasets.apps', 'rs', { metadata: owned('old') });
  assert.equal(withOwners(object, new Map([['old', 'new']])).metadata.ownerReferences?.[0]?.uid, 'new');
});
