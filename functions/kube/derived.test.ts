import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Snapshot } from '../store/snapshot.ts';
import { derived, indexed } from './derived.ts';
import type { Key } from './view.ts';

const podNamed = (name: string): Key => ({ resource: 'pods', namespace: 'default', name });
const nodeNamed = (name: string): Key => ({ resource: 'nodes', namespace: '', name });
const put = (snapshot: Snapshot, key: Key): Snapshot =>
  snapshot.next(key, { key, revision: snapshot.revision + 1, object: { metadata: { name: key.name } } });

test('what is derived is computed again only when an object of its resources has changed', () => {
  let computed = 0;
  const names = derived(['pods'], (view) => {
    computed += 1;
    return view.list('pods').map(({ key }) => key.name);
  });
  const one = put(new Snapshot(0, new Map()), podNamed('a'));
  assert.deepEqual([names(one), names(put(one, nodeNamed('n'))), computed], [['a'], ['a'], 1]);
  assert.deepEqual([names(put(one, podNamed('b'))), computed], [['a', 'b'], 2]);
});

test('an index takes in what differs from the view before, also from a newer one', () => {
  const taken: string[] = [];
  const names = indexed('pods', new Set<string>(), (index, { before, after }) => {
    taken.push(`${before?.key.name ?? ''}>${after?.key.name ?? ''}`);
    if (before !== undefined) index.delete(before.key.name);
    if (after !== undefined) index.add(after.key.name);
  });
  const one = put(new Snapshot(0, new Map()), podNamed('a'));
  const two = put(put(one, podNamed('b')), nodeNamed('n'));
  const three = two.next(podNamed('a'), undefined);
  assert.deepEqual([...names(one)], ['a']);
  assert.deepEqual([...names(two)], ['a', 'b']);
  assert.deepEqual([...names(two)], ['a', 'b']);
  assert.deepEqual([...names(three)], ['b']);
  assert.deepEqual([...names(one)], ['a']);
  assert.deepEqual(taken, ['>a', '>b', 'a>', '>a', 'b>']);
});
