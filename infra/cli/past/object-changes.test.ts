import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeLines, fieldChanges, objectChanges } from './object-changes.ts';

test('fields that differ are named by their path', () => {
  const cases: readonly (readonly [before: unknown, after: unknown, paths: readonly string[]])[] = [
    [{ spec: { replicas: 1 } }, { spec: { replicas: 2 } }, ['spec.replicas']],
    [{ spec: { a: [1, { b: 2 }] } }, { spec: { a: [1, { b: 3 }, 4] } }, ['spec.a[1].b', 'spec.a[2]']],
    [{ metadata: { annotations: { 'a/b': '1' } } }, { metadata: { annotations: {} } }, ['metadata.annotations["a/b"]']],
    [{ data: null }, { data: {} }, ['data']],
    [{ metadata: { resourceVersion: '1', managedFields: [], generation: 1 } }, { metadata: { resourceVersion: '2', generation: 2 } }, []],
  ];
  for (const [before, after, paths] of cases)
    assert.deepEqual(
      fieldChanges(before, after).map(({ path }) => path),
      paths,
    );
});

const placed = (resource: string, name: string, more: object = {}) => ({
  resource,
  object: { metadata: { name, namespace: 'a' }, ...more },
});

test('objects are added, removed and changed', () => {
  const before = [placed('pods', 'gone'), placed('pods', 'same'), placed('configmaps', 'c', { data: { k: '1' } })];
  const after = [placed('pods', 'same'), placed('pods', 'new'), placed('configmaps', 'c', { data: { k: '2' } })];
  assert.equal(changeLines(objectChanges(before, after)), '~ configmaps a/c\n    data.k: "1" → "2"\n- pods a/gone\n+ pods a/new\n');
});

test('values of Secrets are not printed, and no value moves the cursor', () => {
  const secret = (value: string) => [placed('secrets', 's', { data: { k: value } })];
  assert.match(
    changeLines(objectChanges(secret('czE='), secret('czI='))),
    /^~ secrets a\/s\n {4}data\.k: \(a secret value that differs\)\n$/,
  );
  const map = (value: string) => [placed('configmaps', 'c', { data: { k: value } })];
  const text = changeLines(objectChanges(map('a'), map('\u001b[2J\u009b1m\nx')));
  assert.equal(text.split('\n').length, 3);
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u001b\u007f-\u009f]/);
});
