import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  difference,
  fieldSet,
  forEachPath,
  intersection,
  isEmpty,
  matching,
  noFields,
  recursiveDifference,
  sorted,
  union,
} from './field-set.ts';
import { pathText } from './path-element.ts';

const set = (...paths: string[]) => fieldSet(paths.map((path) => path.split(' ')));

function pathsOf(fields: ReturnType<typeof set>): string[] {
  const paths: string[] = [];
  forEachPath(fields, (path) => void paths.push(path.join(' ')));
  return paths;
}

test('a member with members below it has a point', () => {
  assert.deepEqual(set('f:a', 'f:a f:b', 'f:c'), { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': {} });
});

test('a path through a field makes no member of the field', () => {
  assert.deepEqual(set('f:a f:b'), { 'f:a': { 'f:b': {} } });
});

const operations = [
  ['union', union, ['f:a', 'f:b f:c'], ['f:b', 'f:b f:d'], ['f:a', 'f:b', 'f:b f:c', 'f:b f:d']],
  ['intersection', intersection, ['f:a', 'f:b', 'f:b f:c'], ['f:b f:c', 'f:a f:d'], ['f:b f:c']],
  ['difference', difference, ['f:a', 'f:a f:b', 'f:c'], ['f:a'], ['f:a f:b', 'f:c']],
  ['recursive difference', recursiveDifference, ['f:a', 'f:a f:b', 'f:c'], ['f:a'], ['f:c']],
  ['match of any element', matching, ['f:a k:{"n":1} f:b', 'f:a k:{"n":2} f:c', 'f:d'], ['f:a * f:b'], ['f:a k:{"n":1} f:b']],
] as const;

for (const [name, operation, a, b, expected] of operations) {
  test(`the ${name} of two sets has the paths of a set of paths`, () => {
    const [left, right] = [set(...a), set(...b)];
    assert.deepEqual(pathsOf(operation(left, right)).toSorted(), [...expected].toSorted());
    assert.deepEqual([left, right], [set(...a), set(...b)]);
  });
}

test('what is left of a set without all its members is empty', () => {
  assert.ok(isEmpty(difference(set('f:a f:b'), set('f:a f:b'))));
  assert.deepEqual(difference(set('f:a f:b'), set('f:a f:b')), noFields);
});

test('elements are written in the order of upstream: fields, keys, values, indices', () => {
  const elements = ['v:"b"', 'i:2', 'f:z', 'k:{"name":"b"}', 'v:10', 'v:9', 'k:{"name":"a"}', 'f:A', 'i:10'];
  const order = Object.keys(sorted(fieldSet(elements.map((element) => [element]))));
  assert.deepEqual(order, ['f:A', 'f:z', 'k:{"name":"a"}', 'k:{"name":"b"}', 'v:9', 'v:10', 'v:"b"', 'i:2', 'i:10']);
});

test('a path is shown with its keys and values', () => {
  assert.equal(pathText(['f:spec', 'f:ports', 'k:{"port":80,"protocol":"TCP"}', 'f:name']), '.spec.ports[port=80,protocol="TCP"].name');
  assert.equal(pathText(['f:metadata', 'f:finalizers', 'v:"a"']), '.metadata.finalizers[="a"]');
  assert.equal(pathText(['f:ports', 'k:{"port":{"a":["b"]}}']), '.ports[port=a=["b"]]');
});
