import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedTree } from './sorted-tree.ts';

const key = fc.integer({ min: 0, max: 300 }).map((number) => `key-${number}`);
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ put: fc.constant(true), key, value: fc.nat() }) },
  fc.record({ put: fc.constant(false), key, value: fc.nat() }),
);

const sorted = (model: ReadonlyMap<string, number>): [string, number][] => [...model].toSorted(([a], [b]) => (a < b ? -1 : 1));

test('holds what a sorted map holds, and old trees stay as they were', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), key, key, (steps, from, to) => {
      let tree = new SortedTree<number>();
      const model = new Map<string, number>();
      let half: { readonly tree: SortedTree<number>; readonly values: readonly number[] } | undefined;
      steps.forEach((one, index) => {
        tree = one.put ? tree.with(one.key, one.value) : tree.without(one.key);
        if (one.put) model.set(one.key, one.value);
        else model.delete(one.key);
        if (index === steps.length >>> 1) half = { tree, values: sorted(model).map(([, value]) => value) };
      });
      assert.equal(tree.size, model.size);
      assert.deepEqual(
        tree.values(),
        sorted(model).map(([, value]) => value),
      );
      const between = sorted(model).filter(([name]) => name >= from && name < to);
      assert.deepEqual(
        tree.range(from, to),
        between.map(([, value]) => value),
      );
      for (const [name, value] of model) assert.equal(tree.get(name), value);
      assert.equal(tree.get('absent'), undefined);
      if (half !== undefined) assert.deepEqual(half.tree.range(), half.values);
    }),
    { numRuns: 150 },
  );
});

test('becomes empty again', () => {
  const names = Array.from({ length: 5000 }, (_, index) => `name-${index}`);
  let tree = new SortedTree<string>();
  for (const name of names) tree = tree.with(name, name);
  assert.equal(tree.size, 5000);
  for (const name of names) tree = tree.without(name);
  assert.deepEqual([tree.size, tree.values()], [0, []]);
});

test('differs from an older or newer tree where their values differ, and nowhere else', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), fc.nat(), (steps, at) => {
      let tree = new SortedTree<number>();
      let [other, otherModel] = [tree, new Map<string, number>()];
      const model = new Map<string, number>();
      for (const [index, one] of steps.entries()) {
        if (index === at % steps.length) [other, otherModel] = [tree, new Map(model)];
        tree = one.put ? tree.with(one.key, one.value) : tree.without(one.key);
        if (one.put) model.set(one.key, one.value);
        else model.delete(one.key);
      }
      const expected = [...new Set([...model.keys(), ...otherModel.keys()])]
        .toSorted((a, b) => (a < b ? -1 : 1))
        .map((name) => ({ key: name, before: otherModel.get(name), after: model.get(name) }))
        .filter(({ before, after }) => before !== after);
      assert.deepEqual(tree.since(other), expected);
      const backwards = expected.map(({ before, after, ...rest }) => ({ ...rest, before: after, after: before }));
      assert.deepEqual(other.since(tree), backwards);
    }),
  );
});
