import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment } from '../../../test/support/cluster.ts';
import { annotationsOfNewSet, revisionOf, sizeAnnotations } from './revisions.ts';

const revision = 'deployment.kubernetes.io/revision';
const history = 'deployment.kubernetes.io/revision-history';

function annotated(annotations: Record<string, string>): ReturnType<typeof deployment> {
  const made = deployment();
  made.metadata.annotations = annotations;
  return made;
}

test("a new set gets its Deployment's annotations, but not those that are about the Deployment", () => {
  const owner = annotated({
    'kubernetes.io/change-cause': 'v1',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
    [revision]: '7',
  });
  assert.deepEqual(annotationsOfNewSet(owner, {}, 1n), { 'kubernetes.io/change-cause': 'v1', [revision]: '1' });
});

test('a set that is rolled back to gets the newest number and remembers its old ones', () => {
  const second = annotationsOfNewSet(deployment(), { [revision]: '1' }, 3n);
  assert.deepEqual(second, { [revision]: '3', [history]: '1' });
  assert.deepEqual(annotationsOfNewSet(deployment(), second, 5n), { [revision]: '5', [history]: '1,3' });
});

test('a set never gets a smaller number', () => {
  assert.deepEqual(annotationsOfNewSet(deployment(), { [revision]: '4' }, 2n), { [revision]: '4' });
});

test('a long history loses its oldest numbers', () => {
  const long = Array.from({ length: 700 }, (_, index) => index).join(',');
  const next = annotationsOfNewSet(deployment(), { [revision]: '700', [history]: long }, 701n)[history] ?? '';
  assert.ok(next.length <= 2000 && next.endsWith(',699,700'));
});

test('a set notes for how many pods it was scaled', () => {
  assert.deepEqual(sizeAnnotations(deployment({ replicas: 10 })), {
    'deployment.kubernetes.io/desired-replicas': '10',
    'deployment.kubernetes.io/max-replicas': '13',
  });
});

test('counts on exactly from a revision of 64 bits', () => {
  const before = { metadata: { annotations: { [revision]: '3546343826724305832' } } };
  assert.equal(revisionOf(before), 3546343826724305832n);
  assert.equal(annotationsOfNewSet(deployment(), {}, revisionOf(before) + 1n)[revision], '3546343826724305833');
});
