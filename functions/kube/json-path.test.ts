import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonPath, valuesAt } from './json-path.ts';
import type { Json } from './object.ts';

const object = {
  spec: { replicas: 3, names: ['a', 'b', 'c'], 'dotted.key': 'd' },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

const cases: readonly (readonly [string, Json[] | undefined])[] = [
  ['.spec.replicas', [3]],
  ['$.spec.replicas', [3]],
  ['.spec.names[0]', ['a']],
  ['.spec.names[-1]', ['c']],
  ['.spec.names[1:]', ['b', 'c']],
  ['.spec.names[*]', ['a', 'b', 'c']],
  [".spec['dotted.key']", ['d']],
  ['.spec.dotted\\.key', ['d']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type!='Ready')].status", ['False']],
  ['.spec.nothing', []],
  ['.spec.constructor', []],
  ['.spec.names[9]', []],
  ['spec', undefined],
  ['.spec[', undefined],
  ['.spec..x', undefined],
  ['.spec[?(@.a', undefined],
];

for (const [path, expected] of cases) {
  test(`the path ${path} ${expected === undefined ? 'is refused' : `leads to ${JSON.stringify(expected)}`}`, () => {
    const parsed = parseJsonPath(path);
    assert.deepEqual(parsed === undefined ? undefined : valuesAt(object, parsed), expected);
  });
}
