import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind } from '../../api/kinds.ts';
import type { AnyObject } from '../../api/change.ts';
import { type Action, actionsOf } from './actions.ts';

const kind = (id: string, subresources: readonly string[] = []): Kind => ({
  id,
  group: '',
  version: 'v1',
  resource: id,
  kind: id,
  singular: id,
  shortNames: [],
  isNamespaced: true,
  verbs: ['delete'],
  subresources,
});
const object = (spec: AnyObject['spec']): AnyObject => ({ apiVersion: 'v1', kind: 'x', metadata: { name: 'web' }, spec });
const ids = (actions: readonly Action[]): string[] => actions.map(({ id }) => id);
const now = '2026-01-01T00:00:00Z';

test('what can be done follows from the kind and from what is so already', () => {
  const cases: readonly (readonly [kind: Kind, spec: AnyObject['spec'], ids: readonly string[]])[] = [
    [kind('deployments.apps', ['scale']), {}, ['scale', 'restart', 'pause', 'undo', 'delete']],
    [kind('deployments.apps', ['scale']), { paused: true }, ['scale', 'restart', 'resume', 'undo', 'delete']],
    [kind('daemonsets.apps'), {}, ['restart', 'delete']],
    [kind('nodes'), {}, ['cordon', 'drain', 'delete']],
    [kind('nodes'), { unschedulable: true }, ['uncordon', 'drain', 'delete']],
    [kind('cronjobs.batch'), { suspend: true }, ['unsuspend', 'delete']],
    [kind('ovens.example.com', ['scale', 'status']), {}, ['scale', 'delete']],
  ];
  for (const [of, spec, expected] of cases) assert.deepEqual(ids(actionsOf(of, object(spec), now)), expected, of.id);
});

test('a change touches one field', () => {
  const changeOf = (of: Kind, spec: AnyObject['spec'], id: string, number = 0): unknown => {
    const does = actionsOf(of, object(spec), now).find((action) => action.id === id)?.does;
    return typeof does === 'function' ? does(number) : does;
  };
  const patch = { method: 'PATCH', contentType: 'application/merge-patch+json', subresource: '' };
  const deployment = kind('deployments.apps', ['scale']);
  assert.deepEqual(changeOf(deployment, { replicas: 2 }, 'scale', 5), { ...patch, subresource: '/scale', body: { spec: { replicas: 5 } } });
  assert.deepEqual(changeOf(deployment, { paused: true }, 'resume'), { ...patch, body: { spec: { paused: false } } });
  assert.deepEqual(changeOf(kind('nodes'), {}, 'cordon'), { ...patch, body: { spec: { unschedulable: true } } });
  assert.deepEqual(changeOf(deployment, {}, 'restart'), {
    ...patch,
    body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': now } } } } },
  });
  assert.equal(changeOf(deployment, {}, 'undo'), 'undo');
});
